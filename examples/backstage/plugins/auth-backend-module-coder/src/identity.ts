import {
  prepareBackstageIdentityResponse,
  type AuthResolverContext,
  type ProfileInfo,
  type SignInResolver,
} from '@backstage/plugin-auth-node';

/** The session of a login, as the handler answers it. */
export interface Session {
  profile: ProfileInfo;
  providerInfo: { accessToken: string; scope: string; expiresInSeconds?: number };
}

/** What sign-in resolvers get beside the profile. */
export interface CoderAuthResult {
  fullProfile: { username: string; email?: string };
  session: { accessToken: string; tokenType: string; scope: string };
}

/** Asks for the person's name at Coder. */
export type ReadUsername = () => Promise<string>;

/** Adds the identity in Backstage to a session, if the app-config names resolvers. */
export async function withIdentity(
  session: Session,
  resolver: SignInResolver<CoderAuthResult> | undefined,
  context: AuthResolverContext,
  readUsername: ReadUsername,
) {
  if (!resolver) return session;
  const { profile, providerInfo } = session;
  const { accessToken, scope } = providerInfo;
  const result: CoderAuthResult = {
    fullProfile: { username: await readUsername(), email: profile.email },
    session: { accessToken, tokenType: 'bearer', scope },
  };
  const identity = await resolver({ profile, result }, context);
  return { ...session, backstageIdentity: prepareBackstageIdentityResponse(identity) };
}

/** The two texts in the page of a popup: its message, and the origin that may read it. */
const TEXTS_OF_POPUP = /decodeURIComponent\('([^']*)'\)/g;

/**
 * Reads the session that the page of a popup posts, and to whom. A page that tells of a failure, and any other
 * page, has none.
 */
export function readPopup(html: string): { session: Session; origin: string } | undefined {
  const texts = [...html.matchAll(TEXTS_OF_POPUP)].map(([, text]) => decodeURIComponent(text));
  const [message, origin] = texts;
  if (message === undefined || origin === undefined) return undefined;
  const { response }: { response?: Session } = JSON.parse(message);
  return response && { session: response, origin };
}
