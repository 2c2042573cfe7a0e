// Coder is only an account: people sign in to Backstage elsewhere, and its browser client gets them
// access to Coder from a portal without `signIn`.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import * as current from '@backstage/core-app-api';
import * as of124 from 'core-app-api-1.24';

import { startServer } from './catalog.js';
import { Page, realFetch } from './page.js';

const { CODER_URL: url, CODER_SESSION_TOKEN: token } = process.env;
assert(url && token, 'the fake Coder of `cargo xtask test --only backstage` is not there');

let server;

before(async () => {
  server = await startServer({ url, token }, '{}', { signIn: false });
});

after(async () => {
  globalThis.fetch = realFetch;
  await server?.stop();
});

for (const [release, packages] of Object.entries({ 1.24: of124, 1.55: current })) {
  describe(`Backstage ${release}'s browser client at a portal that is an account`, () => {
    it('gets access to Coder, and no identity', async () => {
      const page = new Page(server.portal);
      page.inPopup = start => page.browser.logIn(start, 'alice');
      const auth = page.client(packages);
      const accessToken = await auth.getAccessToken('', { instantPopup: true });
      const headers = { authorization: `Bearer ${accessToken}` };
      const answer = await realFetch(`${url}/api/v2/users/me`, { headers });
      assert.equal((await answer.json()).username, 'alice');
      assert.equal(await auth.getBackstageIdentity({ optional: true }), undefined);
      await auth.signOut();
      assert.equal(await auth.getAccessToken('', { optional: true }), '');
    });
  });
}
