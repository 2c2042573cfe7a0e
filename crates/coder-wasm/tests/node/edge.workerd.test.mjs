// The edge handler in workerd.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';

import { CATALOG, config, sparingConfig, startPortalsFake } from './portal.mjs';
import { wire } from './wire.mjs';
import { startWorker } from './workerd.mjs';

const PEOPLE = ['ann', 'ben', 'cleo', 'dan', 'eve', 'finn', 'gus', 'hal'];

let [fake, oldFake, usual, sparing, old] = [];

before(async () => {
  fake = await startPortalsFake();
  oldFake = await startPortalsFake('2.24');
  usual = await startWorker('edge-usual', worker(config(fake)));
  sparing = await startWorker('edge-sparing', worker(sparingConfig(fake)));
  old = await startWorker('edge-old', worker(config(oldFake)));
});

after(() => {
  for (const worker of [usual, sparing, old]) worker?.server.kill();
  fake?.stop();
  oldFake?.stop();
});

function user(name) {
  return { apiVersion: 'backstage.io/v1alpha1', kind: 'User', metadata: { name }, spec: {} };
}

function worker(config) {
  return `
    import { MemoryStore, createHandler } from '@coder-backstage/core/edge';

    const config = ${JSON.stringify(config)};
    const catalog = ${JSON.stringify([...CATALOG, ...PEOPLE.map(user)])};
    const stores = { login: new MemoryStore(), catalog };
    const handler = createHandler(config, stores, { log() {} });

    let ahead = 0;
    const now = Date.now;
    Date.now = () => now() + ahead;

    export default {
      fetch(request, environment, context) {
        const advance = request.headers.get('x-advance-clock');
        if (advance === null) return handler(request, context);
        ahead += advance * 1000;
        return new Response();
      },
    };
  `;
}

/** Sends requests as they are: `fetch` of Node has opinions on some headers. */
function sender({ address }) {
  return (method, path, headers) =>
    new Promise((resolve, reject) => {
      const sent = request(address + path, { method, headers }, async answer => {
        let body = '';
        for await (const chunk of answer) body += chunk;
        const pairs = Array.from({ length: answer.rawHeaders.length / 2 }, (_, index) => {
          const [name, value] = answer.rawHeaders.slice(2 * index, 2 * index + 2);
          return [name.toLowerCase(), value];
        });
        resolve({ status: answer.statusCode, headers: pairs, body });
      });
      sent.on('error', reject).end();
    });
}

wire(() => ({
  fake,
  send: sender(usual),
  sparing: sender(sparing),
  old: sender(old),
  advance: seconds => sender(usual)('GET', '/', { 'x-advance-clock': String(seconds) }),
}));

test('people who sign in at once do not wait for each other', async () => {
  const send = sender(usual);
  const logins = PEOPLE.map(async name => {
    const token = await fake.add(name);
    const query = 'env=development&origin=https://portal.example.com';
    const start = await send('GET', `/api/auth/coder/start?${query}`, {});
    const cookie = start.headers.find(([name]) => name === 'set-cookie')[1].split(';')[0];
    const location = start.headers.find(([name]) => name === 'location')[1];
    const { body } = await send('GET', await fake.allow(location, token), { cookie });
    return /userEntityRef%22%3A%22user%3Adefault%2F(\w+)/.exec(body)?.[1] ?? body;
  });
  assert.deepEqual(await Promise.all(logins), PEOPLE);
});
