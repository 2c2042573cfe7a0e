import type { Entity } from '@backstage/catalog-model';
import type { CatalogProcessorCache } from '@backstage/plugin-catalog-node';
import type { JsonValue } from '@backstage/types';
import { CoderProcessor, type Remark } from './catalog';

const entity: Entity = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: { name: 'payments' },
  spec: { coder: { mode: 'banana' } },
};
const REMARKS: Remark[] = [
  {
    message: '`spec.coder.mode` is `banana` and is ignored',
    help: 'it must be `manual` or `auto`',
    path: 'spec.coder.mode',
  },
  { message: 'not about Coder', path: 'spec.lifecycle' },
];
const TEXT = '`spec.coder.mode` is `banana` and is ignored; it must be `manual` or `auto`';

function processor(strict: boolean, remarks = REMARKS) {
  const warn = jest.fn();
  const checked = new CoderProcessor({ lint: () => remarks, logger: { warn }, strict });
  const kept = new Map<string, JsonValue>();
  const cache: CatalogProcessorCache = {
    get: async <T extends JsonValue>(key: string) => kept.get(key) as T | undefined,
    set: async (key, value) => void kept.set(key, value),
  };
  const location = { type: 'file', target: 'catalog-info.yaml' };
  const process = (it: Entity) =>
    checked.preProcessEntity(it, location, jest.fn(), location, cache);
  return { warn, process };
}

describe('the processor of the catalog', () => {
  it('warns about a mistake once, and keeps the entity', async () => {
    const { warn, process } = processor(false);
    expect(await process(entity)).toBe(entity);
    await process(entity);
    expect(warn.mock.calls).toEqual([[`component:default/payments: ${TEXT}`]]);
  });

  it('makes a mistake an error of the entity when it is strict', async () => {
    await expect(processor(true).process(entity)).rejects.toThrow(TEXT);
  });

  it('tells why the whole entity cannot be read', async () => {
    const tooLarge = { message: 'the file has too many bytes', help: 'at most 9 are accepted' };
    const { warn, process } = processor(false, [tooLarge]);
    await process(entity);
    const text = 'the file has too many bytes; at most 9 are accepted';
    expect(warn.mock.calls).toEqual([[`component:default/payments: ${text}`]]);
    await expect(processor(true, [tooLarge]).process(entity)).rejects.toThrow(text);
  });

  it('tells twenty mistakes, and how many more there are', async () => {
    const mistakes = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        message: `mistake ${index + 1}`,
        path: `spec.coder.key${index}`,
      }));
    const { warn, process } = processor(false, mistakes(3000));
    await process(entity);
    expect(warn.mock.calls[0][0]).toMatch(/mistake 1\. .*\. mistake 20\. and 2980 more$/);
    const all = processor(false, mistakes(20));
    await all.process(entity);
    expect(all.warn.mock.calls[0][0]).toMatch(/mistake 20$/);
  });

  it('leaves out an entity without spec.coder', async () => {
    const { warn, process } = processor(true);
    await process({ ...entity, spec: {} });
    expect(warn).not.toHaveBeenCalled();
  });
});
