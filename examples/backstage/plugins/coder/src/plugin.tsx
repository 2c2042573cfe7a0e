import { compatWrapper } from '@backstage/core-compat-api';
import { SignInPage } from '@backstage/core-components';
import {
  ApiBlueprint,
  NavItemBlueprint,
  PageBlueprint,
  SignInPageBlueprint,
  coreExtensionData,
  createExtension,
  createFrontendPlugin,
  createRouteRef,
} from '@backstage/frontend-plugin-api';
import { EntityCardBlueprint, EntityContentBlueprint } from '@backstage/plugin-catalog-react/alpha';
import { FormFieldBlueprint } from '@backstage/plugin-scaffolder-react/alpha';
import { coderAuthApiFactory, coderAuthApiRef } from './api/auth';
import { coderApiFactory } from './api/factory';
import { CoderIcon } from './components/CoderIcon';
import { CoderProviderSettings as Settings } from './components/CoderProviderSettings';

const rootRouteRef = createRouteRef();

const coderApi = ApiBlueprint.make({
  name: 'coder',
  params: defineParams => defineParams(coderApiFactory),
});

const coderAuthApi = ApiBlueprint.make({
  name: 'auth',
  params: defineParams => defineParams(coderAuthApiFactory),
});

const page = PageBlueprint.make({
  params: {
    path: '/coder',
    routeRef: rootRouteRef,
    // Links to entities are of the legacy system.
    loader: () =>
      import('./components/CoderPage').then(({ CoderPage }) => compatWrapper(<CoderPage />)),
  },
});

const navItem = NavItemBlueprint.make({
  params: { title: 'Coder', icon: () => <CoderIcon />, routeRef: rootRouteRef },
});

/** Shows the card for components; `filter` and `incompatible` are configured in app-config. */
const entityCard = EntityCardBlueprint.makeWithOverrides({
  name: 'workspaces',
  config: {
    schema: { incompatible: z => z.enum(['shown', 'hidden']).default('shown') },
  },
  factory(original, { config }) {
    const incompatible = config.incompatible === 'hidden' ? 'hidden' : undefined;
    return original({
      filter: 'kind:component',
      loader: async () => {
        const { CoderWorkspacesCard } = await import('./components/card/CoderWorkspacesCard');
        return <CoderWorkspacesCard readEntityData incompatible={incompatible} />;
      },
    });
  },
});

/** Shows the same on a tab of its own. It is there when app-config asks for it. */
const entityContent = EntityContentBlueprint.make({
  name: 'workspaces',
  disabled: true,
  params: {
    path: '/coder',
    title: 'Coder',
    filter: 'kind:component',
    loader: async () => {
      const { CoderWorkspacesCard } = await import('./components/card/CoderWorkspacesCard');
      return <CoderWorkspacesCard readEntityData />;
    },
  },
});

/** Signs people in to Backstage with Coder. It is there when app-config asks for it. */
const signInPage = SignInPageBlueprint.make({
  disabled: true,
  params: {
    loader: async () => props => (
      <SignInPage
        {...props}
        provider={{
          id: 'coder-auth-provider',
          title: 'Coder',
          message: 'Sign in using Coder',
          apiRef: coderAuthApiRef,
        }}
      />
    ),
  },
});

/** Puts the row of Coder into the settings. An app that has providers besides makes a list of its own. */
const settings = createExtension({
  kind: 'settings',
  attachTo: { id: 'page:user-settings', input: 'providerSettings' },
  output: [coreExtensionData.reactElement],
  *factory() {
    yield coreExtensionData.reactElement(<Settings />);
  },
});

const templateField = FormFieldBlueprint.make({
  name: 'coder-template',
  params: {
    field: () =>
      import('./components/field/field').then(({ coderTemplateField }) => coderTemplateField),
  },
});

/**
 * The plugin for apps of the New Frontend System.
 * @public
 */
export const coderFrontendPlugin = createFrontendPlugin({
  pluginId: 'coder',
  info: { packageJson: () => import('../package.json') },
  routes: { root: rootRouteRef },
  extensions: [
    coderApi,
    coderAuthApi,
    page,
    navItem,
    entityCard,
    entityContent,
    signInPage,
    settings,
    templateField,
  ],
});
