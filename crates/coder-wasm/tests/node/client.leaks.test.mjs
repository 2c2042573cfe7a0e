// Nothing that the garbage collector takes, and no call that is over, keeps memory of WebAssembly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { CoderClient, call, getUser } from '@coder-backstage/core/client';

const LARGE = 'x'.repeat(20_000);
const app = { deployment: { accessUrl: 'https://coder.example.com' }, workspaces: {} };
const entity = { apiVersion: 'x/v1', kind: 'Component', metadata: { name: 'x' } };
const user = JSON.stringify({ id: '7e8a26cd-5e2d-4d7e-9c3e-0d2c9a0f5a11', username: LARGE });

function client(fetch = async () => new Response(user)) {
  return new CoderClient({ url: `https://coder.example.com/${LARGE}`, fetch });
}

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

/** Does `work` 300 times, with 20 kB each. */
async function keepsNothing(work) {
  const grown = await grows(async () => {
    for (let index = 0; index < 30; index++) await work();
    await settled();
  });
  assert.ok(grown < 2_000_000, `${grown} bytes more`);
}

test('clients that are dropped are freed, and so are the entities of theirs', async () => {
  await keepsNothing(() => client().workspacesOf(entity, app));
});

test('calls that are over leave nothing behind', async () => {
  const coder = client(async () => {
    return new Response(user, { headers: { 'content-type': 'application/json' } });
  });
  await keepsNothing(() => coder.send(getUser()));
  const refused = client(async () => new Response(LARGE, { status: 403 }));
  await keepsNothing(() => assert.rejects(refused.send(call('GET', [LARGE]))));
});

test('calls that were aborted leave nothing behind', async () => {
  const coder = client(() => new Promise(() => {}));
  await keepsNothing(async () => {
    const controller = new AbortController();
    const sent = coder.send(call('GET', [LARGE]), { signal: controller.signal });
    controller.abort();
    await assert.rejects(sent);
  });
});

test('streams that were left leave nothing behind, whether they were read or not', async () => {
  const id = '7e8a26cd-5e2d-4d7e-9c3e-0d2c9a0f5a11';
  const coder = client(() => new Promise(() => {}));
  await keepsNothing(async () => {
    const stream = coder.watchWorkspace(id);
    const next = stream.next();
    await stream.return();
    await next;
  });
  await keepsNothing(() => {
    coder.watchWorkspace(id);
  });
});
