/** The sign-in with Coder, as `auth.providers.coder` of the original module has it. */
export interface Config {
  auth?: {
    providers?: {
      coder?: {
        [environment: string]: {
          clientId: string;
          /** @visibility secret */
          clientSecret: string;
          deploymentUrl: string;
          internalUrl?: string;
          callbackUrl?: string;
          additionalScopes?: string | string[];
          sessionDuration?: string | object;
          signIn?: { resolvers: { resolver: string; allowedDomains?: string[] }[] };
        };
      };
    };
  };
  coder?: {
    session?: {
      /**
       * What seals what is stored, the newest first.
       * @visibility secret
       */
      keys?: string[];
    };
  };
}
