import type { Commit, Row, RowStore } from './stores.js';

/** What the store needs of a database. Those of `better-sqlite3` 12 and of `node:sqlite` have it. */
export interface SqliteDatabase {
  /** Whether a transaction is open. */
  readonly inTransaction?: boolean;
  /** Runs statements that have no parameters. */
  exec(sql: string): unknown;
  /** Prepares a statement. */
  prepare(sql: string): {
    /** Returns the first row. */
    get(...parameters: unknown[]): unknown;
    /** Returns all rows. */
    all(...parameters: unknown[]): unknown[];
    /** Runs a statement that has no rows. */
    run(...parameters: unknown[]): unknown;
  };
}

/**
 * A store in a SQLite file, for the processes of one machine. It makes the table `coder_rows`.
 *
 * ```js
 * import Database from 'better-sqlite3';
 * const login = new SqliteStore(new Database('/var/lib/portal/login.sqlite'));
 * ```
 *
 * Secrets in it are sealed with the keys of `coder.session.keys`. Whoever may write to the file can sign in
 * as anybody, so only the server's user should have access to it.
 */
export class SqliteStore implements RowStore {
  /** @throws {CoderError} `invalidArgument` for what is no database; else what SQLite throws */
  constructor(database: SqliteDatabase);
  read(keys: string[]): (string | null)[];
  list(range: { start: string; end: string; limit: number }): Row[];
  commit(commit: Commit): boolean;
}
