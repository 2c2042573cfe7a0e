// A page of the portal, as far as Backstage's browser client needs one.
import assert from 'node:assert/strict';

import { ConfigReader } from '@backstage/config';

import { Browser, runPopup } from './browser.js';

/** `fetch` of a program that is no page. */
export const realFetch = globalThis.fetch;

/** A page at `portal` in a browser: its `fetch` and its `window` are the global ones. */
export class Page {
  /** What the person does in the popup: nothing, unless a test says so. */
  inPopup = () => assert.fail('no popup was expected');
  popups = [];
  #listeners = new Set();

  constructor(portal, browser = new Browser()) {
    this.portal = portal;
    this.browser = browser;
    // A script of the portal's page asks with the page's origin, and with cookies when it says so.
    globalThis.fetch = (url, options = {}) => {
      if (options.credentials !== 'include') return realFetch(url, options);
      const headers = new Headers(options.headers);
      headers.set('origin', portal);
      return this.browser.fetch(url, { ...options, headers });
    };
    globalThis.window = {
      location: { origin: portal, href: `${portal}/` },
      screen: { width: 1280, height: 800 },
      addEventListener: (_type, listener) => this.#listeners.add(listener),
      removeEventListener: (_type, listener) => this.#listeners.delete(listener),
      open: url => this.#open(url),
    };
  }

  /** The client of a page that was just loaded, from this release's package. */
  client({ OAuth2, OAuthRequestManager }) {
    return OAuth2.create({
      configApi: new ConfigReader({}),
      discoveryApi: { getBaseUrl: async pluginId => `${this.portal}/api/${pluginId}` },
      environment: 'development',
      oauthRequestApi: new OAuthRequestManager(),
      provider: { id: 'coder', title: 'Coder', icon: () => null },
    });
  }

  #open(url) {
    const popup = { closed: false };
    this.popups.push(new URL(url));
    const close = () => (popup.closed = true);
    const post = (data, target) => {
      if (target !== '*' && target !== this.portal) return;
      const event = { source: popup, origin: new URL(url).origin, data };
      for (const listener of [...this.#listeners]) listener(event);
    };
    this.inPopup(url)
      .then(page => (page ? runPopup(page, { post, close }) : close()))
      .catch(error => post({ type: 'authorization_response', error }, '*'));
    return popup;
  }
}
