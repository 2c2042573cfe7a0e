import type { Entity } from '@backstage/catalog-model';

/**
 * The configuration for all entities, as the original plugin takes it: what `CoderProvider` gets as
 * `appConfig` wins over app-config.
 * @public
 */
export type CoderAppConfig = Readonly<{
  deployment: Readonly<{ accessUrl: string }>;
  workspaces: Readonly<{
    defaultMode?: 'manual' | 'auto';
    defaultTemplateName?: string;
    params?: Readonly<Record<string, string | undefined>>;
    repoUrlParamKeys?: readonly string[];
  }>;
}>;

/** What `appConfig` makes of an entity. */
export interface CompiledConfig {
  creationUrl: string | undefined;
  templateName: string | undefined;
  /** Parameters apart from those that hold the repository, which the portal knows. */
  params: Readonly<Record<string, string>>;
  notices: readonly string[];
}

/**
 * Compiles the configuration of an entity, or of none, with the rules of `@coder-backstage/core`. Its
 * WebAssembly is loaded by the first call, so pages without an `appConfig` never load it.
 *
 * @param repositoryUrl - the repository of the entity, as the portal has found it
 */
export async function compileAppConfig(
  appConfig: CoderAppConfig,
  entity: Entity | undefined,
  repositoryUrl: string | undefined,
): Promise<CompiledConfig> {
  const core = await import('@coder-backstage/core');
  await core.init();
  const spec = entity?.spec?.coder;
  const compiled = core.compileCoderConfig(appConfig, spec, repositoryUrl);
  const { creationUrl, templateName, repoUrlParamKeys, notices } = compiled;
  const ofPortal = new Set(repoUrlParamKeys);
  const params = Object.entries(compiled.params).filter(([name]) => !ofPortal.has(name));
  return {
    creationUrl,
    templateName,
    params: Object.fromEntries(params),
    notices: notices.map(({ path, message }) => `${path}: ${message}`),
  };
}
