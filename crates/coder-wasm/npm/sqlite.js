import { withMethods } from './arguments.js';

const DATABASES = 'give a `Database` of `better-sqlite3`, or a `DatabaseSync` of `node:sqlite`';

export class SqliteStore {
  #database;
  #get;
  #list;
  #put;
  #delete;

  constructor(database) {
    withMethods('the database', database, ['exec', 'prepare'], DATABASES);
    // Another process that writes is waited for.
    database.exec('PRAGMA busy_timeout = 5000');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec(
      'CREATE TABLE IF NOT EXISTS coder_rows (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
    );
    this.#database = database;
    this.#get = database.prepare('SELECT value FROM coder_rows WHERE key = ?');
    this.#list = database.prepare(
      'SELECT key, value FROM coder_rows WHERE key >= ? AND key < ? ORDER BY key LIMIT ?',
    );
    this.#put = database.prepare('INSERT OR REPLACE INTO coder_rows (key, value) VALUES (?, ?)');
    this.#delete = database.prepare('DELETE FROM coder_rows WHERE key = ?');
  }

  read(keys) {
    return keys.map(key => this.#get.get(key)?.value ?? null);
  }

  list({ start, end, limit }) {
    return this.#list.all(start, end, limit);
  }

  commit({ checks, writes }) {
    // Others wait from here on, so nothing comes between the checks and the writes.
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const holds = ({ key, value }) => (this.#get.get(key)?.value ?? null) === value;
      const isDone = checks.every(holds);
      for (const { key, value } of isDone ? writes : []) {
        if (value === null) this.#delete.run(key);
        else this.#put.run(key, value);
      }
      this.#database.exec('COMMIT');
      return isDone;
    } catch (error) {
      // The two libraries name it differently. SQLite itself has rolled back after some errors.
      const isOpen = this.#database.inTransaction ?? this.#database.isTransaction ?? true;
      if (isOpen) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
