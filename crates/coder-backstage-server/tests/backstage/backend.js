// A Backstage backend without an auth plugin of its own: it is told that `auth` is elsewhere.
import { createServer } from 'node:net';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createBackend } from '@backstage/backend-defaults';
import {
  coreServices,
  createBackendPlugin,
  createServiceFactory,
} from '@backstage/backend-plugin-api';
import { ConfigReader } from '@backstage/config';
import { Router } from 'express';

/** Protected routes: one for people, one for whoever may know who asks, one that sets a cookie. */
const whoami = createBackendPlugin({
  pluginId: 'whoami',
  register({ registerInit }) {
    registerInit({
      deps: {
        http: coreServices.httpRouter,
        httpAuth: coreServices.httpAuth,
        userInfo: coreServices.userInfo,
      },
      async init({ http, httpAuth, userInfo }) {
        const router = Router();
        const who = options => async (request, response, next) => {
          try {
            const credentials = await httpAuth.credentials(request, options);
            const { userEntityRef, ownershipEntityRefs } = await userInfo.getUserInfo(credentials);
            const { actor } = credentials.principal;
            response.json({ userEntityRef, ownershipEntityRefs, actor: actor?.subject });
          } catch (error) {
            next(error);
          }
        };
        router.get('/user', who({ allow: ['user'] }));
        router.get('/limited', who({ allow: ['user'], allowLimitedAccess: true }));
        router.get('/cookie', (_request, response, next) => {
          httpAuth.issueUserCookie(response).then(() => response.end(), next);
        });
        http.use(router);
        http.addAuthPolicy({ path: '/limited', allow: 'user-cookie' });
      },
    });
  },
});

/** A plugin that asks another one in the name of the person who asks it. */
const relay = createBackendPlugin({
  pluginId: 'relay',
  register({ registerInit }) {
    registerInit({
      deps: {
        auth: coreServices.auth,
        discovery: coreServices.discovery,
        http: coreServices.httpRouter,
        httpAuth: coreServices.httpAuth,
      },
      async init({ auth, discovery, http, httpAuth }) {
        const router = Router();
        router.get('/user', async (request, response, next) => {
          try {
            const onBehalfOf = await httpAuth.credentials(request, { allow: ['user'] });
            const targetPluginId = 'whoami';
            const { token } = await auth.getPluginRequestToken({ onBehalfOf, targetPluginId });
            const answer = await fetch(`${await discovery.getBaseUrl('whoami')}/user`, {
              headers: { authorization: `Bearer ${token}` },
            });
            response.status(answer.status).json(await answer.json());
          } catch (error) {
            next(error);
          }
        });
        http.use(router);
      },
    });
  },
});

const silence = {
  child: () => silence,
  debug() {},
  error: (message, error) => console.error(message, error ?? ''),
  info() {},
  warn() {},
};

/** Starts a backend whose `auth` is the demo's. Ask for its `url`, and stop it. */
export async function startBackend(demo) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const directory = await mkdtemp(join(tmpdir(), 'backstage-backend-'));
  const config = {
    app: { baseUrl: demo.portal },
    backend: {
      baseUrl: url,
      listen: { host: 'localhost', port },
      // Its own keys, for what its plugins say to each other, need no database then.
      auth: { pluginKeyStore: { type: 'static', static: { keys: [await keyPair(directory)] } } },
    },
    discovery: {
      endpoints: [{ target: `${demo.portal}/api/{{pluginId}}`, plugins: ['auth'] }],
    },
  };
  const backend = createBackend();
  const service = (ref, implementation) =>
    createServiceFactory({ service: ref, deps: {}, factory: () => implementation });
  backend.add(service(coreServices.rootConfig, new ConfigReader(config)));
  backend.add(service(coreServices.rootLogger, silence));
  backend.add(whoami);
  backend.add(relay);
  await backend.start();
  const stop = async () => {
    await backend.stop();
    await rm(directory, { recursive: true });
  };
  return { url, stop };
}

async function keyPair(directory) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [publicKeyFile, privateKeyFile] = ['public.pem', 'private.pem'].map(name =>
    join(directory, name),
  );
  await writeFile(publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(privateKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return { publicKeyFile, privateKeyFile, keyId: 'plugins' };
}

async function freePort() {
  const server = createServer();
  await new Promise(resolve => server.listen(0, 'localhost', resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}
