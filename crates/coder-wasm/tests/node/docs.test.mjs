// The examples of a portal, in docs/wasm.md and in the README, run as they stand.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import './sqlite.mjs';

const PAGES = {
  'docs/wasm.md': readFileSync(join(process.env.CODER_CRATES, '../docs/wasm.md'), 'utf8'),
  'the README': readFileSync('node_modules/@coder-backstage/core/README.md', 'utf8'),
};

/** Finds the first example of a page in a language that has a word. */
function example(page, language, word) {
  const examples = [...page.matchAll(/```(\w+)\n(.*?)```/gs)];
  return examples.find(([, name, text]) => name === language && text.includes(word))[2];
}

for (const [name, page] of Object.entries(PAGES)) {
  test(`the example of a portal in ${name} is about ten lines, and answers`, () => {
    const code = example(page, 'js', 'createHandler');
    assert.ok(code.trim().split('\n').length <= 12, code);
    rmSync('portal', { recursive: true, force: true });
    mkdirSync('portal');
    writeFileSync('portal/app-config.yaml', example(page, 'yaml', 'baseUrl'));
    const metadata = { name: 'alice' };
    const alice = { apiVersion: 'backstage.io/v1alpha1', kind: 'User', metadata };
    writeFileSync('portal/entities.json', JSON.stringify([alice]));
    const ask = `
      const url = 'https://portal.example.com/api/auth/.well-known/openid-configuration';
      console.log((await (await handler(new Request(url))).json()).issuer);
    `;
    writeFileSync('portal/example.mjs', code + ask);
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
}
