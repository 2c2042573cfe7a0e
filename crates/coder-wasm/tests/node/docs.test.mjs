// The example of docs/wasm.md runs as it stands.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import './sqlite.mjs';

const PAGE = readFileSync(join(process.env.CODER_CRATES, '../docs/wasm.md'), 'utf8');
const EXAMPLES = [...PAGE.matchAll(/```(js|yaml)\n(.*?)```/gs)];
const [, , APP_CONFIG] = EXAMPLES.find(([, language]) => language === 'yaml');
const [, , CODE] = EXAMPLES.find(([, language]) => language === 'js');

test('the example of a portal is about ten lines, and answers', () => {
  assert.ok(CODE.trim().split('\n').length <= 12, CODE);
  rmSync('portal', { recursive: true, force: true });
  mkdirSync('portal');
  writeFileSync('portal/app-config.yaml', APP_CONFIG);
  const alice = { apiVersion: 'backstage.io/v1alpha1', kind: 'User', metadata: { name: 'alice' } };
  writeFileSync('portal/entities.json', JSON.stringify([alice]));
  const ask = `
    const url = 'https://portal.example.com/api/auth/.well-known/openid-configuration';
    console.log((await (await handler(new Request(url))).json()).issuer);
  `;
  writeFileSync('portal/example.mjs', CODE + ask);
  const secrets = {
    CODER_CLIENT_SECRET: 'x',
    SESSION_KEY: 'gZ7mfdmCkxLQ4RnrFq0XKxYbTg1B1A0l8jvTn5sQv2M=',
  };
  const run = spawnSync(process.execPath, ['example.mjs'], {
    cwd: 'portal',
    encoding: 'utf8',
    env: { ...process.env, ...secrets },
  });
  assert.equal(run.stderr, '');
  assert.equal(run.stdout, 'https://portal.example.com/api/auth\n');
});
