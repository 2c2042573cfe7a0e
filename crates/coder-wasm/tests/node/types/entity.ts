// What TypeScript says about uses of the package: each line compiles, or is expected not to.
import {
  AssetUrls,
  CoderDefaults,
  CoderError,
  type CoderAppConfig,
  type CoderErrorCode,
  type CoderWorkspacesConfig,
  ScmIntegrations,
  type WorkspaceCard,
  availability,
  compileCoderConfig,
  init,
  readWorkspaces,
} from '@coder-backstage/core';

/** Whether two types are the same one; `any` is no other type. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

const app: CoderAppConfig = {
  deployment: { accessUrl: 'https://coder.example.com' },
  workspaces: { defaultMode: 'auto', repoUrlParamKeys: ['repo'], params: { cpu: '4' } },
};

// The types of the plugin that it takes the place of.
const config: CoderWorkspacesConfig = compileCoderConfig(app, { mode: 'auto' }, undefined);
same<typeof config.mode, 'manual' | 'auto'>(true);
same<typeof config.creationUrl, string | undefined>(true);
same<(typeof config.params)[string], string>(true);

// @ts-expect-error the third argument is required, as in the plugin
compileCoderConfig(app, undefined);
// @ts-expect-error there is no such mode
const wrong: CoderAppConfig = { ...app, workspaces: { defaultMode: 'banana' } };
// @ts-expect-error a result is not to be changed
config.mode = 'manual';

const defaults = new CoderDefaults(app, new ScmIntegrations({ gitlab: [{ host: 'x' }] }));
same<ReturnType<typeof defaults.compileEntity>['notices'][number]['path'], string>(true);
same<Parameters<typeof defaults.searchPlan>[1], { readonly owner?: 'me' | 'everyone' } | undefined>(
  true,
);
// @ts-expect-error an entity has a kind
defaults.compileEntity({ apiVersion: 'x', metadata: { name: 'x' } });
// @ts-expect-error there is no such option
defaults.creationLink({ apiVersion: 'x', kind: 'x', metadata: { name: 'x' } }, { nickname: 'x' });

{
  using urls = new AssetUrls('https://coder.example.com');
  same<ReturnType<typeof urls.icon>, string | undefined>(true);
}

const state = availability({}, { now: new Date() }).state;
// @ts-expect-error there is no such state
if (state === 'asleep') throw state;

const [card] = readWorkspaces('').workspaces;
same<typeof card, WorkspaceCard | undefined>(true);

try {
  await init(new URL('https://example.com/entity.wasm'));
} catch (error) {
  if (error instanceof CoderError) {
    same<typeof error.code, CoderErrorCode>(true);
    same<typeof error.problems, readonly import('@coder-backstage/core').Problem[]>(true);
  }
}

export { wrong };
