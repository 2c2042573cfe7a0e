import { OAuth2 } from '@backstage/core-app-api';
import {
  configApiRef,
  createApiFactory,
  createApiRef,
  discoveryApiRef,
  oauthRequestApiRef,
  type BackstageIdentityApi,
  type OAuthApi,
  type ProfileInfoApi,
  type SessionApi,
} from '@backstage/core-plugin-api';
import { CoderIcon } from '../components/CoderIcon';

/**
 * The API of the sign-in with Coder: for sign-in pages, for the settings, and for pages that need Coder.
 * @public
 */
export type CoderAuthApi = OAuthApi & ProfileInfoApi & BackstageIdentityApi & SessionApi;

/**
 * The reference of the sign-in with Coder. Its id is that of the original plugin.
 * @public
 */
export const coderAuthApiRef = createApiRef<CoderAuthApi>({ id: 'auth.coder' });

/**
 * The factory of {@link coderAuthApiRef}. With `configApi` it follows `auth.environment` and
 * `enableExperimentalRedirectFlow`.
 * @public
 */
export const coderAuthApiFactory = createApiFactory({
  api: coderAuthApiRef,
  deps: {
    configApi: configApiRef,
    discoveryApi: discoveryApiRef,
    oauthRequestApi: oauthRequestApiRef,
  },
  factory: ({ configApi, discoveryApi, oauthRequestApi }) =>
    OAuth2.create({
      configApi,
      discoveryApi,
      oauthRequestApi,
      provider: { id: 'coder', title: 'Coder', icon: CoderIcon },
      environment: configApi.getOptionalString('auth.environment'),
      defaultScopes: [],
    }),
});
