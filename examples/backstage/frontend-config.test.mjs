// What is shown of app-config: pages get what they need and no secret, and Backstage prints no secret.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { schemas } from './config-schema.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));

const CONFIG = `
app: { baseUrl: http://localhost:3000 }
backend: { baseUrl: http://localhost:3000, listen: ':7007', database: { client: better-sqlite3, connection: ':memory:' } }
auth:
  environment: production
  providers:
    coder:
      production:
        clientId: the-id
        clientSecret: secret-of-the-client
        deploymentUrl: https://coder.example.com
        additionalScopes: [workspace:read]
        signIn: { resolvers: [{ resolver: usernameMatchingUserEntityName }] }
coder:
  deployment: { accessUrl: https://coder.example.com }
  workspaces: { defaultTemplateName: devcontainers, repoUrlParamKeys: [repo], params: { region: eu, cpu: 4 } }
  session: { keys: [secret-that-seals-everything-stored], store: { type: postgres, url: 'postgres://secret@host/db' } }
  index: { token: secret-of-the-index, visibility: coder }
  catalog: { type: backstage, baseUrl: http://localhost:7007, token: secret-of-the-catalog }
catalog: { processors: { coder: { strict: true } } }
`;

/** Prints what Backstage shows of the configuration. */
async function print(context, ...options) {
  const directory = await mkdtemp(join(tmpdir(), 'frontend-config-'));
  context.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'app-config.yaml');
  await writeFile(file, CONFIG);
  const args = ['backstage-cli', 'config:print', '--format=json', `--config=${file}`, ...options];
  const { stdout } = await promisify(execFile)('npx', args, { cwd: HERE });
  return stdout;
}

test('pages get the defaults of workspaces, and no secret', async context => {
  const stdout = await print(context, '--frontend', '--package=app');
  assert.doesNotMatch(stdout, /secret|the-id/);
  const { auth, coder } = JSON.parse(stdout);
  assert.equal(auth.environment, 'production');
  assert.deepEqual(coder, {
    deployment: { accessUrl: 'https://coder.example.com' },
    workspaces: {
      defaultTemplateName: 'devcontainers',
      repoUrlParamKeys: ['repo'],
      params: { region: 'eu', cpu: 4 },
    },
  });
});

test('a backend takes the configuration, and prints no secret of it', async context => {
  const stdout = await print(context, '--package=backend');
  assert.doesNotMatch(stdout, /secret-|postgres:\/\//);
  const { auth, coder } = JSON.parse(stdout);
  assert.equal(auth.providers.coder.production.clientId, 'the-id');
  assert.equal(auth.providers.coder.production.clientSecret, '<secret>');
  assert.deepEqual(coder.session.keys, ['<secret>']);
  assert.deepEqual(coder.index, { token: '<secret>', visibility: 'coder' });
});

test('the schemas of the packages are those that are made of the schema of app-config', async () => {
  for (const [file, schema] of await schemas()) {
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), schema, file);
  }
});
