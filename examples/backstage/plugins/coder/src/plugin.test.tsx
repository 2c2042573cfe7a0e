// The documentation is read from its file.
// eslint-disable-next-line no-restricted-imports
import { readFileSync } from 'fs';
// eslint-disable-next-line no-restricted-imports
import { resolve } from 'path';
import plugin, * as exported from './index';

const docs = readFileSync(resolve(__dirname, '../../../../../docs/front-end.md'), 'utf8');

describe('the plugin of the New Frontend System', () => {
  it('has the extensions that docs/front-end.md lists', () => {
    const { extensions } = plugin as unknown as { extensions: { id: string }[] };
    const table = docs.slice(docs.indexOf('| extension |'), docs.indexOf('### The legacy system'));
    const documented = [...table.matchAll(/`([a-z-]+:coder[a-z/-]*)`/g)].map(([, id]) => id);
    expect(extensions.map(({ id }) => id).sort()).toEqual(documented.sort());
  });
});

describe('the package', () => {
  it('exports every component and hook that docs/front-end.md names for those who migrate', () => {
    const table = docs.slice(docs.indexOf('## Coming from'), docs.indexOf('## One origin'));
    const names = [...table.matchAll(/`((?:Coder|use|CODER_|coder)[A-Za-z_]*)`/g)].map(
      ([, it]) => it,
    );
    const types = ['CoderApi', 'CoderWorkspace', 'coderApi'];
    const missing = names.filter(name => !(name in exported) && !types.includes(name));
    expect(missing).toEqual([]);
  });
});
