// Backstage's own browser client signs in through us, and notices no difference.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';

import * as current from '@backstage/core-app-api';
import * as of124 from 'core-app-api-1.24';

import { startDemo } from './demo.js';
import { Page, realFetch } from './page.js';

let demo;
let page;
let browser;

before(async () => {
  demo = await startDemo();
});

after(async () => {
  globalThis.fetch = realFetch;
  await demo?.stop();
});

beforeEach(() => {
  page = new Page(demo.portal);
  browser = page.browser;
});

const instantPopup = { instantPopup: true };
const optional = { optional: true };

async function whoIsAtCoder(accessToken) {
  const response = await realFetch(`${demo.coder}/api/v2/users/me`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  return response.ok ? (await response.json()).username : response.status;
}

// The release that the original needs at least, and the newest that was tried.
const releases = { 1.24: of124, 1.55: current };

for (const [release, packages] of Object.entries(releases)) {
  describe(`Backstage ${release}'s browser client`, () => {
    const client = () => page.client(packages);

    it('has no session before somebody signs in', async () => {
      assert.equal(await client().getBackstageIdentity(optional), undefined);
      assert.equal(await client().getAccessToken('', optional), '');
    });

    it('signs in through the popup: access to Coder, identity and profile', async () => {
      page.inPopup = url => browser.logIn(url, 'alice');
      const auth = client();
      const accessToken = await auth.getAccessToken('', instantPopup);
      assert.equal(await whoIsAtCoder(accessToken), 'alice');
      assert.equal(page.popups[0].pathname, '/api/auth/coder/start');

      const { identity, token, expiresAt } = await auth.getBackstageIdentity();
      assert.equal(identity.userEntityRef, 'user:default/alice');
      assert.deepEqual(identity.ownershipEntityRefs, ['user:default/alice', 'group:default/pms']);
      assert.equal(token.split('.').length, 3);
      assert(expiresAt > new Date());
      assert.equal((await auth.getProfile()).email, 'alice@example.com');
      assert.equal(page.popups.length, 1);
    });

    it('keeps its session when the page is loaded anew', async () => {
      page.inPopup = url => browser.logIn(url, 'alice');
      const accessToken = await client().getAccessToken('', instantPopup);
      const reloaded = client();
      assert.equal(await reloaded.getAccessToken(), accessToken);
      const { identity } = await reloaded.getBackstageIdentity();
      assert.equal(identity.userEntityRef, 'user:default/alice');
      assert.equal(page.popups.length, 1);
    });

    it('asks for a new identity token in time, without a popup', async () => {
      page.inPopup = url => browser.logIn(url, 'alice');
      const auth = client();
      await auth.getAccessToken('', instantPopup);
      const { expiresAt } = await auth.getBackstageIdentity();
      let refreshes = 0;
      const { fetch } = browser;
      browser.fetch = (url, options) => {
        refreshes += new URL(url).pathname.endsWith('/coder/refresh') ? 1 : 0;
        return fetch(url, options);
      };
      await auth.getBackstageIdentity();
      assert.equal(refreshes, 0);
      mock.timers.enable({ apis: ['Date'], now: expiresAt.getTime() - 60_000 });
      try {
        const { identity } = await auth.getBackstageIdentity();
        assert.equal(identity.userEntityRef, 'user:default/alice');
        assert.equal(refreshes, 1);
      } finally {
        mock.timers.reset();
      }
    });

    it('signs out for good, at Coder too', async () => {
      page.inPopup = url => browser.logIn(url, 'bob');
      const auth = client();
      const accessToken = await auth.getAccessToken('', instantPopup);
      assert.equal(await whoIsAtCoder(accessToken), 'bob');
      await auth.signOut();
      assert.equal(await auth.getBackstageIdentity(optional), undefined);
      assert.equal(await client().getBackstageIdentity(optional), undefined);
      assert.equal(await whoIsAtCoder(accessToken), 401);
    });

    it('is told when the person says no, and when they close the popup', async () => {
      page.inPopup = url => browser.logIn(url, 'alice', false);
      await assert.rejects(client().getAccessToken('', instantPopup), /Authentication rejected/);
      page.inPopup = async () => undefined;
      await assert.rejects(client().getAccessToken('', instantPopup), { name: 'PopupClosedError' });
    });

    it('gets no answer for a page of another origin', async () => {
      window.location.origin = 'http://evil.example';
      page.inPopup = async url => {
        const response = await browser.fetch(url);
        assert.equal(response.status, 403);
      };
      await assert.rejects(client().getAccessToken('', instantPopup), { name: 'PopupClosedError' });
    });
  });
}
