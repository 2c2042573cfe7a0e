// The edge handler against callers, stores and runtimes that mean no good.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { CoderError, MemoryStore, createHandler } from '@coder-backstage/core/edge';

import { CATALOG, PORTAL, config, startPortalsFake } from './portal.mjs';
import { Browser, posted } from './wire.mjs';

const REFRESH = '/api/auth/coder/refresh?optional&scope=&env=development';

const PEOPLE = ['ann', 'ben', 'cleo', 'dan', 'eve', 'finn'];

function user(name) {
  return { apiVersion: 'backstage.io/v1alpha1', kind: 'User', metadata: { name }, spec: {} };
}

let [fake, token] = [];

before(async () => {
  fake = await startPortalsFake();
  token = await fake.add('alice');
});

after(() => fake?.stop());

/** A portal with this store, what it logs, and what sends requests to it. */
function portal(login = new MemoryStore(), { log, context } = {}) {
  const lines = [];
  const write = log ?? ((level, line) => lines.push(`${level}: ${line}`));
  const handler = createHandler(
    config(fake),
    { login, catalog: [...CATALOG, ...PEOPLE.map(user)] },
    { log: write },
  );
  const send = async (method, path, headers) => {
    const answer = await handler(new Request(PORTAL + path, { method, headers }), context);
    return { status: answer.status, headers: [...answer.headers], body: await answer.text() };
  };
  return { handler, send, lines, login };
}

async function signedIn(send, person = token) {
  const browser = new Browser(send);
  const back = await fake.allow(await browser.start(), person);
  const { error } = posted((await browser.ask('GET', back)).body);
  assert.equal(error, undefined);
  return browser;
}

/** A store whose methods are those of a store in memory, with some that lie. */
function liar(lies) {
  const store = new MemoryStore();
  const honest = Object.fromEntries(
    ['read', 'list', 'commit'].map(name => [name, argument => store[name](argument)]),
  );
  return { ...honest, ...lies(store) };
}

