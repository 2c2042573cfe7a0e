// A Backstage backend without an auth plugin of its own: it is told that `auth` is elsewhere.
import { coreServices, createBackendPlugin } from '@backstage/backend-plugin-api';
import { Router } from 'express';

import { startBackstage } from './backstage.js';

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

/** The plugins of a backend that knows who asks. */
export const inBackstage = [whoami, relay];

/** The app-config of a backend whose `auth` is at this portal. */
export function withAuthAt(portal) {
  return {
    app: { baseUrl: portal },
    discovery: {
      endpoints: [{ target: `${portal}/api/{{pluginId}}`, plugins: ['auth'] }],
    },
  };
}

/** Starts a backend whose `auth` is the demo's. Ask for its `url`, and stop it. */
export function startBackend(demo) {
  return startBackstage(inBackstage, () => withAuthAt(demo.portal));
}
