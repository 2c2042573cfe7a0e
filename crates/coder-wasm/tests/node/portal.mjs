// A fake Coder on a real socket, with the people and the application of a portal.
import { randomBytes } from 'node:crypto';

import { startFake } from './fake.mjs';

export const PORTAL = 'https://portal.example.com';
const CALLBACK = `${PORTAL}/api/auth/coder/handler/frame`;

/** Seals what the stores keep. */
const KEY = randomBytes(32).toString('base64');

/** Starts a fake with an application of a portal, of a release if one is given. */
export async function startPortalsFake(release) {
  const fake = await startFake(release);
  return new Fake(fake, await fake.act(`register ${CALLBACK}`));
}

class Fake {
  #fake;

  constructor(fake, app) {
    [this.#fake, this.url, this.app] = [fake, fake.url.replace(/\/$/, ''), app];
  }

  stop() {
    this.#fake.stop();
  }

  /** Adds a person; gives their session at Coder. */
  async add(name) {
    return (await this.#fake.act(`add ${name}`)).token;
  }

  /** Refuses the next request, as one too many. */
  async limit() {
    await this.#fake.act('limit');
  }

  /** Allows a login; gives the path where Coder sends the browser. */
  async allow(authorize, token) {
    const headers = { 'coder-session-token': token };
    const answer = await fetch(authorize, { method: 'POST', headers, redirect: 'manual' });
    return path(answer.headers.get('location'));
  }

  /** Cancels a login by the link of the consent page. */
  async cancel(authorize, token) {
    const headers = { cookie: `coder_session_token=${token}` };
    const page = await (await fetch(authorize, { headers })).text();
    const links = [...page.matchAll(/href="([^"]*)"/g)].map(([, link]) =>
      link.replaceAll('&amp;', '&').replaceAll('&#43;', '+'),
    );
    return path(links.find(link => link.startsWith(CALLBACK)));
  }
}

function path(location) {
  const { pathname, search } = new URL(location);
  return pathname + search;
}

/** The configuration of a portal without identities, which keeps access tokens to itself. */
export function sparingConfig(fake) {
  const sparing = config(fake, { accessToken: 'server' });
  delete sparing.auth.providers.coder.development.signIn;
  return sparing;
}

/** The configuration of a portal at this Coder, as one object. */
export function config({ url, app }, session = {}) {
  return {
    app: { baseUrl: PORTAL },
    backend: { baseUrl: PORTAL },
    auth: {
      environment: 'development',
      providers: {
        coder: {
          development: {
            ...app,
            deploymentUrl: url,
            signIn: { resolvers: [{ resolver: 'usernameMatchingUserEntityName' }] },
          },
        },
      },
    },
    coder: {
      deployment: { accessUrl: url },
      session: { keys: [KEY], ...session },
    },
  };
}

export const CATALOG = [
  {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'User',
    metadata: { name: 'Alice' },
    spec: {
      profile: { email: 'Alice@Example.com' },
      memberOf: ['team-a', 'group:default/team-b', 'team-a'],
    },
  },
];
