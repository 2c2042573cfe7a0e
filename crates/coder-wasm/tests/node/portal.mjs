// A fake Coder on a real socket, with the people and the application of a portal.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

export const PORTAL = 'https://portal.example.com';
const CALLBACK = `${PORTAL}/api/auth/coder/handler/frame`;

/** Seals what the stores keep. */
const KEY = randomBytes(32).toString('base64');

/** Starts a fake on a free port, and its control door on the port 1000 above. */
export async function startFake(name) {
  const seedFile = join(process.env.CODER_NPM, `${name}.seed.json`);
  for (let tries = 0; tries < 20; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    const options = ['--fake', 'V2_38', '--serve', String(port), '--seed', seedFile];
    const server = spawn(process.env.CODER_WORLD, options, { stdio: ['ignore', 'pipe', 'ignore'] });
    const line = await Promise.race([once(server.stdout, 'data'), once(server, 'exit')]);
    if (!String(line[0]).includes(' at http')) continue;
    return new Fake(server, JSON.parse(readFileSync(seedFile, 'utf8')));
  }
  throw new Error('no port is free for the fake Coder');
}

class Fake {
  constructor(server, seed) {
    [this.server, this.url, this.seed] = [server, seed.base.replace(/\/$/, ''), seed];
  }

  stop() {
    this.server.kill();
  }

  /** Adds a person; gives their session at Coder. */
  async add(name) {
    const [host, port] = this.seed.control.split(':');
    const door = connect(Number(port), host);
    door.end(`add ${name}\n`);
    let text = '';
    for await (const chunk of door) text += chunk;
    return JSON.parse(text).token;
  }

  /** Registers a portal as an application. */
  async register() {
    const app = await this.#api('/api/v2/oauth2-provider/apps', {
      name: 'backstage',
      callback_url: CALLBACK,
      icon: '',
    });
    const secret = await this.#api(`/api/v2/oauth2-provider/apps/${app.id}/secrets`);
    return { clientId: app.id, clientSecret: secret.client_secret_full };
  }

  async #api(path, body) {
    const answer = await fetch(this.url + path, {
      method: 'POST',
      headers: { 'coder-session-token': this.seed.users.ada.token },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
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
export function sparingConfig(fake, app) {
  const sparing = config(fake, app, { accessToken: 'server' });
  delete sparing.auth.providers.coder.development.signIn;
  return sparing;
}

/** The configuration of a portal at this Coder, as one object. */
export function config(fake, app, session = {}) {
  return {
    app: { baseUrl: PORTAL },
    backend: { baseUrl: PORTAL },
    auth: {
      environment: 'development',
      providers: {
        coder: {
          development: {
            ...app,
            deploymentUrl: fake.url,
            signIn: { resolvers: [{ resolver: 'usernameMatchingUserEntityName' }] },
          },
        },
      },
    },
    coder: {
      deployment: { accessUrl: fake.url },
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
