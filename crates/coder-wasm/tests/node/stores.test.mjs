// Each store of the package keeps the rules of a login: the suite of the Rust crates, one test a rule.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { MemoryStore } from '@coder-backstage/core/edge';
import { SqliteStore } from '@coder-backstage/core/sqlite';

import { Database } from './sqlite.mjs';

const BOUND = join(process.env.CODER_NPM, 'bound');
const suite = await import(pathToFileURL(join(BOUND, 'conformance.js')).href);
suite.initSync({ module: readFileSync(join(BOUND, 'conformance_bg.wasm')) });
const RULES = Object.keys(suite).filter(name => name.includes('_'));

/** How each store is made: a function that opens handles on one. */
const STORES = {
  memory() {
    const store = new MemoryStore();
    return { open: () => store };
  },
  sqlite() {
    const directory = mkdtempSync(join(tmpdir(), 'coder-rows-'));
    const databases = [];
    const open = () => {
      databases.push(new Database(join(directory, 'login.sqlite')));
      return new SqliteStore(databases.at(-1));
    };
    const end = () => {
      databases.forEach(database => database.close());
      rmSync(directory, { recursive: true });
    };
    return { open, end };
  },
  /** Each call is answered later, as a database over a network does it. */
  'memory behind promises'() {
    const store = new MemoryStore();
    const later = name => async argument => {
      await new Promise(setImmediate);
      return store[name](argument);
    };
    const slow = { read: later('read'), list: later('list'), commit: later('commit') };
    return { open: () => slow };
  },
};

test('the suite is whole', () => {
  assert.ok(RULES.length >= 57, RULES.join('\n'));
});

for (const [name, make] of Object.entries(STORES)) {
  for (const rule of RULES) {
    test(`${name}: ${rule}`, async context => {
      const { open, end } = make();
      context.after(() => end?.());
      suite.openWith(open);
      await suite[rule]();
    });
  }
}
