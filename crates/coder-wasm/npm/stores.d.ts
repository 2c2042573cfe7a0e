/** A value, or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>;

/** A row of a {@link RowStore}. */
export interface Row {
  /** ASCII, at most 100 characters. */
  key: string;
  /** JSON, mostly below 4 kB. Secrets in it are sealed. */
  value: string;
}

/** The value that a row has or gets; `null` stands for no row. */
export interface RowValue {
  key: string;
  value: string | null;
}

/** A change of several rows at once. */
export interface Commit {
  /** Values that the rows must still have. */
  checks: RowValue[];
  /** Values that rows get. Each key is there once; `null` deletes its row. */
  writes: RowValue[];
}

/**
 * A place that keeps the logins of a portal: its grants, its sessions, and what belongs to them.
 *
 * It is a table of rows, and it knows no login. Each transition of a login is reads and one
 * {@link RowStore.commit}, so a store is right if `commit` is atomic and if everybody sees a commit that
 * has returned. Deno KV, a Durable Object, Redis, DynamoDB and every SQL database can do that. A store
 * that is consistent only after a while, such as Workers KV, cannot.
 */
export interface RowStore {
  /** Reads the values of these keys, in their order; `null` for a key without a row. */
  read(keys: string[]): Awaitable<(string | null)[]>;

  /** Reads at most `limit` rows with `start <= key < end`, in ascending order of their keys. */
  list(range: { start: string; end: string; limit: number }): Awaitable<Row[]>;

  /**
   * Makes all writes and returns `true` if every check holds; otherwise changes nothing and returns
   * `false`. Both happen in one transaction: nobody sees a part of the writes, and nothing comes between
   * the checks and the writes.
   */
  commit(commit: Commit): Awaitable<boolean>;
}

/**
 * A store in memory, for one process. A restart signs everybody out. It is also the shortest example of a
 * {@link RowStore}.
 */
export class MemoryStore implements RowStore {
  read(keys: string[]): (string | null)[];
  list(range: { start: string; end: string; limit: number }): Row[];
  commit(commit: Commit): boolean;
}
