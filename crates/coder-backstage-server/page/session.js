// Signing in with Coder, as Backstage's own front end does it: the same routes, the same popup, the
// same message. Of what the server hands out only the person is kept here; this page needs none of
// the tokens.

import { ask } from './api.js';

const HEIGHT = 700;
const WIDTH = 520;

/** A sign-in that did not come to its end. `kind` is "blocked", "closed" or "refused". */
export class NotSignedIn extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** Who is signed in in this browser. */
export async function restore(environment) {
  const query = new URLSearchParams({ optional: '', env: environment });
  return person(await ask(`/api/auth/coder/refresh?${query}`));
}

/** Ends the session, and with the last one Coder's tokens. */
export async function signOut(environment) {
  const query = new URLSearchParams({ env: environment });
  await ask(`/api/auth/coder/logout?${query}`, 'POST');
}

/** Opens Coder's consent page. Must be called from a click, or the browser blocks the window. */
export function signIn(environment) {
  const query = new URLSearchParams({ env: environment, origin: location.origin, flow: 'popup' });
  const left = Math.max(0, screenX + (outerWidth - WIDTH) / 2);
  const top = Math.max(0, screenY + (outerHeight - HEIGHT) / 2);
  const popup = open(
    `/api/auth/coder/start?${query}`,
    'coder-sign-in',
    `popup,width=${WIDTH},height=${HEIGHT},left=${left},top=${top}`,
  );
  if (!popup) {
    const message = 'Your browser blocked the sign-in window.';
    return { popup, person: Promise.reject(new NotSignedIn('blocked', message)) };
  }
  return { popup, person: answerOf(popup).then(person) };
}

/** Where the whole page goes to sign in without a popup. It comes back, with `?error=` on failure. */
export function signInPage(environment) {
  const back = location.origin + location.pathname;
  const query = new URLSearchParams({ env: environment, flow: 'redirect', redirectUrl: back });
  return `/api/auth/coder/start?${query}`;
}

function answerOf(popup) {
  return new Promise((resolve, reject) => {
    const end = (settle, value) => {
      clearInterval(watch);
      removeEventListener('message', listen);
      settle(value);
    };
    const listen = event => {
      // Only that very window, and only while it shows a page of this server.
      if (event.source !== popup || event.origin !== location.origin) {
        return;
      }
      if (event.data?.type !== 'authorization_response') {
        return;
      }
      const { response, error } = event.data;
      if (response) {
        end(resolve, response);
      } else {
        end(reject, new NotSignedIn('refused', error?.message ?? 'Coder gave no reason.'));
      }
    };
    addEventListener('message', listen);
    const watch = setInterval(() => {
      if (popup.closed) {
        clearInterval(watch);
        // Its message may be on the way still.
        setTimeout(() => {
          const message = 'The sign-in window was closed before signing in was finished.';
          end(reject, new NotSignedIn('closed', message));
        }, 300);
      }
    }, 250);
  });
}

/** The person in a session answer. The tokens in it are let go. */
function person({ profile, backstageIdentity }) {
  const name = profile.displayName || profile.email || 'Coder user';
  return {
    name,
    email: profile.email,
    picture: profile.picture,
    initials: initials(name),
    entityRef: backstageIdentity?.identity.userEntityRef,
  };
}

function initials(name) {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map(word => [...word][0].toUpperCase())
    .join('');
}
