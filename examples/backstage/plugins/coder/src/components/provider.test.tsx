import { ConfigReader } from '@backstage/config';
import { createApp } from '@backstage/app-defaults';
import { SessionState, createApiFactory } from '@backstage/core-plugin-api';
import { AppRouter } from '@backstage/core-app-api';
import { QueryClient } from '@tanstack/react-query';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { CoderApiError, coderApiRef } from '../api/CoderApi';
import { coderAuthApiRef } from '../api/auth';
import { Surroundings, fakeAuth, fakePortal } from '../__testUtils__/apis';
import { useCoderAuth } from '../hooks/useCoderAuth';
import { CODER_QUERY_KEY_PREFIX, useCoderQuery } from '../hooks/useCoderQuery';
import { CoderWorkspacesCard } from './card/CoderWorkspacesCard';
import { CoderAuthWrapper } from './CoderAuthWrapper';
import { CoderProvider } from './CoderProvider';
import { CoderProviderSettings } from './CoderProviderSettings';
import { LinkToken } from './LinkToken';

/** A component of a portal's own. It has no sign-in. */
function Own() {
  const list = useCoderQuery({
    queryKey: ['own'],
    queryFn: ({ coderApi }) => coderApi.listWorkspaces(),
    retry: false,
  });
  return <p>{list.data ? `${list.data.count} workspaces` : 'none'}</p>;
}

function appOf(portal: ReturnType<typeof fakePortal>) {
  return createApp({
    apis: [
      createApiFactory(coderApiRef, portal.api),
      createApiFactory(coderAuthApiRef, fakeAuth() as any),
    ],
    configLoader: async () => [
      {
        context: 'test',
        data: new ConfigReader({
          app: { baseUrl: 'http://localhost' },
          backend: { baseUrl: 'http://localhost' },
        }).get(),
      },
    ],
  });
}

const layouts: [string, () => JSX.Element][] = [
  [
    'above AppRouter',
    () => (
      <CoderProvider>
        <AppRouter>
          <CoderWorkspacesCard />
          <Own />
        </AppRouter>
      </CoderProvider>
    ),
  ],
  [
    'below AppRouter',
    () => (
      <AppRouter>
        <CoderProvider>
          <CoderWorkspacesCard />
          <Own />
        </CoderProvider>
      </AppRouter>
    ),
  ],
  [
    'around one component',
    () => (
      <AppRouter>
        <CoderWorkspacesCard />
        <CoderProvider>
          <Own />
        </CoderProvider>
      </AppRouter>
    ),
  ],
];

/** Draws an app of the legacy system with this root. */
function draw(portal: ReturnType<typeof fakePortal>, root: JSX.Element) {
  const App = appOf(portal).createRoot(root);
  render(<App />);
}

describe.each(layouts)('CoderProvider %s', (_, layout) => {
  it('gives the cards and the components of a portal what they need', async () => {
    const Root = () => layout();
    draw(fakePortal(), <Root />);
    expect(await screen.findByText('2 workspaces')).toBeVisible();
    expect(await screen.findByText('scratch')).toBeVisible();
  });

  it('lets people sign in, and the app stays', async () => {
    const portal = fakePortal();
    portal.api.listWorkspaces.mockRejectedValue(new CoderApiError('sign in', 401));
    const Root = () => layout();
    draw(portal, <Root />);
    await waitFor(() =>
      expect(screen.getAllByRole('button', { name: 'Sign in to Coder' })[0]).toBeVisible(),
    );
    expect(screen.queryByText(/Error encountered/)).not.toBeInTheDocument();
  });
});

describe('the sign-in that floats over the page', () => {
  it.each([
    ['restrained', 1],
    ['hidden', 0],
  ] as const)('is there in the mode %s: %i', async (mode, count) => {
    const portal = fakePortal();
    portal.api.listWorkspaces.mockRejectedValue(new CoderApiError('sign in', 401));
    draw(
      portal,
      <CoderProvider fallbackAuthUiMode={mode}>
        <Own />
      </CoderProvider>,
    );
    await screen.findByText('none');
    await waitFor(() =>
      expect(screen.queryAllByRole('region', { name: 'Sign in to Coder' })).toHaveLength(count),
    );
    if (count === 0) return;
    await userEvent.click(screen.getByRole('button', { name: 'Not now' }));
    expect(screen.queryByRole('region', { name: 'Sign in to Coder' })).not.toBeInTheDocument();
  });
});

