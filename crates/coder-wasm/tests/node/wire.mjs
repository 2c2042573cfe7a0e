// The login suite's wire tests, on whatever answers requests. What each answer is, letter by letter, is
// read from the snapshots of the Rust crate.
import assert from 'node:assert/strict';
import { STATUS_CODES } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { PORTAL } from './portal.mjs';

function snapshot(name) {
  const file = `coder-auth/tests/login/snapshots/login__wire__${name}.snap`;
  const text = readFileSync(join(process.env.CODER_CRATES, file), 'utf8');
  return text
    .replace(/^---\n.*?\n---\n/s, '')
    .replace(OTHER_LINES, '')
    .trimEnd();
}

/** What is random or sealed, by what it is. */
const MASKS = [
  [/coder-attempt-[\w-]{22}=[\w-]{99,}/g, 'coder-attempt-<id>=<sealed>'],
  [/coder-attempt-[\w-]{22}=/g, 'coder-attempt-<id>='],
  [/coder-session=[\w-]{43}/g, 'coder-session=<handle>'],
  [/sha256-[\w+/=]{44}/g, 'sha256-<hash>'],
  [/client_id=[\w-]{36}/g, 'client_id=<uuid>'],
  [/state=[\w-]{99,}/g, 'state=<sealed>'],
  [/code_challenge=[\w-]{43}/g, 'code_challenge=<43>'],
  [/"token":( ?)"[\w-]+\.[\w-]+\.[\w-]+"/g, '"token":$1"<token>"'],
  [/"accessToken":( ?)"coder-session\.[\w-]+"/g, '"accessToken":$1"<placeholder>"'],
  [/"accessToken":( ?)"[\w-]+"/g, '"accessToken":$1"<token>"'],
  [/"kid": "[\w-]+"/g, '"kid": "<uuid>"'],
  [/"([xy])": "[\w-]{43}"/g, '"$1": "<43>"'],
  [/http:\/\/127\.0\.0\.1:\d+/g, 'https://coder.test'],
];

/** Headers of a connection, and those that a portal adds to every answer, whoever gives it. */
const OTHERS = [
  ...['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'],
  ...['access-control-allow-credentials', 'access-control-allow-origin', 'vary'],
  ...['referrer-policy', 'x-content-type-options', 'x-frame-options'],
];
const OTHER_LINES = new RegExp(`^(?:${OTHERS.join('|')}): .*\n?`, 'gm');

async function shown(answer) {
  const { status, headers, body } = answer;
  const lines = headers
    .filter(([name]) => !OTHERS.includes(name))
    .map(([name, value]) => `${name}: ${value}`)
    .sort();
  const text = `${status} ${STATUS_CODES[status]}\n${lines.join('\n')}\n\n${readable(body)}`;
  return MASKS.reduce((text, [pattern, mask]) => text.replace(pattern, mask), text).trimEnd();
}

function readable(body) {
  try {
    return JSON.stringify(sorted(JSON.parse(body)), null, 2);
  } catch {
    const message = posted(body);
    return message === undefined ? body : JSON.stringify(sorted(message));
  }
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map(key => [key, sorted(value[key])]),
  );
}

/** The message that the page of a popup posts. */
export function posted(page) {
  const literal = /decodeURIComponent\('([^']*)'/.exec(page)?.[1];
  return literal && JSON.parse(decodeURIComponent(literal));
}

/** The browser of one person. */
export class Browser {
  #cookies = new Map();

  constructor(send) {
    this.send = send;
  }

  get cookies() {
    return this.#cookies.entries();
  }

  set(name, value) {
    this.#cookies.set(name, value);
  }

  async ask(method, path, headers = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await this.send(method, path, { ...headers, ...(cookie && { cookie }) });
    for (const [name, value] of answer.headers) {
      if (name !== 'set-cookie') continue;
      const [, cookieName, content] = /^([^=]+)=([^;]*)/.exec(value);
      if (/Max-Age=0/.test(value)) this.#cookies.delete(cookieName);
      else this.#cookies.set(cookieName, content);
    }
    return answer;
  }

  script(method, path) {
    return this.ask(method, path, { origin: PORTAL, 'x-requested-with': 'XMLHttpRequest' });
  }

  async start(query = `env=development&origin=${PORTAL}&flow=popup`) {
    const answer = await this.ask('GET', `/api/auth/coder/start?${query}`);
    return answer.headers.find(([name]) => name === 'location')[1];
  }
}

/**
 * Defines the tests. `setup` gives a fake, functions that send a request to a portal, and one that moves
 * the portals' clock: `send` to a portal of the fake, `sparing` to one that keeps access tokens to
 * itself, `old` to one of a Coder that is too old.
 */
