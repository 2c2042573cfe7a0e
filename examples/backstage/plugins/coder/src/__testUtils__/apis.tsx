import type { ReactNode } from 'react';
import { ConfigReader } from '@backstage/config';
import {
  SessionState,
  configApiRef,
  discoveryApiRef,
  fetchApiRef,
  identityApiRef,
} from '@backstage/core-plugin-api';
import { EntityProvider } from '@backstage/plugin-catalog-react';
import { TestApiProvider } from '@backstage/test-utils';
import { QueryClient } from '@tanstack/react-query';
import { coderApiRef, type CoderApi } from '../api/CoderApi';
import { coderAuthApiRef } from '../api/auth';
import { CoderProvider, type CoderProviderProps } from '../components/CoderProvider';
import { formOf, indexOf, listOf, workspace } from './fixtures';

/** The component of the page in tests. */
export const PAYMENTS = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: { name: 'payments', namespace: 'default' },
  spec: { type: 'service', owner: 'pms', lifecycle: 'production' },
};

/** Makes a portal for tests: alice has one workspace, and nothing happens in the stream. */
export function fakePortal() {
  const offer = {
    entityRef: 'component:default/payments',
    compatible: true,
    incompatible: undefined as string | undefined,
    mode: 'manual' as const,
    templateName: 'devcontainers',
    repositoryUrl: 'https://github.com/acme/payments',
    repoUrlParamKeys: ['repo'],
    params: {},
    creationUrl: 'https://coder.example.com/templates/devcontainers/workspace?mode=manual',
    accessUrl: 'https://coder.example.com',
    notices: [] as string[],
  };
  const link = {
    environment: 'production',
    deploymentUrl: 'https://coder.example.com',
    tokenUrl: 'https://coder.example.com/cli-auth',
    username: null as string | null,
  };
  const api = {
    getMe: jest.fn().mockResolvedValue({
      username: 'alice',
      deploymentUrl: 'https://coder.example.com',
      may: { seeAllWorkspaces: false },
    }),
    getEntityOffer: jest.fn().mockResolvedValue(offer),
    listEntityWorkspaces: jest.fn().mockResolvedValue(listOf(workspace())),
    listWorkspaces: jest
      .fn()
      .mockResolvedValue(listOf(workspace(), workspace({ name: 'scratch' }))),
    listIndex: jest.fn().mockResolvedValue(indexOf({ scope: 'own' })),
    exportIndex: jest.fn().mockResolvedValue(new Blob(['owner,name'])),
    getWorkspace: jest.fn(),
    getCreationForm: jest.fn().mockResolvedValue(formOf()),
    createWorkspace: jest.fn(),
    openWorkspace: jest.fn(),
    act: jest.fn().mockResolvedValue(workspace()),
    listTemplates: jest.fn(),
    getTemplateForm: jest.fn(),
    getLink: jest.fn().mockResolvedValue(link),
    link: jest.fn().mockResolvedValue({ ...link, username: 'alice' }),
    unlink: jest.fn().mockResolvedValue(undefined),
    disconnect: jest.fn().mockResolvedValue(undefined),
    watch: jest.fn().mockImplementation(() => new Promise(() => undefined)),
  } satisfies Record<keyof CoderApi, jest.Mock>;
  return { api, offer, link };
}

/** Makes the sign-in for tests. */
export function fakeAuth(state: SessionState = SessionState.SignedOut) {
  return {
    getAccessToken: jest.fn().mockResolvedValue('token'),
    signOut: jest.fn().mockResolvedValue(undefined),
    signIn: jest.fn(),
    sessionState$: () => ({
      subscribe(observer: (state: SessionState) => void) {
        // Backstage's own tells it a moment later, too.
        Promise.resolve().then(() => observer(state));
        return { unsubscribe: () => undefined, closed: false };
      },
    }),
  };
}

/** The surroundings of a component in tests: the APIs, an entity's page, and a provider. */
export function Surroundings(props: {
  portal: ReturnType<typeof fakePortal>;
  auth?: ReturnType<typeof fakeAuth>;
  config?: object;
  entity?: typeof PAYMENTS;
  provider?: Partial<CoderProviderProps>;
  children: ReactNode;
}) {
  const { portal, auth = fakeAuth(), config = {}, entity, children } = props;
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const discoveryApi = { getBaseUrl: async () => 'https://portal.example.com/api/proxy' };
  const identity = {
    getBackstageIdentity: async () => ({ userEntityRef: 'user:default/alice' }),
    signOut: jest.fn(),
  };
  const inside = (
    <CoderProvider queryClient={queryClient} {...props.provider}>
      {children}
    </CoderProvider>
  );
  return (
    <TestApiProvider
      apis={[
        [coderApiRef, portal.api],
        [coderAuthApiRef, auth as any],
        [identityApiRef, identity as any],
        [configApiRef, new ConfigReader({ ...config })],
        [discoveryApiRef, discoveryApi],
        [fetchApiRef, { fetch: jest.fn().mockRejectedValue(new TypeError('no network')) }],
      ]}
    >
      {entity ? <EntityProvider entity={entity}>{inside}</EntityProvider> : inside}
    </TestApiProvider>
  );
}
