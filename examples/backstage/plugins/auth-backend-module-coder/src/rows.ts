import type { Knex } from 'knex';

/** A row and the value it has, gets or must have; `null` stands for no row. */
interface RowValue {
  key: string;
  value: string | null;
}

const TABLE = 'coder_rows';

/** The databases whose transactions and order of keys the store relies on, as Backstage names them. */
const CLIENTS = ['pg', 'better-sqlite3', 'sqlite3'];

/**
 * Keeps the logins in a database of the backend: a table of rows, with reads and one transaction that
 * checks and writes.
 */
export class KnexRowStore {
  readonly #knex: Knex;

  private constructor(knex: Knex) {
    this.#knex = knex;
  }

  /** Opens the store, and makes its table if it is not there. */
  static async open(knex: Knex): Promise<KnexRowStore> {
    const { client } = knex.client.config;
    if (!CLIENTS.includes(client)) {
      throw new Error(
        `logins are kept in PostgreSQL or SQLite, not in a database of the client ${client}; set backend.database.plugin.coder.client to pg or better-sqlite3`,
      );
    }
    if (!(await knex.schema.hasTable(TABLE))) {
      await knex.schema
        .createTable(TABLE, table => {
          // Keys are compared by their bytes: a database in the language of a country has another order.
          table.specificType('key', isPostgres(knex) ? 'varchar(255) COLLATE "C"' : 'varchar(255)');
          table.primary(['key']);
          table.text('value').notNullable();
        })
        .catch(async error => {
          // Another process may have made it meanwhile.
          if (!(await knex.schema.hasTable(TABLE))) throw error;
        });
    }
    return new KnexRowStore(knex);
  }

  async read(keys: string[]): Promise<(string | null)[]> {
    const rows = await this.#knex(TABLE).whereIn('key', keys).select<RowValue[]>('key', 'value');
    const values = new Map(rows.map(({ key, value }) => [key, value]));
    return keys.map(key => values.get(key) ?? null);
  }

  async list(range: { start: string; end: string; limit: number }) {
    return this.#knex(TABLE)
      .where('key', '>=', range.start)
      .where('key', '<', range.end)
      .orderBy('key')
      .limit(range.limit)
      .select<{ key: string; value: string }[]>('key', 'value');
  }

  async commit(commit: { checks: RowValue[]; writes: RowValue[] }): Promise<boolean> {
    try {
      return await this.#knex.transaction(
        async transaction => {
          for (const { key, value } of commit.checks) {
            const row = await transaction(TABLE).where({ key }).first<RowValue>('value');
            if ((row?.value ?? null) !== value) return false;
          }
          for (const { key, value } of commit.writes) {
            if (value === null) await transaction(TABLE).where({ key }).delete();
            else await transaction(TABLE).insert({ key, value }).onConflict('key').merge();
          }
          return true;
        },
        isPostgres(this.#knex) ? { isolationLevel: 'serializable' } : undefined,
      );
    } catch (error) {
      // Two transactions have met: this one is made anew from what is there then.
      if (isConflict(error)) return false;
      throw error;
    }
  }
}

function isPostgres(knex: Knex): boolean {
  return knex.client.config.client === 'pg';
}

/** Tells whether PostgreSQL has given up a transaction because of another one. */
function isConflict(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return code === '40001' || code === '40P01';
}
