import type { ReactNode } from 'react';
import { Navigate, Route } from 'react-router-dom';
import { createApp } from '@backstage/app-defaults';
import { AppRouter, FlatRoutes } from '@backstage/core-app-api';
import {
  AlertDisplay,
  OAuthRequestDialog,
  SidebarPage,
  SignInPage,
} from '@backstage/core-components';
import { CatalogEntityPage, CatalogIndexPage } from '@backstage/plugin-catalog';
import { UserSettingsPage } from '@backstage/plugin-user-settings';
import {
  CoderLegacyPage,
  CoderProvider,
  CoderProviderSettings,
  coderAuthApiRef,
  coderPlugin,
} from '@coder-backstage/plugin';
import { apis } from './apis';
import { entityPage } from './EntityPage';

const app = createApp({
  apis,
  plugins: [coderPlugin],
  components: {
    SignInPage: props => (
      <SignInPage
        {...props}
        providers={[
          {
            id: 'coder-auth-provider',
            title: 'Coder',
            message: 'Sign in using Coder',
            apiRef: coderAuthApiRef,
          },
        ]}
      />
    ),
  },
});

/** Where the provider stands: above the router, below it, or around one page. */
const place = localStorage.getItem('provider') ?? 'above';
/** What the provider is given in place of app-config. */
const appConfig = JSON.parse(localStorage.getItem('appConfig') ?? 'null') ?? undefined;

function At(props: { where: string; children: ReactNode }) {
  if (place !== props.where) return <>{props.children}</>;
  return <CoderProvider appConfig={appConfig}>{props.children}</CoderProvider>;
}

const routes = (
  <FlatRoutes>
    <Route path="/" element={<Navigate to="catalog" />} />
    <Route path="/catalog" element={<CatalogIndexPage />} />
    <Route path="/catalog/:namespace/:kind/:name" element={<CatalogEntityPage />}>
      {entityPage}
    </Route>
    <Route path="/coder" element={<CoderLegacyPage />} />
    <Route
      path="/settings"
      element={<UserSettingsPage providerSettings={<CoderProviderSettings />} />}
    />
  </FlatRoutes>
);

const Root = app.createRoot(
  <>
    <AlertDisplay />
    <OAuthRequestDialog />
    <At where="above">
      <AppRouter>
        <At where="below">
          <SidebarPage>
            <At where="around">{routes}</At>
          </SidebarPage>
        </At>
      </AppRouter>
    </At>
  </>,
);

export default <Root />;
