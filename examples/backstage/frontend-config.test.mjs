// What pages get of app-config: what they need, and no secret.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const HERE = fileURLToPath(new URL('.', import.meta.url));

const CONFIG = `
app: { baseUrl: http://localhost:3000 }
backend: { baseUrl: http://localhost:3000, listen: ':7007', database: { client: better-sqlite3, connection: ':memory:' } }
auth:
  environment: production
  providers:
    coder:
      production: { clientId: the-id, clientSecret: secret-of-the-client, deploymentUrl: https://coder.example.com }
coder:
  deployment: { accessUrl: https://coder.example.com }
  workspaces: { defaultTemplateName: devcontainers, repoUrlParamKeys: [repo], params: { region: eu } }
  session: { keys: [secret-that-seals-everything-stored], store: { type: postgres, url: 'postgres://secret@host/db' } }
  catalog: { type: backstage, baseUrl: http://localhost:7007, token: secret-of-the-catalog }
`;

test('pages get the defaults of workspaces, and no secret', async context => {
  const directory = await mkdtemp(join(tmpdir(), 'frontend-config-'));
  context.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'app-config.yaml');
  await writeFile(file, CONFIG);
  const print = ['backstage-cli', 'config:print', '--frontend', '--format=json', '--package=app'];
  const { stdout } = await promisify(execFile)('npx', [...print, `--config=${file}`], {
    cwd: HERE,
  });
  assert.doesNotMatch(stdout, /secret|the-id/);
  const { auth, coder } = JSON.parse(stdout);
  assert.equal(auth.environment, 'production');
  assert.deepEqual(coder, {
    deployment: { accessUrl: 'https://coder.example.com' },
    workspaces: {
      defaultTemplateName: 'devcontainers',
      repoUrlParamKeys: ['repo'],
      params: { region: 'eu' },
    },
  });
});
