import { randomUUID } from 'node:crypto';
import { coreServices, createBackendPlugin } from '@backstage/backend-plugin-api';
import { actionsRegistryServiceRef } from '@backstage/backend-plugin-api/alpha';
import { create } from './create';
import { Portal } from './portal';

/**
 * Registers the creation of workspaces as an action of the Actions registry, for what asks there.
 *
 * Its id is not `coder`, since that path leads to the portal server.
 * @public
 */
export const coderActionsPlugin = createBackendPlugin({
  pluginId: 'coder-actions',
  register({ registerInit }) {
    registerInit({
      deps: {
        actions: actionsRegistryServiceRef,
        auth: coreServices.auth,
        discovery: coreServices.discovery,
      },
      async init({ actions, auth, discovery }) {
        const portal = new Portal({ auth, discovery });
        actions.register({
          name: 'create-workspace',
          title: 'Create a Coder workspace',
          description: 'Creates a Coder workspace for an entity, in the name of the person',
          attributes: { destructive: false, idempotent: true, readOnly: false },
          schema: {
            input: z =>
              z.object({
                entityRef: z.string().describe('Reference, as component:default/payments'),
                name: z.string().describe('Name: 1 to 32 letters, digits and hyphens'),
                preset: z.string().optional(),
                parameters: z.record(z.string()).optional(),
              }),
            output: z =>
              z.object({
                workspaceId: z.string(),
                workspaceName: z.string(),
                workspaceUrl: z.string(),
                buildUrl: z.string(),
              }),
          },
          async action({ input, credentials }) {
            return { output: await create(portal, credentials, input, randomUUID()) };
          },
        });
      },
    });
  },
});