export function wire(setup) {
  const people = {};
  let [fake, send, sparing, old, advance] = [];

  async function prepared() {
    ({ fake, send, sparing, old, advance } = await setup());
    for (const name of ['alice', 'stranger']) people[name] ??= await fake.add(name);
  }

  async function signedIn(to = send) {
    const browser = new Browser(to);
    const back = await fake.allow(await browser.start(), people.alice);
    const message = posted((await browser.ask('GET', back)).body);
    assert.equal(message.error, undefined);
    return { browser, message };
  }

  test('start', async () => {
    await prepared();
    const query = `scope=workspace%3Aread&origin=${PORTAL}&flow=popup&env=development`;
    const started = await new Browser(send).ask('GET', `/api/auth/coder/start?${query}`);
    assert.equal(await shown(started), snapshot('start'));
    const refused = [];
    for (const query of [
      '',
      'env=staging',
      'env=development&origin=https://evil.example',
      'env=development&origin=null',
      'env=development&flow=redirect&redirectUrl=https://evil.example/',
    ]) {
      const answer = await new Browser(send).ask('GET', `/api/auth/coder/start?${query}`);
      refused.push(`# ${query}\n${await shown(answer)}\n`);
    }
    assert.equal(refused.join('\n').trimEnd(), snapshot('start_refused'));
    const tooOld = await new Browser(old).ask('GET', '/api/auth/coder/start?env=development');
    assert.equal(await shown(tooOld), snapshot('start_too_old'));
  });

  test('callback', async () => {
    await prepared();
    const browser = new Browser(send);
    browser.set('coder-refresh-token', 'of-a-former-backend');
    const back = await fake.allow(await browser.start(), people.alice);
    assert.equal(await shown(await browser.ask('GET', back)), snapshot('callback'));

    const failed = [await browser.ask('GET', back)];
    const strangers = new Browser(send);
    const strange = await fake.allow(await strangers.start(), people.stranger);
    failed.push(await strangers.ask('GET', strange));
    const declining = new Browser(send);
    const declined = await fake.cancel(await declining.start(), people.alice);
    failed.push(await declining.ask('GET', declined));
    const texts = await Promise.all(failed.map(shown));
    assert.equal(texts.join('\n\n'), snapshot('callback_failed'));

    const path = '/api/auth/coder/handler/frame?code=c&state=s';
    const unknown = await shown(await new Browser(send).ask('GET', path));
    assert.equal(unknown, snapshot('callback_without_a_state_of_ours'));
  });

  test('callback of the redirect flow', async () => {
    await prepared();
    const page = 'https%3A%2F%2Fportal.example.com%2Fx%3Fa%3D1%26error%3Dold%23top';
    const query = `env=development&flow=redirect&redirectUrl=${page}`;
    const browser = new Browser(send);
    const back = await fake.allow(await browser.start(query), people.alice);
    const signedIn = await shown(await browser.ask('GET', back));
    const declined = await fake.cancel(await browser.start(query), people.alice);
    const denied = await shown(await browser.ask('GET', declined));
    const expected = snapshot('callback_of_the_redirect_flow').split(/\n{3,}/);
    assert.deepEqual([signedIn, denied], expected);
  });

  test('refresh', async () => {
    await prepared();
    const refresh = '/api/auth/coder/refresh?optional&scope=&env=development';
    const { browser } = await signedIn();
    assert.equal(await shown(await browser.script('GET', refresh)), snapshot('refresh'));
    const nobody = await shown(await new Browser(send).script('GET', refresh));
    const plain = await shown(await browser.ask('GET', refresh));
    const { browser: other } = await signedIn(sparing);
    const without = await shown(await other.script('GET', refresh));
    assert.equal(without, snapshot('refresh_without_the_access_token'));
    // Coder is asked again about somebody whom it has not confirmed for ten minutes.
    await advance(601);
    await fake.limit();
    const busy = await shown(await browser.script('GET', refresh));
    assert.equal([nobody, plain, busy].join('\n\n'), snapshot('refresh_refused'));
  });

  test('logout', async () => {
    await prepared();
    const { browser } = await signedIn();
    const path = '/api/auth/coder/logout?env=development';
    const out = await shown(await browser.script('POST', path));
    const nobody = await shown(await new Browser(send).script('POST', path));
    const headers = { 'x-requested-with': 'XMLHttpRequest', origin: 'https://evil.example' };
    const foreign = await shown(await browser.ask('POST', path, headers));
    assert.deepEqual([out, nobody, foreign], snapshot('logout').split(/\n{3,}/));
  });

  test('who signed in', async () => {
    await prepared();
    const { message } = await signedIn();
    const { token } = message.response.backstageIdentity;
    const answers = [
      await send('GET', '/api/auth/v1/userinfo', { authorization: `Bearer ${token}` }),
      await send('GET', '/api/auth/v1/userinfo', {}),
      await send('GET', '/api/auth/.well-known/openid-configuration', {}),
      await send('GET', '/api/auth/.well-known/jwks.json', {}),
    ];
    const texts = await Promise.all(answers.map(shown));
    assert.equal(texts.join('\n\n'), snapshot('who_signed_in'));
  });
}
