// The types of the edge handler: what they take, and what they refuse.
import { MemoryStore, createHandler } from '@coder-backstage/core/edge';
import type { Commit, Handler, Row, RowStore } from '@coder-backstage/core/edge';
import { SqliteStore } from '@coder-backstage/core/sqlite';
import type { SqliteDatabase } from '@coder-backstage/core/sqlite';

class OwnStore implements RowStore {
  async read(keys: string[]): Promise<(string | null)[]> {
    return keys.map(() => null);
  }
  async list(): Promise<Row[]> {
    return [];
  }
  async commit({ checks, writes }: Commit): Promise<boolean> {
    return checks.length === writes.length;
  }
}

declare const database: SqliteDatabase;

// The types of `better-sqlite3`, as `@types/better-sqlite3` 7.6.13 has them, and those of `node:sqlite`.
interface BetterStatement<Parameters extends unknown[], Result = unknown> {
  run(...parameters: Parameters): { changes: number; lastInsertRowid: number | bigint };
  get(...parameters: Parameters): Result | undefined;
  all(...parameters: Parameters): Result[];
}
interface BetterDatabase {
  inTransaction: boolean;
  prepare<Parameters extends unknown[] | {} = unknown[], Result = unknown>(
    source: string,
  ): Parameters extends unknown[]
    ? BetterStatement<Parameters, Result>
    : BetterStatement<[Parameters], Result>;
  exec(source: string): this;
}
type SqliteValue = null | number | bigint | string | Uint8Array;
interface NodeStatement {
  run(...parameters: SqliteValue[]): { changes: number | bigint };
  run(named: Record<string, SqliteValue>, ...parameters: SqliteValue[]): { changes: number | bigint };
  get(...parameters: SqliteValue[]): Record<string, SqliteValue> | undefined;
  get(named: Record<string, SqliteValue>, ...parameters: SqliteValue[]): Record<string, SqliteValue> | undefined;
  all(...parameters: SqliteValue[]): Record<string, SqliteValue>[];
  all(named: Record<string, SqliteValue>, ...parameters: SqliteValue[]): Record<string, SqliteValue>[];
}
interface NodeDatabase {
  readonly isTransaction: boolean;
  prepare(sql: string): NodeStatement;
  exec(sql: string): void;
}
declare const better: BetterDatabase;
declare const ofNode: NodeDatabase;
new SqliteStore(better);
new SqliteStore(ofNode);
// @ts-expect-error a database prepares statements
new SqliteStore({ exec() {} });

const entity = { apiVersion: 'backstage.io/v1alpha1', kind: 'User', metadata: { name: 'alice' } };
const handler: Handler = createHandler({ app: {} }, { login: new OwnStore() });
createHandler([{ name: 'app-config.yaml', text: '' }], {
  login: new SqliteStore(database),
  catalog: async () => [entity],
});
createHandler({}, { login: new MemoryStore(), catalog: [entity] }, { log: level => level.length });

// @ts-expect-error a portal has a store
createHandler({}, {});
// @ts-expect-error a store has `commit`
createHandler({}, { login: { read: () => [], list: () => [] } });
// @ts-expect-error a text has a name
createHandler([{ text: '' }], { login: new MemoryStore() });

export const answer: Promise<Response> = handler(new Request('https://portal.example.com/'), {
  waitUntil(promise) {
    void promise;
  },
});
export const swept: Promise<void> = handler.sweep();
