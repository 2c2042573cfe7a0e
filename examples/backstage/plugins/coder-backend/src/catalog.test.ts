import type { Entity } from '@backstage/catalog-model';
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
  return { warn, processor: new CoderProcessor({ lint: () => remarks, logger: { warn }, strict }) };
}

describe('the processor of the catalog', () => {
  it('warns about a mistake once, and keeps the entity', async () => {
    const { warn, processor: it } = processor(false);
    expect(await it.preProcessEntity(entity)).toBe(entity);
    await it.preProcessEntity(entity);
    expect(warn.mock.calls).toEqual([[`component:default/payments: ${TEXT}`]]);
  });

  it('makes a mistake an error of the entity when it is strict', async () => {
    await expect(processor(true).processor.preProcessEntity(entity)).rejects.toThrow(TEXT);
  });

  it('leaves out an entity without spec.coder', async () => {
    const { warn, processor: it } = processor(true);
    await it.preProcessEntity({ ...entity, spec: {} });
    expect(warn).not.toHaveBeenCalled();
  });
});