test('the host that a request names decides nothing', async () => {
  const { handler } = portal();
  const query = `env=development&origin=${PORTAL}`;
  const answer = await handler(new Request(`https://evil.example/api/auth/coder/start?${query}`));
  const location = new URL(answer.headers.get('location'));
  assert.equal(location.origin, fake.url);
  assert.match(location.searchParams.get('redirect_uri'), /^https:\/\/portal\.example\.com\//);
});

test('paths that look like URLs are paths', async () => {
  const { send } = portal();
  for (const path of [
    '//evil.example/api/auth/coder/start',
    '/\\evil.example',
    '/%00',
    '/http://x',
  ]) {
    const { status, headers } = await send('GET', path);
    assert.ok([400, 404].includes(status), `${path}: ${status}`);
    assert.ok(!headers.some(([name]) => name === 'location'), path);
  }
});

test('cookies that are made up sign nobody in', async () => {
  const { send } = portal();
  const cookies = [
    '__Host-coder-session=',
    `__Host-coder-session=${'a'.repeat(43)}`,
    `__Host-coder-session=${'a'.repeat(1_000_000)}`,
    `__Host-coder-session=${'a'.repeat(43)}; __Host-coder-session=${'b'.repeat(43)}`,
    '__Host-coder-session=../../sessions; __proto__=1; =; ;;; \u00ff',
    Array.from({ length: 5000 }, (_, index) => `coder-attempt-${index}=x`).join('; '),
  ];
  for (const cookie of cookies) {
    const headers = { cookie, origin: PORTAL, 'x-requested-with': 'XMLHttpRequest' };
    const { status } = await send('GET', REFRESH, headers);
    assert.ok([400, 401, 431].includes(status), `${cookie.slice(0, 60)}: ${status}`);
    const back = await send('GET', '/api/auth/coder/handler/frame?code=c&state=s', { cookie });
    assert.ok(back.status < 500, `${cookie.slice(0, 60)}: ${back.status}`);
    assert.doesNotMatch(back.body, /backstageIdentity/);
  }
});

/** Sends a body to the one route that takes a secret. */
async function link(handler, browser, body) {
  let sent;
  const send = async (method, path, headers) => {
    const kind = { 'content-type': 'application/json' };
    const init = { method, headers: { ...headers, ...kind }, body, duplex: 'half' };
    sent = await handler(new Request(PORTAL + path, init));
    return { status: sent.status, headers: [...sent.headers], body: await sent.text() };
  };
  const asked = new Browser(send);
  for (const [name, value] of browser.cookies) asked.set(name, value);
  return asked.script('POST', '/api/coder/v1/link');
}

test('a body of 10 MB is refused before it is read', async () => {
  const { handler, send } = portal();
  const browser = await signedIn(send);
  let [pulled, cancelled] = [0, false];
  const body = new ReadableStream(
    {
      pull(controller) {
        pulled += 1;
        if (pulled > 160) controller.close();
        else controller.enqueue(new Uint8Array(65_536));
      },
      cancel: () => void (cancelled = true),
    },
    { highWaterMark: 0 },
  );
  const { status } = await link(handler, browser, body);
  assert.ok([400, 401, 403, 404, 413].includes(status), `${status}`);
  assert.ok(pulled <= 3, `${pulled} chunks of 64 kB`);
  await new Promise(setImmediate);
  assert.ok(cancelled, 'nobody is told that the rest is not wanted');
});

test('a body that never ends is waited for only so long', { timeout: 60_000 }, async context => {
  const { handler, send } = portal();
  const browser = await signedIn(send);
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const answered = link(
    handler,
    browser,
    new ReadableStream({ pull: () => new Promise(() => {}) }),
  );
  const { status } = await whileTimePasses(context, answered);
  assert.ok([400, 401, 403, 404, 408, 503].includes(status), `${status}`);
});

/** Lets time pass until a promise is settled. */
async function whileTimePasses(context, promise) {
  let isSettled = false;
  const settled = promise.finally(() => (isSettled = true));
  for (let turn = 0; turn < 200 && !isSettled; turn += 1) {
    for (let wait = 0; wait < 5; wait += 1) await new Promise(setImmediate);
    context.mock.timers.tick(1000);
  }
  assert.ok(isSettled, 'no answer in 200 seconds');
  return settled;
}

for (const method of ['read', 'list', 'commit']) {
  test(`a store whose \`${method}\` never answers costs a request its time, and no more`, async context => {
    const { send } = portal(liar(() => ({ [method]: () => new Promise(() => {}) })));
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const query = `env=development&origin=${PORTAL}`;
    const asked = [
      send('GET', REFRESH, {
        cookie: `__Host-coder-session=${'a'.repeat(43)}`,
        origin: PORTAL,
        'x-requested-with': 'XMLHttpRequest',
      }),
      send('GET', `/api/auth/coder/start?${query}`),
      send('GET', '/api/auth/.well-known/jwks.json'),
    ];
    for (const { status } of await whileTimePasses(context, Promise.all(asked))) {
      assert.ok([200, 302, 401, 503].includes(status), `${status}`);
    }
  });
}

/** Lies, and the word that the log has for each. */
const LIES = {
  'rows of others': [
    store => ({ list: range => [{ key: 'zzz', value: '{}' }, ...store.list(range)] }),
    /`list` of the store/,
  ],
  'more rows than were asked for': [
    store => ({
      list: ({ start, ...range }) => [
        ...store.list({ start, ...range }),
        ...Array.from({ length: range.limit + 1 }, (_, index) => ({
          key: `${start}${index}`,
          value: '{}',
        })).slice(0, 5000),
      ],
    }),
    /of the store/,
  ],
  'too few values': [() => ({ read: () => [] }), /`read` of/],
  'values that are no texts': [() => ({ read: keys => keys.map(() => 7) }), /`read` of the store/],
  'values that are no JSON': [() => ({ read: keys => keys.map(() => 'x') }), /./],
  nothing: [() => ({ read: () => {}, list: () => {}, commit: () => {} }), /of the store/],
  'an error that is none': [
    () => ({
      read() {
        throw null;
      },
    }),
    /`read` of the store failed/,
  ],
  'a promise of an error that is none': [
    () => ({ read: () => Promise.reject(undefined) }),
    /`read` of the store failed/,
  ],
  'a refusal of every change': [() => ({ commit: () => false }), /has refused a change/],
};

for (const [what, [lies, word]] of Object.entries(LIES)) {
  test(`a store that gives ${what} signs nobody in, and the log tells`, async () => {
    const { send, lines } = portal(liar(lies));
    const browser = new Browser(send);
    browser.set('__Host-coder-session', 'a'.repeat(43));
    const refreshed = await browser.script('GET', REFRESH);
    assert.ok([401, 503].includes(refreshed.status), `${refreshed.status} ${refreshed.body}`);
    const query = `env=development&origin=${PORTAL}&flow=popup`;
    const started = await browser.ask('GET', `/api/auth/coder/start?${query}`);
    const location = started.headers.find(([name]) => name === 'location')?.[1];
    if (location !== undefined) {
      const done = await browser.ask('GET', await fake.allow(location, token));
      assert.notEqual(posted(done.body)?.error, undefined, done.body);
    }
    const keys = await send('GET', '/api/auth/.well-known/jwks.json');
    assert.ok([200, 503].includes(keys.status), `${keys.status}`);
    assert.match(lines.join('\n'), word);
  });
}

test('a session is not another one because the store says so', async () => {
  const store = new MemoryStore();
  const { send } = portal(store);
  await signedIn(send);
  // Every key of a session has the row of the one that is there.
  const sessions = store.list({ start: 'session', end: 'session~', limit: 100 });
  const { value } = sessions.find(({ value }) => value.length > 2) ?? {};
  assert.notEqual(value, undefined, JSON.stringify(sessions));
  const lying = liar(() => ({
    read: keys =>
      store.read(keys).map((row, index) => row ?? (/^session/.test(keys[index]) ? value : null)),
    list: range => store.list(range),
    commit: change => store.commit(change),
  }));
  const stranger = new Browser(portal(lying).send);
  stranger.set('__Host-coder-session', 'b'.repeat(43));
  const { status, body } = await stranger.script('GET', REFRESH);
  assert.ok([401, 503].includes(status), `${status} ${body}`);
});

test('people who sign in at once get sessions of their own', async () => {
  const { send } = portal();
  // A code of Coder ends the former one of the same person.
  const tokens = await Promise.all(PEOPLE.map(name => fake.add(name)));
  const browsers = await Promise.all(tokens.map(token => signedIn(send, token)));
  const answers = await Promise.all(browsers.map(browser => browser.script('GET', REFRESH)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
});

test('a callback that comes many times at once counts once', async () => {
  const { send } = portal();
  const browser = new Browser(send);
  const back = await fake.allow(await browser.start(), token);
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const answers = await Promise.all(Array.from({ length: 8 }, () => send('GET', back, { cookie })));
  const sessions = answers.filter(({ body }) => posted(body)?.error === undefined);
  assert.equal(sessions.length, 1);
});

test('a log that fails fails no request', async () => {
  for (const log of [() => assert.fail('no log'), () => Promise.reject(new Error('no log'))]) {
    const failing = liar(() => ({ list: () => Promise.reject(new Error('no list')) }));
    const { send } = portal(failing, { log });
    const { status } = await send('GET', '/.backstage/health/v1/readiness');
    assert.ok(status < 600);
  }
});

test('a context whose `waitUntil` fails fails no request', async () => {
  const context = {
    waitUntil() {
      throw new Error('the request has ended');
    },
  };
  const { send } = portal(new MemoryStore(), { context });
  await signedIn(send);
});

test('what is no request, or was read before, is named', async () => {
  const { handler } = portal();
  const read = new Request(PORTAL, { method: 'POST', body: 'x' });
  await read.text();
  const usual = { url: PORTAL, method: 'GET', headers: new Headers() };
  const odd = [
    { headers: new Map([['content-length', 12]]) },
    { headers: [[Symbol('x'), 'x']] },
    { headers: { entries() {} } },
    { method: 5 },
    { method: undefined },
    { url: 'nowhere' },
    { url: 5n },
    { body: 'x' },
    { body: { getReader: 5 } },
  ].map(parts => ({ ...usual, ...parts }));
  for (const request of [undefined, null, PORTAL, {}, { url: PORTAL }, read, ...odd]) {
    await assert.rejects(handler(request), error => {
      assert.ok(error instanceof CoderError, error.stack);
      assert.equal(error.code, 'invalidArgument');
      return /must be a Request|was read before/.test(error.message);
    });
  }
  const proxy = new Proxy(new Uint8Array(8), {});
  const body = { getReader: () => ({ read: async () => ({ value: proxy }), async cancel() {} }) };
  const form = new Headers({ 'content-type': 'application/x-www-form-urlencoded' });
  const url = `${PORTAL}/api/auth/token`;
  assert.ok((await handler({ url, method: 'POST', headers: form, body })).status >= 400);
  assert.ok((await handler(usual)).status < 500);
});

test('a sweep whose store fails tells it as an error of the package, whatever its context is', async () => {
  const fails = () => Promise.reject(new Error('the disk is full'));
  const { handler } = portal(liar(() => ({ read: fails, list: fails })));
  for (const context of [undefined, null, 5, {}, { waitUntil() {} }]) {
    await assert.rejects(handler.sweep(context), error => {
      assert.ok(error instanceof CoderError, error.stack);
      assert.equal(error.code, 'storeFailed');
      assert.match(error.message, /the disk is full/);
      return true;
    });
  }
});

test('texts of a configuration that cannot be told apart are refused', () => {
  const stores = { login: new MemoryStore(), catalog: CATALOG };
  const twice = [1, 2].map(port => ({ name: 'app-config.yaml', text: `a: ${port}` }));
  assert.throws(() => createHandler(twice, stores), { code: 'invalidArgument' });
});
