import { useOptionalEntity, useWorkspaces, type CoderWorkspacesConfig } from './useWorkspaces';

/**
 * Returns the configuration of the workspaces of the entity's page, or the defaults of the app. Call it
 * below a `CoderProvider`.
 * @public
 */
export function useCoderWorkspacesConfig(
  options: { readEntityData?: boolean } = {},
): CoderWorkspacesConfig {
  const entity = useOptionalEntity(options.readEntityData ?? false);
  return useWorkspaces('', entity).config;
}
