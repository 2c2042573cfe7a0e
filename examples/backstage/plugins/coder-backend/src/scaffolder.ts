import { createHash } from 'node:crypto';
import { NotAllowedError } from '@backstage/errors';
import { coreServices, createBackendModule } from '@backstage/backend-plugin-api';
import {
  createTemplateAction,
  scaffolderActionsExtensionPoint,
} from '@backstage/plugin-scaffolder-node';
import { check, create } from './create';
import { Portal } from './portal';

/**
 * Makes the action `coder:workspace:create`.
 * @public
 */
export function createWorkspaceAction(portal: Portal) {
  return createTemplateAction({
    id: 'coder:workspace:create',
    description: 'Creates a Coder workspace for an entity, in the name of the person',
    supportsDryRun: true,
    examples: [
      {
        description: 'A workspace for the component that was registered before',
        example: `steps:
  - id: workspace
    action: coder:workspace:create
    input:
      entityRef: \${{ steps.register.output.entityRef }}
      name: \${{ parameters.name }}
      coder: \${{ parameters.coder }}
`,
      },
    ],
    schema: {
      input: {
        entityRef: z =>
          z.string().describe('Reference of the entity, as component:default/payments'),
        name: z => z.string().describe('Name: 1 to 32 letters, digits and hyphens'),
        coder: z =>
          z
            .object({
              template: z.string().optional(),
              preset: z.string().optional(),
              parameters: z.record(z.string()).optional(),
            })
            .optional()
            .describe('The value of the field CoderTemplate'),
      },
      output: {
        workspaceId: z => z.string().optional(),
        workspaceName: z => z.string(),
        workspaceUrl: z => z.string().optional().describe('Coder’s page about the workspace'),
        buildUrl: z => z.string().optional().describe('Coder’s page about its build'),
      },
    },
    async handler(context) {
      const { entityRef, name, coder } = context.input;
      const token = context.secrets?.backstageToken;
      if (!token) throw new NotAllowedError('a workspace is made in the name of a person only');
      const wanted = { entityRef, name, ...coder };
      if (context.isDryRun) {
        await check(portal, token, wanted, context.signal);
        context.logger.info(`would create the workspace ${name} for ${entityRef}`);
        context.output('workspaceName', name);
        return;
      }
      // A task that is resumed sends the same key, and gets the same answer.
      const key = createHash('sha256')
        .update(`${context.task.id}\n${entityRef}\n${name}`)
        .digest('hex');
      const created = await create(portal, token, wanted, key, context.signal);
      context.logger.info(`the workspace ${created.workspaceName} is on its way`);
      context.output('workspaceId', created.workspaceId);
      context.output('workspaceName', created.workspaceName);
      context.output('workspaceUrl', created.workspaceUrl);
      context.output('buildUrl', created.buildUrl);
    },
  });
}

/**
 * Gives the scaffolder the action `coder:workspace:create`.
 * @public
 */
export const scaffolderModule = createBackendModule({
  pluginId: 'scaffolder',
  moduleId: 'coder',
  register({ registerInit }) {
    registerInit({
      deps: {
        actions: scaffolderActionsExtensionPoint,
        discovery: coreServices.discovery,
      },
      async init({ actions, discovery }) {
        actions.addActions(createWorkspaceAction(new Portal({ discovery })));
      },
    });
  },
});
