// SQLite for Node.js, which may have had to be compiled, so it is kept apart from what is installed anew.
import { existsSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

const HERE = 'node_modules/better-sqlite3';
if (!existsSync(HERE)) {
  symlinkSync(resolve(join(process.env.CODER_SQLITE, HERE)), HERE, 'junction');
}

export const { default: Database } = await import('better-sqlite3');
