// The module in a real Backstage backend, without the portal server: a login, the identity that Backstage
// makes, the routes for pages, and the end of the session.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { freePort } from './portal.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BUILT = fileURLToPath(new URL('../../target/debug/examples/fake_coder', import.meta.url));

let fake;
let backend;
let url;
let alice;

before(async () => {
  fake = spawn(process.env.CODER_FAKE ?? BUILT, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: fake.stdout })[Symbol.asyncIterator]();
  const line = async () => JSON.parse((await lines.next()).value);
  const coder = await line();
  alice = coder.token;
  const port = await freePort();
  url = `http://localhost:${port}`;
  fake.stdin.write(`register ${url}/api/auth/coder/handler/frame\n`);
  const app = await line();
  const transform = ['--require', '@backstage/cli/config/nodeTransform.cjs'];
  const args = [...transform, 'backend/src/alone.ts', '--config=app-config.alone.yaml'];
  const log = process.env.LOG ? 'inherit' : 'ignore';
  backend = spawn(process.execPath, ['--no-node-snapshot', ...args], {
    cwd: HERE,
    stdio: ['ignore', log, 'inherit'],
    env: {
      ...process.env,
      PORTAL_URL: url,
      BACKSTAGE_PORT: String(port),
      CODER_DEPLOYMENT_URL: coder.url,
      CODER_OAUTH_CLIENT_ID: app.clientId,
      CODER_OAUTH_CLIENT_SECRET: app.clientSecret,
      SESSION_KEY: randomBytes(32).toString('base64'),
    },
  });
  const gone = new Promise(resolve => backend.once('exit', () => resolve('gone')));
  for (;;) {
    const ready = fetch(`${url}/.backstage/health/v1/readiness`).catch(() => undefined);
    const answer = await Promise.race([ready, gone]);
    assert.notEqual(answer, 'gone', 'the backend ended before it was ready');
    if (answer?.ok) break;
    await new Promise(resolve => setTimeout(resolve, 300));
  }
  // The catalog has read its files when it knows alice and what she works on.
  for (;;) {
    const { post } = await logIn();
    const token = post.response?.backstageIdentity?.token;
    if (token && (await payments(token)).ok) break;
    await new Promise(resolve => setTimeout(resolve, 500));
  }
});

after(() => {
  backend?.kill();
  fake?.kill();
});

/** Asks the catalog with an identity token. */
function payments(token) {
  const headers = { authorization: `Bearer ${token}` };
  return fetch(`${url}/api/catalog/entities/by-name/component/default/payments`, { headers });
}

const cookieOf = answer =>
  answer.headers
    .getSetCookie()
    .map(it => it.split(';')[0])
    .filter(it => !it.endsWith('='))
    .join('; ');

/** A login in a popup. Gives what its page posts, and the cookie of the session. */
async function logIn() {
  const query = new URLSearchParams({ env: 'development', origin: url, flow: 'popup', scope: '' });
  const start = await fetch(`${url}/api/auth/coder/start?${query}`, { redirect: 'manual' });
  assert.equal(start.status, 302);
  const consent = await fetch(start.headers.get('location'), {
    method: 'POST',
    headers: { 'coder-session-token': alice },
    redirect: 'manual',
  });
  const headers = { cookie: cookieOf(start) };
  const frame = await fetch(consent.headers.get('location'), { headers });
  const [text] = [...(await frame.text()).matchAll(/decodeURIComponent\('([^']*)'\)/g)].map(
    ([, it]) => decodeURIComponent(it.replaceAll('%27', "'")),
  );
  return { post: JSON.parse(text), cookie: cookieOf(frame) };
}

test('a person logs in, and Backstage says who that is', async () => {
  const { post } = await logIn();
  assert.equal(post.type, 'authorization_response');
  const { backstageIdentity, providerInfo } = post.response;
  assert.equal(backstageIdentity.identity.userEntityRef, 'user:default/alice');
  assert.ok(providerInfo.accessToken);
  // Backstage's own keys verify it: its catalog lets the person in.
  assert.equal((await payments(backstageIdentity.token)).status, 200);
});

test("a page of Backstage asks the routes with Backstage's token and the cookie of the session", async () => {
  const { post, cookie } = await logIn();
  const authorization = `Bearer ${post.response.backstageIdentity.token}`;
  const ask = headers =>
    fetch(`${url}/api/coder/v1/entities/component/default/payments/workspaces`, { headers });
  const headers = { authorization, 'x-requested-with': 'XMLHttpRequest' };
  const list = await ask({ ...headers, cookie });
  assert.equal(list.status, 200, await list.clone().text());
  assert.equal((await list.json()).workspaces.length, 2);
  // Who is signed in to Backstage alone is told to sign in to Coder.
  assert.match((await (await ask(headers)).json()).error.message, /sign in to Coder/);
  assert.equal(
    (await ask({ ...headers, cookie, authorization: 'Bearer e30.e30.e30' })).status,
    401,
  );
});

test('the session is refreshed, serves the routes for pages, and ends', async () => {
  const { cookie } = await logIn();
  const headers = { cookie, 'x-requested-with': 'XMLHttpRequest' };
  const ask = (path, method = 'GET') => fetch(url + path, { method, headers });
  const refreshed = await ask('/api/auth/coder/refresh?env=development');
  assert.equal(refreshed.status, 200);
  const session = await refreshed.json();
  assert.equal(session.backstageIdentity.identity.userEntityRef, 'user:default/alice');
  const list = await ask('/api/coder/v1/entities/component/default/payments/workspaces');
  assert.equal(list.status, 200);
  const names = (await list.json()).workspaces.map(({ name }) => name).sort();
  assert.deepEqual(names, ['running', 'stopped']);
  assert.equal((await ask('/api/auth/coder/logout?env=development', 'POST')).status, 200);
  assert.equal((await ask('/api/auth/coder/refresh?env=development')).status, 401);
});
