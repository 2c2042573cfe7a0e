import { indexOf, indexed } from '../__testUtils__/fixtures';
import { EVERYONE, ago, everyoneView, optionsOf, showsOthers } from './everyone';

describe('everyoneView', () => {
  const second = everyoneView(EVERYONE, { kind: 'turned', offset: 25 });

  it('begins at the first page when another filter or order is chosen', () => {
    expect(everyoneView(second, { kind: 'filtered', filter: 'owner', value: 'bob' })).toEqual({
      ...{ owner: 'bob', sort: 'owner', order: 'asc', offset: 0 },
    });
    expect(everyoneView(second, { kind: 'sorted', sort: 'name' })).toEqual({
      ...{ sort: 'name', order: 'asc', offset: 0 },
    });
  });

  it('stays when a filter gets the value that it has', () => {
    expect(everyoneView(second, { kind: 'filtered', filter: 'q', value: '' })).toBe(second);
  });

  it('turns the order around when the same column is chosen again', () => {
    const once = everyoneView(EVERYONE, { kind: 'sorted', sort: 'owner' });
    expect(once.order).toBe('desc');
    expect(everyoneView(once, { kind: 'sorted', sort: 'owner' }).order).toBe('asc');
  });

  it('keeps the order when all filters are cleared', () => {
    const filtered = everyoneView(
      { ...EVERYONE, order: 'desc' },
      { kind: 'filtered', filter: 'status', value: 'failed' },
    );
    expect(everyoneView(filtered, { kind: 'cleared' })).toEqual({ ...EVERYONE, order: 'desc' });
  });

  it('has no page before the first one', () => {
    expect(everyoneView(EVERYONE, { kind: 'turned', offset: -25 }).offset).toBe(0);
  });
});

describe('showsOthers', () => {
  const bobs = indexed({ name: 'shop', owner: 'bob', mine: false });

  it.each([
    ['own', [bobs], false],
    ['everyone', [], true],
    ['coder', [indexed()], false],
    ['coder', [indexed(), bobs], true],
    ['caller', [indexed()], false],
    ['caller', [bobs], true],
  ] as const)('of the scope %s with %j is %s', (scope, workspaces, shown) => {
    expect(showsOthers(indexOf({ scope }, ...workspaces), 'alice')).toBe(shown);
  });
});

describe('optionsOf', () => {
  it('keeps the chosen value when no workspace has it', () => {
    const facet = [{ value: 'alice', count: 2 }];
    expect(optionsOf('Any owner', facet, 'bob')).toEqual([
      ['', 'Any owner'],
      ['alice', 'alice (2)'],
      ['bob', 'bob'],
    ]);
  });
});

describe('ago', () => {
  it.each([
    [30, 'less than a minute ago'],
    [60, '1 minute ago'],
    [7_300, '2 hours ago'],
    [200_000, '2 days ago'],
    [-5, 'less than a minute ago'],
  ])('of %i seconds is %s', (seconds, words) => {
    expect(ago(new Date(1_000_000_000 - seconds * 1000).toISOString(), 1_000_000_000)).toBe(words);
  });
});
