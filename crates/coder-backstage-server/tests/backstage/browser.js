// A browser without a window: it keeps cookies, follows redirects, presses buttons, and runs the
// script of the popup page as far as that page's policy allows.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';

// As it is before a test puts its page's own in its place.
const send = globalThis.fetch;

export class Browser {
  #cookies = new Map();

  /** Like `fetch` with credentials. */
  fetch = async (url, options = {}) => {
    const { hostname } = new URL(url);
    const cookies = this.#cookies.get(hostname) ?? new Map();
    this.#cookies.set(hostname, cookies);
    const headers = new Headers(options.headers);
    if (cookies.size) headers.set('cookie', [...cookies].map(pair => pair.join('=')).join('; '));
    const response = await send(url, { redirect: 'manual', ...options, headers });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]*)=([^;]*)/.exec(cookie);
      if (/; *max-age=0/i.test(cookie)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };

  /** Opens a page, wherever that leads. */
  async open(url, options) {
    let response = await this.fetch(url, options);
    for (let hops = 0; response.headers.has('location'); hops++) {
      assert(hops < 10, `${url} redirects in circles`);
      url = new URL(response.headers.get('location'), url).href;
      response = await this.fetch(url);
    }
    return { url, response, html: await response.text() };
  }

  /** The person's part of a login: who they are at Coder, and whether the portal may. */
  async logIn(startUrl, username, allow = true) {
    let page = await this.open(startUrl);
    const user = new RegExp(`value="([^"]*)" id="user-${username}"`).exec(page.html);
    if (user) {
      const redirect = plain(/name="redirect" value="([^"]*)"/.exec(page.html)[1]);
      page = await this.#submit(new URL('/login', page.url).href, { redirect, user: user[1] });
    }
    if (!allow) {
      const cancel = plain(/id="cancel-link" href="([^"]*)"/.exec(page.html)[1]);
      return this.open(new URL(cancel, page.url).href);
    }
    const [, csrfToken] = /name="csrf_token" value="([^"]*)"/.exec(page.html);
    return this.#submit(page.url, { csrf_token: csrfToken });
  }

  #submit(url, fields) {
    const headers = { 'sec-fetch-site': 'same-origin' };
    return this.open(url, { method: 'POST', headers, body: new URLSearchParams(fields) });
  }
}

/** Runs the popup page's script. `post` is its opener's `postMessage`. */
export function runPopup({ response, html }, { post, close }) {
  const [, script] = /<script[^>]*>([\s\S]*?)<\/script>/.exec(html);
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = response.headers.get('content-security-policy');
  assert(policy.includes(`'sha256-${hash}'`), `its policy lets no such script run: ${policy}`);
  const window = { opener: { postMessage: post }, close };
  runInNewContext(script, { window, setTimeout, decodeURIComponent, JSON });
}

/** A whole login; what the popup posts to the portal's page. */
export async function logIn(demo, username, env = 'development') {
  const query = new URLSearchParams({ env, origin: demo.portal, flow: 'popup' });
  const page = await new Browser().logIn(`${demo.portal}/api/auth/coder/start?${query}`, username);
  return new Promise(close => {
    let answer;
    runPopup(page, {
      post(message, target) {
        if (message.type === 'authorization_response') answer = { ...message, target };
      },
      close: () => close(answer),
    });
  });
}

function plain(html) {
  return html.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
}
