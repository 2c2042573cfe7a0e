// A Backstage backend with a catalog of its own, and this server beside it.
import { spawn, execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

import { coreServices } from '@backstage/backend-plugin-api';
import catalogPlugin from '@backstage/plugin-catalog-backend';
import knex from 'knex';

import { freePort, service, startBackstage } from './backstage.js';
import { PROGRAM } from './demo.js';

const require = createRequire(import.meta.url);
const BetterSqlite3 = require('knex/lib/dialects/better-sqlite3/index.js');

/** Knex's client for `better-sqlite3` over a build of SQLite that npm has for each machine. */
class Sqlite extends BetterSqlite3 {
  _driver() {
    return require('libsql');
  }
}

/**
 * Starts a Backstage whose catalog reads these entities, and lets programs in by this token. `features`
 * and `config` are added to it.
 */
export async function startCatalog(entities, token, features = [], config = {}) {
  const database = knex({
    client: Sqlite,
    connection: { filename: ':memory:' },
    pool: { min: 1, max: 1, idleTimeoutMillis: Infinity },
    useNullAsDefault: true,
  });
  // The catalog asks the client which database it is.
  database.client.config.client = 'better-sqlite3';
  const databases = service(coreServices.database, { getClient: async () => database });
  const plugins = [catalogPlugin, databases, ...features];
  const backstage = await startBackstage(plugins, async ({ directory }) => {
    const target = join(directory, 'org.yaml');
    await writeFile(target, entities);
    const options = { token, subject: 'coder-backstage' };
    const accessRestrictions = [{ plugin: 'catalog' }];
    return {
      app: { baseUrl: 'http://localhost:3000' },
      ...config,
      backend: { auth: { externalAccess: [{ type: 'static', options, accessRestrictions }] } },
      catalog: {
        rules: [{ allow: ['User', 'Group', 'Component'] }],
        locations: [{ type: 'file', target }],
      },
    };
  });
  const stop = async () => {
    await backstage.stop();
    await database.destroy();
  };
  /** Waits until the catalog has read this entity to the end. */
  const until = async (path, isRead) => {
    const headers = { authorization: `Bearer ${token}` };
    for (;;) {
      const answer = await fetch(`${backstage.url}/api/catalog/entities/by-name/${path}`, {
        headers,
      });
      if (answer.ok && isRead(await answer.json())) return;
      await setTimeout(50);
    }
  };
  return { url: backstage.url, until, stop };
}

const SIGN_IN = 'signIn: { resolvers: [{ resolver: usernameMatchingUserEntityName }] }';

/**
 * Registers a portal at a Coder, by the `token` of an owner, and serves it with this section `coder`,
 * with `more` configuration and with `files` beside it. Browsers find it where it listens, or at the
 * URL `front` of a reverse proxy. With `signIn`, people sign in to Backstage there. Ask for its `portal` and its `address`, and stop it.
 */
export async function startServer(coder, section, options = {}) {
  const { more = '', files = {}, front, signIn = true } = options;
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const portal = front ?? `http://localhost:${port}`;
  const directory = await mkdtemp(join(tmpdir(), 'coder-backstage-'));
  const variables = await register(coder, portal);
  const config = `
app: { baseUrl: '${portal}' }
backend: { baseUrl: '${portal}', listen: '${address}' }
auth:
  environment: development
  providers:
    coder:
      development:
        clientId: \${CODER_OAUTH_CLIENT_ID}
        clientSecret: \${CODER_OAUTH_CLIENT_SECRET}
        deploymentUrl: ${coder.url}
        ${signIn ? SIGN_IN : ''}
coder: ${section}
${more}`;
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(directory, name), text);
  }
  await writeFile(join(directory, 'app-config.yaml'), config);
  const child = spawn(PROGRAM, ['serve'], {
    cwd: directory,
    env: { ...process.env, ...variables, RUST_LOG: 'coder_backstage=info' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise(resolve => child.once('exit', resolve));
  const stop = async () => {
    child.kill();
    await ended;
    await rm(directory, { recursive: true });
  };
  const log = [];
  const listening = new Promise(resolve => {
    createInterface({ input: child.stderr }).on('line', line => {
      log.push(line);
      if (line.includes('address=')) resolve(true);
    });
  });
  if (!(await Promise.race([listening, ended.then(() => false)]))) {
    throw new Error(`${PROGRAM} ended without listening:\n${log.join('\n')}`);
  }
  return { portal, address, stop };
}

/** The variables that `register` prints: client id and client secret. */
async function register({ url, token }, portal) {
  const options = ['--deployment-url', url, '--backend-url', portal];
  const environment = ['--environment', 'development'];
  const env = { ...process.env, CODER_SESSION_TOKEN: token };
  const { stdout } = await promisify(execFile)(PROGRAM, ['register', ...options, ...environment], {
    env,
  });
  const variables = [...stdout.matchAll(/^(CODER_\w+)=(\S+)$/gm)];
  return Object.fromEntries(variables.map(([, name, value]) => [name, value]));
}
