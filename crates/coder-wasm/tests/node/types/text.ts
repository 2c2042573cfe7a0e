// What TypeScript says about uses of the module `text`.
import { compileCoderConfig, CoderDefaults, type CoderAppConfig } from '@coder-backstage/core';
import {
  init,
  lintAppConfig,
  lintCatalogInfo,
  loadAppConfig,
  parseEntityRef,
  readCatalogInfo,
  stringifyEntityRef,
} from '@coder-backstage/core/text';

/** Whether two types are the same one; `any` is no other type. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

await init(new URL('https://example.com/text.wasm'));

const [remark] = lintCatalogInfo('kind: Component', { file: 'catalog-info.yaml' });
if (remark !== undefined) {
  same<typeof remark.severity, 'error' | 'warning'>(true);
  same<typeof remark.line, number | undefined>(true);
  // @ts-expect-error there is no such code
  if (remark.code === 'typo') throw remark.message;
}

// What a file says goes into the other module as it is.
const app: CoderAppConfig = { deployment: { accessUrl: 'https://x.example' }, workspaces: {} };
for (const { entity, coder, places } of readCatalogInfo('')) {
  new CoderDefaults(app).compileEntity(entity);
  compileCoderConfig(app, coder, undefined);
  same<ReturnType<typeof places.get>, import('@coder-backstage/core/text').Place | undefined>(true);
}

const environment: { [name: string]: string | undefined } = {};
lintAppConfig({ files: { 'app-config.yaml': '' }, environment, config: ['app-config.yaml'] });
// @ts-expect-error files are texts by their paths
lintAppConfig({ files: ['app-config.yaml'] });
const { config } = loadAppConfig({ files: {} });
// @ts-expect-error nothing is there when the loading was stopped
config.app;
same<
  NonNullable<typeof config>[string],
  import('@coder-backstage/core/text').JsonValue
>(true);

same<ReturnType<typeof parseEntityRef>['namespace'], string>(true);
stringifyEntityRef({ kind: 'Component', name: 'pay', namespace: undefined });
// @ts-expect-error a reference has a name
stringifyEntityRef({ kind: 'Component' });
