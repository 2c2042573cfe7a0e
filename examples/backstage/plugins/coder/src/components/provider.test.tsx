import { ConfigReader } from '@backstage/config';
import { createApp } from '@backstage/app-defaults';
import { createApiFactory } from '@backstage/core-plugin-api';
import { AppRouter } from '@backstage/core-app-api';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { CoderApiError, coderApiRef } from '../api/CoderApi';
import { coderAuthApiRef } from '../api/auth';
import { fakeAuth, fakePortal } from '../__testUtils__/apis';
import { useCoderQuery } from '../hooks/useCoderQuery';
import { CoderWorkspacesCard } from './card/CoderWorkspacesCard';
import { CoderProvider } from './CoderProvider';

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
