// Backstage's own browser client signs in through us, and notices no difference.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, mock } from 'node:test';

import { ConfigReader } from '@backstage/config';
import * as current from '@backstage/core-app-api';
import * as of124 from 'core-app-api-1.24';

import { Browser, runPopup } from './browser.js';
import { startDemo } from './demo.js';

let demo;
let browser;
/** What the person does in the popup: nothing, unless a test says so. */
let inPopup;
let popups;
const realFetch = globalThis.fetch;

before(async () => {
  demo = await startDemo();
});

after(async () => {
  globalThis.fetch = realFetch;
  await demo?.stop();
});

beforeEach(() => {
  browser = new Browser();
  popups = [];
  inPopup = () => assert.fail('no popup was expected');
  const listeners = new Set();
  // A script of the portal's page asks with the page's origin, and with cookies when it says so.
  globalThis.fetch = (url, options = {}) => {
    if (options.credentials !== 'include') return realFetch(url, options);
    const headers = new Headers(options.headers);
    headers.set('origin', demo.portal);
    return browser.fetch(url, { ...options, headers });
  };
  globalThis.window = {
    location: { origin: demo.portal, href: `${demo.portal}/` },
    screen: { width: 1280, height: 800 },
    addEventListener: (_type, listener) => listeners.add(listener),
    removeEventListener: (_type, listener) => listeners.delete(listener),
    open(url) {
      const popup = { closed: false };
      popups.push(new URL(url));
      const close = () => (popup.closed = true);
      const post = (data, target) => {
        if (target !== '*' && target !== demo.portal) return;
        const event = { source: popup, origin: new URL(url).origin, data };
        for (const listener of [...listeners]) listener(event);
      };
      inPopup(url)
        .then(page => (page ? runPopup(page, { post, close }) : close()))
        .catch(error => post({ type: 'authorization_response', error }, '*'));
      return popup;
    },
  };
});

/** The client of a page that was just loaded, from this release's package. */
function clientOf({ OAuth2, OAuthRequestManager }) {
  return OAuth2.create({
    configApi: new ConfigReader({}),
    discoveryApi: { getBaseUrl: async pluginId => `${demo.portal}/api/${pluginId}` },
    environment: 'development',
    oauthRequestApi: new OAuthRequestManager(),
    provider: { id: 'coder', title: 'Coder', icon: () => null },
  });
}

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
    const client = () => clientOf(packages);

    it('has no session before somebody signs in', async () => {
      assert.equal(await client().getBackstageIdentity(optional), undefined);
      assert.equal(await client().getAccessToken('', optional), '');
    });

    it('signs in through the popup: access to Coder, identity and profile', async () => {
      inPopup = url => browser.logIn(url, 'alice');
      const auth = client();
      const accessToken = await auth.getAccessToken('', instantPopup);
      assert.equal(await whoIsAtCoder(accessToken), 'alice');
      assert.equal(popups[0].pathname, '/api/auth/coder/start');

      const { identity, token, expiresAt } = await auth.getBackstageIdentity();
      assert.equal(identity.userEntityRef, 'user:default/alice');
      assert.deepEqual(identity.ownershipEntityRefs, ['user:default/alice', 'group:default/pms']);
      assert.equal(token.split('.').length, 3);
      assert(expiresAt > new Date());
      assert.equal((await auth.getProfile()).email, 'alice@example.com');
      assert.equal(popups.length, 1);
    });

    it('keeps its session when the page is loaded anew', async () => {
      inPopup = url => browser.logIn(url, 'alice');
      const accessToken = await client().getAccessToken('', instantPopup);
      const reloaded = client();
      assert.equal(await reloaded.getAccessToken(), accessToken);
      const { identity } = await reloaded.getBackstageIdentity();
      assert.equal(identity.userEntityRef, 'user:default/alice');
      assert.equal(popups.length, 1);
    });

    it('asks for a new identity token in time, without a popup', async () => {
      inPopup = url => browser.logIn(url, 'alice');
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
      inPopup = url => browser.logIn(url, 'bob');
      const auth = client();
      const accessToken = await auth.getAccessToken('', instantPopup);
      assert.equal(await whoIsAtCoder(accessToken), 'bob');
      await auth.signOut();
      assert.equal(await auth.getBackstageIdentity(optional), undefined);
      assert.equal(await client().getBackstageIdentity(optional), undefined);
      assert.equal(await whoIsAtCoder(accessToken), 401);
    });

    it('is told when the person says no, and when they close the popup', async () => {
      inPopup = url => browser.logIn(url, 'alice', false);
      await assert.rejects(client().getAccessToken('', instantPopup), /Authentication rejected/);
      inPopup = async () => undefined;
      await assert.rejects(client().getAccessToken('', instantPopup), { name: 'PopupClosedError' });
    });

    it('gets no answer for a page of another origin', async () => {
      window.location.origin = 'http://evil.example';
      inPopup = async url => {
        const response = await browser.fetch(url);
        assert.equal(response.status, 403);
      };
      await assert.rejects(client().getAccessToken('', instantPopup), { name: 'PopupClosedError' });
    });
  });
}
