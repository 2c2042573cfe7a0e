// The edge handler in Node.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { MemoryStore, createHandler } from '@coder-backstage/core/edge';

import { CATALOG, PORTAL, config, sparingConfig, startPortalsFake } from './portal.mjs';
import { wire } from './wire.mjs';

let [fake, oldFake] = [];

before(async () => {
  fake = await startPortalsFake();
  oldFake = await startPortalsFake('2.24');
});

after(() => {
  fake?.stop();
  oldFake?.stop();
});

function stores() {
  return { login: new MemoryStore(), catalog: CATALOG };
}

/** Sends requests to a handler, each with its own context if `context` makes one. */
function sender(handler, context = () => undefined) {
  return async (method, path, headers) => {
    const answer = await handler(new Request(PORTAL + path, { method, headers }), context());
    return { status: answer.status, headers: [...answer.headers], body: await answer.text() };
  };
}

const portal = config => sender(createHandler(config, stores(), { log() {} }));

wire(() => ({
  fake,
  send: portal(config(fake)),
  sparing: portal(sparingConfig(fake)),
  old: portal(config(oldFake)),
  advance(seconds) {
    const now = Date.now;
    Date.now = () => now() + seconds * 1000;
  },
}));

test('each request with a context is a replica of its own', async () => {
  const kept = [];
  const context = () => ({ waitUntil: promise => kept.push(promise) });
  const send = sender(createHandler(config(fake), stores()), context);
  const start = await send('GET', `/api/auth/coder/start?env=development&origin=${PORTAL}`, {});
  assert.equal(start.status, 302);
  const cookie = start.headers.find(([name]) => name === 'set-cookie')[1].split(';')[0];
  const location = start.headers.find(([name]) => name === 'location')[1];
  const back = await fake.allow(location, await fake.add('alice'));
  const before = kept.length;
  const done = await send('GET', back, { cookie });
  assert.match(done.body, /userEntityRef/);
  assert.ok(kept.length > before, 'the exchange of the code is detached from the request');
  await Promise.all(kept);
});

test('a page is refused, and so is its worker', context => {
  for (const sign of ['window', 'document', 'importScripts']) {
    context.after(() => delete globalThis[sign]);
    globalThis[sign] = () => {};
    assert.throws(
      () => createHandler({}, stores()),
      error => {
        assert.equal(error.code, 'serverOnly');
        assert.match(error.message, /must never get the client secret/);
        return true;
      },
    );
    delete globalThis[sign];
  }
});

test('every mistake of a configuration is told at once, with its place in a text', () => {
  const text = 'app: { baseUrl: 7 }\nbackend: { baseUrl: https://portal.example.com }\n';
  const files = [{ name: 'app-config.yaml', text }];
  assert.throws(
    () => createHandler(files, stores()),
    error => {
      assert.equal(error.code, 'invalidConfig');
      assert.equal(error.file, 'app-config.yaml');
      assert.equal(error.line, 1);
      assert.ok(error.problems.length > 1, error.message);
      return true;
    },
  );
});

test('texts are merged, and take their secrets from the environment', async () => {
  const whole = config({ url: fake.url, app: { ...fake.app, clientSecret: '${SECRET}' } });
  const texts = [
    { name: 'app-config.yaml', text: JSON.stringify(whole) },
    { name: 'app-config.production.yaml', text: 'coder: { session: { idle: 1h } }' },
  ];
  const handler = createHandler(texts, stores(), {
    environment: { SECRET: fake.app.clientSecret },
  });
  const answer = await handler(new Request(`${PORTAL}/.backstage/health/v1/readiness`));
  const ready = { status: 'ok', store: 'ok', coder: { development: 'unknown' } };
  assert.deepEqual(await answer.json(), ready);
});

test('keys that other processes cannot know are refused', () => {
  const withoutKeys = config(fake, { keys: undefined });
  assert.throws(() => createHandler(withoutKeys, stores()), /`coder.session.keys` is missing/);
  const inMemory = config(fake);
  inMemory.auth.keyStore = { provider: 'memory' };
  assert.throws(() => createHandler(inMemory, stores()), /`auth.keyStore.provider` is `memory`/);
});

test('what is missing is named', () => {
  const login = new MemoryStore();
  assert.throws(() => createHandler(config(fake), { login }), /there is no catalog/);
  assert.throws(
    () => createHandler(config(fake), {}),
    error => {
      assert.match(error.message, /no `read`, `list`, `commit`/);
      return true;
    },
  );
});

test('a store that fails is a 503, and the log tells why', async () => {
  const lines = [];
  const broken = {
    read: () => Promise.reject(new Error('the disk is full')),
    list: () => [],
    commit: () => true,
  };
  const log = (level, line) => lines.push(`${level}: ${line}`);
  const parts = { login: broken, catalog: CATALOG };
  const handler = createHandler(config(fake), parts, { log });
  const url = `${PORTAL}/api/auth/coder/refresh?env=development`;
  const headers = {
    cookie: `__Host-coder-session=${'a'.repeat(43)}`,
    origin: PORTAL,
    'x-requested-with': 'XMLHttpRequest',
  };
  const answer = await handler(new Request(url, { headers }));
  assert.equal(answer.status, 503);
  assert.ok(
    lines.some(line => line.includes('`read` of the store failed: the disk is full')),
    lines.join('\n'),
  );
});

for (const end of ['read to its end', 'left']) {
  test(`the handle of a body that is ${end} is freed at once`, async context => {
    const { EdgeBody } = await import('./node_modules/@coder-backstage/core/wasm/edge.glue.js');
    const free = context.mock.method(EdgeBody.prototype, 'free');
    const handler = createHandler(config(fake), stores(), { log() {} });
    const answer = await handler(new Request(`${PORTAL}/.backstage/health/v1/readiness`));
    assert.equal(free.mock.callCount(), 0);
    if (end === 'left') await answer.body.cancel();
    else await answer.text();
    assert.equal(free.mock.callCount(), 1);
  });
}

test('a body that no route takes is refused before it is read', async () => {
  const handler = createHandler(config(fake), stores());
  let pulled = 0;
  const body = new ReadableStream(
    { pull: controller => controller.enqueue(new Uint8Array(++pulled)) },
    { highWaterMark: 0 },
  );
  const url = `${PORTAL}/api/auth/coder/logout?env=development`;
  const answer = await handler(new Request(url, { method: 'POST', body, duplex: 'half' }));
  assert.equal(answer.status, 400);
  assert.ok(pulled <= 1, `${pulled} chunks`);
});
