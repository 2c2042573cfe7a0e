// Backstage's browser client and the original plugin's requests, unchanged, where Coder's tokens stay
// on the server.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import * as current from '@backstage/core-app-api';
import * as of124 from 'core-app-api-1.24';

import { startServer } from './catalog.js';
import { Page, realFetch } from './page.js';

const { CODER_URL: url, CODER_SESSION_TOKEN: token } = process.env;
assert(url && token, 'the fake Coder of `cargo xtask test --only backstage` is not there');

const SEARCH =
  '/api/v2/workspaces?q=owner%3Ame+param%3A%22repo_url%3Dhttps%3A%2F%2Fgithub.com%2Facme%2Fpayments%22&limit=0';

// The block of the plugin's documentation.
const PROXY = `
proxy:
  endpoints:
    '/coder':
      target: '${url}'
      changeOrigin: true
      allowedMethods: ['GET', 'POST']
      allowedHeaders: ['Authorization', 'Coder-Session-Token']
      headers:
        X-Custom-Source: backstage
catalog:
  rules: [{ allow: [User] }]
  locations: [{ type: file, target: people.yaml }]
`;
const PEOPLE = `
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: alice }
spec: { memberOf: [] }
`;

let server;
let page;

before(async () => {
  const files = { 'people.yaml': PEOPLE };
  const section = '{ session: { accessToken: server } }';
  server = await startServer({ url, token }, section, { more: PROXY, files });
});

after(async () => {
  globalThis.fetch = realFetch;
  await server?.stop();
});

beforeEach(() => {
  page = new Page(server.portal);
  page.inPopup = start => page.browser.logIn(start, 'alice');
});

/** A request of the card, as its axios sends it from another origin: no cookie, both tokens. */
async function ask(path, { accessToken, identity }) {
  const headers = {
    accept: 'application/json, text/plain, */*',
    origin: server.portal,
    'coder-session-token': accessToken,
    authorization: `Bearer ${identity}`,
  };
  const answer = await realFetch(`${server.portal}/api/proxy/coder${path}`, { headers });
  return { status: answer.status, body: answer.ok ? await answer.json() : await answer.text() };
}

async function signIn(packages) {
  const auth = page.client(packages);
  const accessToken = await auth.getAccessToken('', { instantPopup: true });
  const { token: identity } = await auth.getBackstageIdentity();
  return { auth, accessToken, identity };
}

for (const [release, packages] of Object.entries({ 1.24: of124, 1.55: current })) {
  describe(`the original card with Backstage ${release}'s client, and Coder's tokens on the server`, () => {
    it('gets a token that opens nothing at Coder and everything of the card here', async () => {
      const card = await signIn(packages);
      const { accessToken } = card;
      assert(accessToken, 'without a token the card shows its form for ever');
      const atCoder = await realFetch(`${url}/api/v2/users/me`, {
        headers: { 'coder-session-token': accessToken },
      });
      assert.equal(atCoder.status, 401);
      const me = await ask('/api/v2/users/me', card);
      assert.equal(me.status, 200, JSON.stringify(me.body));
      assert.equal(me.body.username, 'alice');
      const found = await ask(SEARCH, card);
      assert.equal(found.status, 200, JSON.stringify(found.body));
      assert.deepEqual(found.body.workspaces, []);
      await card.auth.signOut();
    });

    it('goes on in an open card after a login and a logout elsewhere, and ends with the last session', async () => {
      const card = await signIn(packages);
      const { browser } = page;
      page = new Page(server.portal);
      page.inPopup = start => page.browser.logIn(start, 'alice');
      const other = await signIn(packages);
      for (const open of [card, other]) {
        assert.equal((await ask('/api/v2/users/me', open)).status, 200);
      }
      await other.auth.signOut();
      assert.equal((await ask('/api/v2/users/me', other)).status, 401);
      assert.equal((await ask('/api/v2/users/me', card)).status, 200);
      new Page(server.portal, browser);
      await card.auth.signOut();
      for (const ended of [card, other]) {
        assert.equal((await ask('/api/v2/users/me', ended)).status, 401);
      }
    });
  });
}
