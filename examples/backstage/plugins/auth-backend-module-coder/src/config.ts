import type { JsonObject } from '@backstage/types';

/** An item of `coder.trustedIssuers`: what tokens have as `iss`, and where the keys are published. */
export type TrustedIssuer = { issuer: string; jwksUrl: string };

/**
 * Makes the configuration of the handler from that of the backend.
 *
 * Backstage's own auth backend signs people in: it has the keys of identity tokens, and the catalog. So the
 * handler has no `signIn`, and trusts the tokens of `backstage`, unless the configuration trusts that issuer
 * already.
 */
export function handlerConfig(config: JsonObject, backstage: TrustedIssuer): JsonObject {
  const auth = (config.auth ?? {}) as JsonObject;
  const providers = (auth.providers ?? {}) as JsonObject;
  const environments = Object.entries((providers.coder ?? {}) as JsonObject);
  const withoutSignIn = environments.map(([name, environment]) => {
    const { signIn: _, ...rest } = environment as JsonObject;
    return [name, rest];
  });
  const { environment, experimentalExtraAllowedOrigins } = auth;
  const { baseUrl, cors } = config.backend as JsonObject;
  const coder = (config.coder ?? {}) as JsonObject;
  const others = (coder.trustedIssuers ?? []) as JsonObject[];
  const trustedIssuers = others.some(({ issuer }) => issuer === backstage.issuer)
    ? others
    : [backstage, ...others];
  return withoutUndefined({
    app: config.app,
    backend: withoutUndefined({ baseUrl, cors }),
    auth: withoutUndefined({
      environment,
      experimentalExtraAllowedOrigins,
      providers: { coder: Object.fromEntries(withoutSignIn) },
    }),
    coder: { ...coder, trustedIssuers },
    integrations: config.integrations,
  });
}

function withoutUndefined(object: Record<string, unknown>): JsonObject {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as JsonObject;
}
