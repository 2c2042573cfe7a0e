import {
  coreServices,
  createBackendFeatureLoader,
  createBackendModule,
  createBackendPlugin,
} from '@backstage/backend-plugin-api';
import { catalogServiceRef } from '@backstage/plugin-catalog-node';
import {
  authProvidersExtensionPoint,
  commonSignInResolvers,
  createSignInResolverFactory,
  readDeclarativeSignInResolver,
  sendWebMessageResponse,
  type AuthProviderFactory,
  type AuthProviderRouteHandlers,
  type SignInInfo,
  type SignInResolverFactory,
} from '@backstage/plugin-auth-node';
import { passOn, send, toRequest } from './express';
import { handlerRef, type SharedHandler } from './handler';
import { readPopup, withIdentity, type CoderAuthResult, type Session } from './identity';

/** Finds the User whose name is that of the person at Coder. */
const usernameMatchingUserEntityName = createSignInResolverFactory({
  create: () => async (info: SignInInfo<CoderAuthResult>, context) =>
    context.signInWithCatalogUser({ entityRef: { name: info.result.fullProfile.username } }),
});

const signInResolverFactories: Record<string, SignInResolverFactory> = {
  usernameMatchingUserEntityName,
  ...commonSignInResolvers,
};

/**
 * Makes the provider `coder`. The login is that of the handler, with its sessions, its rotation of tokens and
 * its checks; the identity in Backstage is made by Backstage, with its keys, its catalog and its resolvers.
 */
export function coderProvider(shared: SharedHandler): AuthProviderFactory {
  return ({ config, resolverContext, baseUrl }) => {
    const origin = new URL(baseUrl).origin;
    const pass = passOn(shared.get, origin);
    const resolvers = new Map(
      config.keys().map(environment => [
        environment,
        readDeclarativeSignInResolver<CoderAuthResult>({
          config: config.getConfig(environment),
          signInResolverFactories,
        }),
      ]),
    );
    const environmentOf = (named: unknown) =>
      chooseEnvironment(named, config.keys(), shared.environment());
    const identified = (session: Session, environment: string, cookie: string) =>
      withIdentity(session, resolvers.get(environment), resolverContext, async () => {
        const url = new URL('/api/coder/v1/me', origin);
        url.searchParams.set('env', environment);
        const headers = { Cookie: cookie, 'X-Requested-With': 'XMLHttpRequest' };
        const answer = await (await shared.get())(new Request(url, { headers }));
        const body = await answer.json();
        if (!answer.ok) throw new Error(body?.error?.message ?? 'Coder does not tell who this is');
        return body.username;
      });
    const handlers: AuthProviderRouteHandlers = {
      start: pass,
      logout: pass,
      async frameHandler(incoming, outgoing) {
        const answer = await (await shared.get())(toRequest(incoming, origin));
        if (answer.status !== 200) return send(answer, outgoing);
        const html = await answer.text();
        const popup = readPopup(html);
        if (!popup) return send(new Response(html, answer), outgoing);
        for (const cookie of answer.headers.getSetCookie()) outgoing.append('set-cookie', cookie);
        const environment = environmentOf(incoming.path.split('/').filter(Boolean).at(-1));
        const cookie = answer.headers.getSetCookie().map(it => it.split(';')[0]);
        const message = await identified(popup.session, environment, cookie.join('; ')).then(
          response => ({ type: 'authorization_response' as const, response }),
          (error: Error) => ({ type: 'authorization_response' as const, error }),
        );
        sendWebMessageResponse(outgoing, popup.origin, message);
        return undefined;
      },
      async refresh(incoming, outgoing) {
        const answer = await (await shared.get())(toRequest(incoming, origin));
        if (answer.status !== 200) return send(answer, outgoing);
        for (const cookie of answer.headers.getSetCookie()) outgoing.append('set-cookie', cookie);
        const environment = environmentOf(incoming.query.env);
        const cookie = incoming.headers.cookie ?? '';
        const session = await identified(await answer.json(), environment, cookie);
        outgoing.json(session);
        return undefined;
      },
    };
    return handlers;
  };
}

/**
 * Returns the environment of a login: the one that the request names, the only one, or that of the portal's
 * pages.
 */
export function chooseEnvironment(
  named: unknown,
  [first, ...others]: string[],
  usual = first,
): string {
  if (first === named || others.some(it => it === named)) return String(named);
  return others.length === 0 ? first : usual;
}

/**
 * Registers the provider `coder` with Backstage's auth backend.
 * @public
 */
export const authModule = createBackendModule({
  pluginId: 'auth',
  moduleId: 'coder-provider',
  register({ registerInit }) {
    registerInit({
      deps: { providers: authProvidersExtensionPoint, shared: handlerRef },
      async init({ providers, shared }) {
        // A mistake in the configuration stops the start, with its place.
        await shared.get();
        providers.registerProvider({ providerId: 'coder', factory: coderProvider(shared) });
      },
    });
  },
});

/**
 * Serves the routes for pages at `/api/coder`. They are mounted as routes, since they are no part of an auth
 * provider: workspaces, live states, linked tokens.
 * @public
 */
export const coderRoutesPlugin = createBackendPlugin({
  pluginId: 'coder',
  register({ registerInit }) {
    registerInit({
      deps: {
        auth: coreServices.auth,
        catalog: catalogServiceRef,
        config: coreServices.rootConfig,
        http: coreServices.httpRouter,
        shared: handlerRef,
      },
      async init({ auth, catalog, config, http, shared }) {
        shared.setCatalog(async () => {
          const credentials = await auth.getOwnServiceCredentials();
          const { items } = await catalog.getEntities({}, { credentials });
          return items;
        });
        // The handler knows its callers itself: the session, an identity token, a token of Coder.
        http.addAuthPolicy({ path: '/', allow: 'unauthenticated' });
        const { origin } = new URL(config.getString('backend.baseUrl'));
        http.use(passOn(shared.get, origin));
      },
    });
  },
});

/** Adds both: `backend.add(import('@coder-backstage/plugin-auth-backend-module'))`. */
export const coderFeatures = createBackendFeatureLoader({
  *loader() {
    yield authModule;
    yield coderRoutesPlugin;
  },
});
