import { useCallback, useEffect, useSyncExternalStore } from 'react';
import {
  SessionState,
  identityApiRef,
  useApi,
  useApiHolder,
  type IdentityApi,
  type SessionApi,
} from '@backstage/core-plugin-api';
import { notifyManager, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { coderApiRef, isSignedOut } from '../api/CoderApi';
import { coderAuthApiRef, type CoderAuthApi } from '../api/auth';
import { CODER_QUERY_KEY_PREFIX, forgetUnseen } from './useCoderQuery';
import { CoderQueryContext } from './context';

/**
 * The person's sign-in with Coder, for components of a portal's own.
 * @public
 */
export interface CoderAuth {
  /** `false` as soon as the portal has answered that nobody is signed in to Coder. */
  isAuthenticated: boolean;
  /** Opens the sign-in with Coder. Call it from a click, since browsers stop other windows. */
  signIn(): Promise<void>;
  /**
   * Ends the session of this browser at Coder, and forgets the linked token. Who is signed in to Backstage with
   * Coder is signed out of Backstage as well.
   */
  signOut(): Promise<void>;
  /** `false` when the portal has no sign-in with Coder: people link a token then. */
  canSignIn: boolean;
}

/**
 * Returns the person's sign-in with Coder.
 * @public
 */
export function useCoderAuth(): CoderAuth {
  const auth = useApiHolder().get(coderAuthApiRef);
  const coderApi = useApi(coderApiRef);
  const identityApi = useApi(identityApiRef);
  const client = useQueryClient({ context: CoderQueryContext });
  const isRefused = useIsRefused(client);
  const signIn = useCallback(async () => {
    if (!auth)
      throw new Error('this portal has no sign-in with Coder; its apps register it as an API');
    await signInAnew(auth);
    forgetUnseen(client);
    await client.invalidateQueries([CODER_QUERY_KEY_PREFIX]);
  }, [auth, client]);
  const signOut = useCallback(async () => {
    const isSignIn = auth !== undefined && (await isSignInOf(auth, identityApi));
    await coderApi.disconnect();
    if (isSignIn) {
      await identityApi.signOut();
      // The browser leaves the page: nothing is to follow in it.
      return new Promise<void>(() => undefined);
    }
    await auth?.signOut();
    return client.resetQueries([CODER_QUERY_KEY_PREFIX]);
  }, [auth, client, coderApi, identityApi]);
  return { isAuthenticated: !isRefused, signIn, signOut, canSignIn: auth !== undefined };
}

/** Tells whether the person is signed in to Backstage with Coder: without it, nobody is signed in at all. */
async function isSignInOf(auth: CoderAuthApi, identityApi: IdentityApi): Promise<boolean> {
  if ((await currentState(auth)) !== SessionState.SignedIn) return false;
  const identity = await auth.getBackstageIdentity({ optional: true });
  if (!identity) return false;
  const { userEntityRef } = await identityApi.getBackstageIdentity();
  return identity.identity.userEntityRef === userEntityRef;
}

/**
 * Opens a login. A session in memory goes first: with it Backstage's client would answer from memory and open
 * nothing, though the portal takes that session no longer.
 */
export async function signInAnew(auth: Pick<CoderAuthApi, 'getAccessToken'> & SessionApi) {
  if ((await currentState(auth)) === SessionState.SignedIn) await auth.signOut();
  await auth.getAccessToken('', { instantPopup: true });
}

/** Returns the state of the session. Backstage tells it to a new subscriber, a moment later. */
function currentState(session: SessionApi): Promise<SessionState | undefined> {
  return new Promise(resolve => {
    const subscription = session.sessionState$().subscribe(resolve);
    setTimeout(() => {
      subscription.unsubscribe();
      resolve(undefined);
    });
  });
}

/** Asks anew when somebody signs in, and forgets what was read when somebody signs out. */
export function useFollowSession(client: QueryClient) {
  const apis = useApiHolder();
  const auth = apis.get(coderAuthApiRef);
  const identityApi = apis.get(identityApiRef);
  useEffect(() => {
    // Where Coder signs people in to Backstage, a sign-out leads away from the page. Asking anew meanwhile
    // would open a login.
    let isSignIn = Promise.resolve(false);
    let known: SessionState | undefined;
    const subscription = auth?.sessionState$().subscribe(state => {
      const isChange = known !== undefined && known !== state;
      known = state;
      if (state === SessionState.SignedIn) {
        if (identityApi) isSignIn = isSignInOf(auth, identityApi).catch(() => false);
        if (!isChange) return;
        forgetUnseen(client);
        client.invalidateQueries([CODER_QUERY_KEY_PREFIX]);
      } else if (isChange) {
        isSignIn.then(leaves => {
          if (!leaves) client.resetQueries([CODER_QUERY_KEY_PREFIX]);
        });
      }
    });
    return () => subscription?.unsubscribe();
  }, [auth, client, identityApi]);
}

/** Tells whether the portal's last answers say that nobody is signed in to Coder. */
export function useIsRefused(client: QueryClient): boolean {
  const cache = client.getQueryCache();
  // The cache tells of a query while a component that asks it is drawn: this one is drawn afterwards.
  const subscribe = useCallback(
    (changed: () => void) => cache.subscribe(notifyManager.batchCalls(changed)),
    [cache],
  );
  return useSyncExternalStore(subscribe, () =>
    cache.findAll([CODER_QUERY_KEY_PREFIX]).some(query => isSignedOut(query.state.error)),
  );
}
