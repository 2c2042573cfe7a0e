import { makeFieldSchema } from '@backstage/plugin-scaffolder-react';

/** The value of the field: what the action `coder:workspace:create` takes. */
export const coderTemplateSchema = makeFieldSchema({
  output: z =>
    z.object({
      template: z.string().describe('The template as organization/template'),
      preset: z.string().optional().describe('The name of a preset of the template'),
      parameters: z.record(z.string()).describe('Values of the template’s parameters'),
    }),
  uiOptions: z =>
    z.object({
      template: z
        .string()
        .optional()
        .describe('A template by its name: the field then asks for presets and parameters only'),
    }),
});

/** The value of the field. */
export type CoderTemplateValue = NonNullable<CoderTemplateFieldProps['formData']>;

/** The properties of the field. */
export type CoderTemplateFieldProps = typeof coderTemplateSchema.TProps;