const refusal = new CoderApiError('sign in', 401);

/** Draws a component with a cache. */
function drawWithCache(
  children: JSX.Element,
  { portal = fakePortal(), auth = fakeAuth() }: Partial<Parameters<typeof Surroundings>[0]> = {},
) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const provider = { queryClient, fallbackAuthUiMode: 'hidden' } as const;
  render(<Surroundings {...{ portal, auth, children, provider }} />);
  return queryClient;
}

describe('CoderAuthWrapper', () => {
  it('shows the sign-in in place of its children once the session has ended', async () => {
    const portal = fakePortal();
    const queryClient = drawWithCache(<CoderAuthWrapper type="card">secret</CoderAuthWrapper>, {
      portal,
    });
    expect(await screen.findByText('secret')).toBeVisible();
    portal.api.getMe.mockRejectedValue(refusal);
    queryClient.invalidateQueries();
    expect(await screen.findByText('Sign in to Coder to see this.')).toBeVisible();
    expect(screen.queryByText('secret')).not.toBeInTheDocument();
  });
});

describe('the settings', () => {
  it('tell why the account cannot be disconnected', async () => {
    const portal = fakePortal();
    portal.api.disconnect.mockRejectedValue(new CoderApiError('Coder does not answer', 502));
    drawWithCache(<CoderProviderSettings />, { portal });
    await userEvent.click(await screen.findByRole('button', { name: 'Disconnect' }));
    expect(await screen.findByText('Coder does not answer.')).toHaveAttribute('role', 'alert');
  });
});

describe('what the account before has read, and no component shows', () => {
  function Session() {
    const { isAuthenticated, signIn } = useCoderAuth();
    return (
      <>
        <p>{isAuthenticated ? 'signed in' : 'refused'}</p>
        <button onClick={() => signIn()}>Sign in</button>
        <LinkToken />
      </>
    );
  }

  /** The ways to another account. Each gets what begins a session outside of the component. */
  const WAYS: [string, (begin: () => void) => Promise<void> | void][] = [
    ['at a sign-in', () => userEvent.click(screen.getByRole('button', { name: 'Sign in' }))],
    ['when a session begins', begin => begin()],
    [
      'when a token is linked',
      async () => {
        await userEvent.type(screen.getByLabelText('Token of Coder'), 'a-token');
        await userEvent.click(screen.getByRole('button', { name: 'Replace' }));
      },
    ],
    [
      'when a token is unlinked',
      () => userEvent.click(screen.getByRole('button', { name: 'Unlink' })),
    ],
  ];

  it.each(WAYS)('is forgotten %s', async (_, change) => {
    const portal = fakePortal();
    portal.api.getLink.mockResolvedValue({ ...portal.link, username: 'alice' });
    const auth = fakeAuth();
    const tell: ((state: SessionState) => void)[] = [];
    auth.sessionState$ = () => ({
      subscribe(observer) {
        tell.push(observer);
        Promise.resolve().then(() => observer(SessionState.SignedOut));
        return { unsubscribe: () => undefined, closed: false };
      },
    });
    const queryClient = drawWithCache(<Session />, { portal, auth });
    await screen.findByLabelText('Token of Coder');
    const [read, asked] = ['read', 'asked'].map(key => [CODER_QUERY_KEY_PREFIX, key]);
    queryClient.setQueryData(read, 'of the account before');
    await queryClient.prefetchQuery(asked, () => Promise.reject(refusal));
    expect(await screen.findByText('refused')).toBeVisible();
    await change(() => tell.forEach(observer => observer(SessionState.SignedIn)));
    expect(await screen.findByText('signed in')).toBeVisible();
    expect(queryClient.getQueryData(read)).toBeUndefined();
  });
});
