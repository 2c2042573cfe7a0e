import { createFormField } from '@backstage/plugin-scaffolder-react/alpha';
import { CoderTemplateField } from './CoderTemplateField';
import { coderTemplateSchema } from './schema';

/** The field of the scaffolder, for the New Frontend System. */
export const coderTemplateField = createFormField({
  name: 'CoderTemplate',
  component: CoderTemplateField,
  schema: coderTemplateSchema,
});
