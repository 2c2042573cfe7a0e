// Nothing that the garbage collector takes keeps memory of WebAssembly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { CoderDefaults, compileCoderConfig } from '@coder-backstage/core';

const app = {
  deployment: { accessUrl: 'https://coder.example.com' },
  workspaces: { params: { large: 'x'.repeat(10_000) }, repoUrlParamKeys: ['repo'] },
};

/** Bytes outside of JavaScript's heap, of which the memory of WebAssembly is one part. */
async function settled() {
  for (let round = 0; round < 5; round++) {
    globalThis.gc();
    await setImmediate();
  }
  return process.memoryUsage().arrayBuffers + process.memoryUsage().external;
}

async function grows(work) {
  for (let round = 0; round < 3; round++) await work();
  const before = await settled();
  for (let round = 0; round < 10; round++) await work();
  return (await settled()) - before;
}

test('objects that are dropped are freed', async () => {
  const grown = await grows(async () => {
    for (let index = 0; index < 100; index++) new CoderDefaults(app);
    await settled();
  });
  // 1,000 objects of more than 10 kB.
  assert.ok(grown < 2_000_000, `${grown} bytes more`);
});

test('app configs that are dropped free what was prepared for them', async () => {
  const grown = await grows(async () => {
    for (let index = 0; index < 100; index++) compileCoderConfig({ ...app }, undefined, undefined);
    await settled();
  });
  assert.ok(grown < 2_000_000, `${grown} bytes more`);
});

test('calls that fail leave nothing behind', async () => {
  const defaults = new CoderDefaults(app);
  const grown = await grows(async () => {
    for (let index = 0; index < 200; index++) {
      assert.throws(() => defaults.compileEntity({ kind: 'x'.repeat(10_000) }));
    }
  });
  assert.ok(grown < 2_000_000, `${grown} bytes more`);
});
