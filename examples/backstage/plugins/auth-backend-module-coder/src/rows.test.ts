import createKnex, { type Knex } from 'knex';
import { hasPostgres, startPostgres, type Postgres } from './__testUtils__/postgres';
import { KnexRowStore } from './rows';

const SLOW_MACHINE = 120_000;

/** Opens a database, and tells how to close it. */
type Open = () => Promise<{ knex: Knex; close(): Promise<void> }>;

async function openSqlite() {
  const knex = createKnex({
    client: 'better-sqlite3',
    connection: ':memory:',
    useNullAsDefault: true,
    pool: { min: 1, max: 1 },
  });
  return { knex, close: () => knex.destroy() };
}

async function openPostgres() {
  const postgres: Postgres = await startPostgres();
  const knex = createKnex({ client: 'pg', connection: postgres.connection, pool: { max: 8 } });
  const close = async () => {
    await knex.destroy();
    await postgres.stop();
  };
  return { knex, close };
}

// eslint-disable-next-line no-console
if (!hasPostgres) console.warn('this machine has no PostgreSQL: logins are tested in SQLite only');
const DATABASES: [string, Open][] = [
  ['SQLite', openSqlite],
  ...(hasPostgres ? [['PostgreSQL', openPostgres] satisfies [string, Open]] : []),
];

describe('a database of another kind', () => {
  it.each(['mysql', 'mysql2'])('is refused: %s', async client => {
    const schema = { hasTable: async () => true };
    const knex = { client: { config: { client } }, schema } as unknown as Knex;
    await expect(KnexRowStore.open(knex)).rejects.toThrow(
      `not in a database of the client ${client}`,
    );
  });
});

const put = (key: string, value: string | null) => ({ checks: [], writes: [{ key, value }] });

describe.each(DATABASES)('logins in %s', (_, open) => {
  let opened: Awaited<ReturnType<Open>>;
  let stores: KnexRowStore[];

  beforeAll(async () => {
    opened = await open();
    // Several processes start at the same time: one of them makes the table.
    stores = await Promise.all([1, 2, 3].map(() => KnexRowStore.open(opened.knex)));
  }, SLOW_MACHINE);
  beforeEach(() => opened.knex('coder_rows').delete());
  afterAll(() => opened.close(), SLOW_MACHINE);

  it('are read in the order of the keys that were asked for', async () => {
    const [store] = stores;
    expect(await store.commit(put('a', '1'))).toBe(true);
    expect(await store.commit(put('b', '2'))).toBe(true);
    expect(await store.read(['b', 'none', 'a'])).toEqual(['2', null, '1']);
    expect(await store.commit(put('a', '3'))).toBe(true);
    expect(await store.commit(put('b', null))).toBe(true);
    expect(await store.read(['a', 'b'])).toEqual(['3', null]);
  });

  it('are listed by the bytes of their keys, from the start up to the end', async () => {
    const [store] = stores;
    for (const key of ['g/b', 'g/B', 'g/a', 'g/-a', 'g0', 'f/z']) await store.commit(put(key, key));
    const list = async (limit: number) =>
      (await store.list({ start: 'g/', end: 'g0', limit })).map(({ key }) => key);
    expect(await list(10)).toEqual(['g/-a', 'g/B', 'g/a', 'g/b']);
    expect(await list(2)).toEqual(['g/-a', 'g/B']);
  });

  it.each([
    { key: 'a', value: 'other' },
    { key: 'a', value: null },
    { key: 'b', value: '1' },
  ])('are not changed at all when %j does not hold', async check => {
    const [store] = stores;
    await store.commit(put('a', '1'));
    const writes = ['a', 'b'].map(key => ({ key, value: '2' }));
    const held = { key: 'a', value: '1' };
    expect(await store.commit({ checks: [held, check], writes })).toBe(false);
    expect(await store.read(['a', 'b'])).toEqual(['1', null]);
    expect(await store.commit({ checks: [held], writes })).toBe(true);
    expect(await store.read(['a', 'b'])).toEqual(['2', '2']);
  });

  it(
    'are changed by one of several who start from the same state',
    async () => {
      for (let round = 0; round < 20; round++) {
        const key = `race/${round}`;
        const commits = stores.map((store, index) =>
          store.commit({ checks: [{ key, value: null }], writes: [{ key, value: `${index}` }] }),
        );
        const outcomes = await Promise.all(commits);
        expect(outcomes.filter(Boolean)).toHaveLength(1);
        expect(await stores[0].read([key])).toEqual([String(outcomes.indexOf(true))]);
      }
    },
    SLOW_MACHINE,
  );

  it(
    'are changed by one of two who each check what the other one writes',
    async () => {
      const [one, other] = stores;
      for (let round = 0; round < 20; round++) {
        const [a, b] = [`skew/${round}/a`, `skew/${round}/b`];
        const outcomes = await Promise.all([
          one.commit({ checks: [{ key: a, value: null }], writes: [{ key: b, value: '1' }] }),
          other.commit({ checks: [{ key: b, value: null }], writes: [{ key: a, value: '1' }] }),
        ]);
        expect(outcomes.filter(Boolean)).toHaveLength(1);
      }
    },
    SLOW_MACHINE,
  );
});
