import { entityRouteRef } from '@backstage/plugin-catalog-react';
import { renderInTestApp } from '@backstage/test-utils';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { CoderApiError } from '../api/CoderApi';
import type { CoderIndexList } from '../api/everyone';
import { Surroundings, fakePortal } from '../__testUtils__/apis';
import { indexOf, indexed } from '../__testUtils__/fixtures';
import { CoderPage } from './CoderPage';

const PAYMENTS = 'component:default/payments';
const EVERYONE = indexOf(
  { count: 60 },
  indexed({ entityRefs: [PAYMENTS] }),
  indexed({ name: 'shop', owner: 'bob', mine: false, template: 'web', status: 'failed' }),
);

/** Draws the page at a portal whose index answers so. */
async function draw(answer: CoderIndexList | Error) {
  const portal = fakePortal();
  if (answer instanceof Error) portal.api.listIndex.mockRejectedValue(answer);
  else portal.api.listIndex.mockResolvedValue(answer);
  await renderInTestApp(
    <Surroundings portal={portal}>
      <CoderPage />
    </Surroundings>,
    { mountedRoutes: { '/catalog/:namespace/:kind/:name': entityRouteRef } },
  );
  return { portal, user: userEvent.setup({ delay: null }) };
}

async function drawEveryone(answer: CoderIndexList = EVERYONE) {
  const { portal, user } = await draw(answer);
  await user.click(await screen.findByText('Everyone’s'));
  await screen.findByText('Workspaces of everyone');
  await screen.findByText('Any owner');
  const lastAsked = () => {
    // The signal leads to jsdom's window. A text about a difference would have a copy of all of it.
    const { signal: _, ...asked } = portal.api.listIndex.mock.calls.at(-1)?.[0];
    return asked;
  };
  return { portal, user, lastAsked };
}

describe('the page "Coder"', () => {
  it.each([
    ['a portal without an index', new CoderApiError('no such route', 404)],
    ['a token that may not read workspaces', new CoderApiError('missing scope', 403)],
    ['an index of the person’s own workspaces', indexOf({ scope: 'own' }, indexed())],
    ['an index where the person sees nobody else’s', indexOf({ scope: 'caller' }, indexed())],
  ])('has the person’s workspaces only, at %s', async (_, answer) => {
    const { portal } = await draw(answer);
    expect(await screen.findByText('scratch')).toBeVisible();
    await waitFor(() => expect(portal.api.listIndex).toHaveBeenCalled());
    expect(screen.queryByRole('tab')).not.toBeInTheDocument();
  });

  it('shows the person’s own workspaces first where it shows others’ as well', async () => {
    await draw(EVERYONE);
    const mine = await screen.findByRole('tab', { name: 'Mine' });
    expect(mine).toHaveAttribute('aria-selected', 'true');
    expect(await screen.findByText('scratch')).toBeVisible();
  });
});

describe('everyone’s workspaces', () => {
  it('are listed with their owners, links to Coder and to entities, and the age of the list', async () => {
    const readAt = new Date(Date.now() - 5 * 60_000).toISOString();
    await drawEveryone({ ...EVERYONE, readAt, notices: ['one list failed'], partial: true });
    expect(screen.getByRole('link', { name: 'shop' })).toHaveAttribute(
      'href',
      'https://coder.example.com/@bob/shop',
    );
    expect(screen.getByRole('link', { name: 'payments' })).toHaveAttribute(
      'href',
      '/catalog/default/component/payments',
    );
    expect(
      screen.getByText(/Read from Coder 5 minutes ago\. Workspaces may be missing/),
    ).toBeVisible();
    expect(screen.getByText('One list failed.')).toBeVisible();
  });

  it('are filtered, with the number of workspaces of each value', async () => {
    const { user, lastAsked } = await drawEveryone();
    const owner = screen.getByLabelText('Owner');
    expect(within(owner).getByText('bob (1)')).toBeInTheDocument();
    await user.selectOptions(owner, 'bob');
    await waitFor(() => expect(lastAsked()).toMatchObject({ owner: 'bob', offset: 0 }));
    await user.selectOptions(screen.getByLabelText('Entity'), 'none');
    await waitFor(() => expect(lastAsked()).toMatchObject({ owner: 'bob', entity: 'none' }));
    await user.type(screen.getByLabelText('Search by owner and name'), 'shop');
    await waitFor(() => expect(lastAsked()).toMatchObject({ q: 'shop' }));
  });

  it('are sorted by a click on a column, and the other way around by another', async () => {
    const { user, lastAsked } = await drawEveryone();
    await user.click(screen.getByText('Last used'));
    await waitFor(() => expect(lastAsked()).toMatchObject({ sort: 'lastUsedAt', order: 'asc' }));
    await user.click(screen.getByText('Last used'));
    await waitFor(() => expect(lastAsked()).toMatchObject({ order: 'desc' }));
    expect(screen.getByText('Last used').closest('th')).toHaveAttribute('aria-sort', 'descending');
  });

  it('are read page by page', async () => {
    const { user, lastAsked } = await drawEveryone();
    expect(screen.getByText('1 to 25 of 60')).toBeVisible();
    expect(screen.getByText('Previous page').closest('button')).toBeDisabled();
    await user.click(screen.getByText('Next page'));
    await waitFor(() => expect(lastAsked()).toMatchObject({ offset: 25, limit: 25 }));
    await user.click(screen.getByText('Next page'));
    expect(await screen.findByText('51 to 60 of 60')).toBeVisible();
    expect(screen.getByText('Next page').closest('button')).toBeDisabled();
  });

  it('are saved as a file, those of the filters and no others', async () => {
    const made = jest.fn(() => 'blob:file');
    jest.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined);
    Object.assign(URL, { createObjectURL: made, revokeObjectURL: jest.fn() });
    const { portal, user } = await drawEveryone();
    await user.selectOptions(screen.getByLabelText('Owner'), 'bob');
    await user.click(screen.getByText('Export as CSV'));
    await waitFor(() => expect(made).toHaveBeenCalled());
    const [format, selection] = portal.api.exportIndex.mock.calls[0];
    expect(format).toBe('csv');
    expect(selection).toEqual({ owner: 'bob', sort: 'owner', order: 'asc' });
  });

  it('tell why they cannot be read, and are there when they can', async () => {
    const { portal, user } = await drawEveryone();
    portal.api.listIndex.mockRejectedValue(new CoderApiError('Coder does not answer', 400));
    await user.selectOptions(screen.getByLabelText('Status'), 'failed');
    expect(await screen.findByText('Coder does not answer.')).toBeVisible();
    portal.api.listIndex.mockResolvedValue(EVERYONE);
    await user.click(screen.getByText('Try again'));
    await waitFor(() => expect(screen.queryByText('Coder does not answer.')).toBeNull());
  });

  it.each([
    ['the index', 'listIndex'],
    ['the question who it is', 'getMe'],
  ] as const)('are gone, and the sign-in is there, once %s is refused', async (_, asked) => {
    const { portal, user } = await drawEveryone();
    expect(await screen.findByText('shop')).toBeVisible();
    const refusal = new CoderApiError('sign in to Coder', 401);
    portal.api[asked].mockRejectedValue(refusal);
    portal.api.listWorkspaces.mockRejectedValue(refusal);
    // Every change asks anew.
    await user.click(screen.getByText('Export as CSV'));
    await waitFor(() => expect(screen.getByText('Sign in to Coder')).toBeVisible());
    await waitFor(() => expect(screen.queryByText('shop')).not.toBeInTheDocument());
    expect(screen.queryByText('bob (1)')).not.toBeInTheDocument();
  });

  it('are gone when the portal refuses them alone', async () => {
    const { portal, user } = await drawEveryone();
    expect(await screen.findByText('shop')).toBeVisible();
    portal.api.listIndex.mockImplementation(async ({ limit }) => {
      if (limit === 1) return EVERYONE;
      throw new CoderApiError('sign in to Coder', 401);
    });
    await user.click(screen.getByText('Export as CSV'));
    await waitFor(() => expect(screen.getByText('Sign in to Coder')).toBeVisible());
    expect(screen.queryByText('shop')).not.toBeInTheDocument();
    expect(screen.queryByText('bob (1)')).not.toBeInTheDocument();
  });

  it('tell that the index is being read for the first time', async () => {
    await drawEveryone({ ...EVERYONE, readAt: null, partial: true });
    expect(screen.getByText(/Being read from Coder\./)).toBeVisible();
  });

  it('of no match let the person clear the filters', async () => {
    const { portal, user, lastAsked } = await drawEveryone();
    portal.api.listIndex.mockResolvedValue(indexOf({}));
    await user.selectOptions(screen.getByLabelText('Template'), 'web');
    await user.click(await screen.findByText('Show all'));
    await waitFor(() => expect(lastAsked().template).toBeUndefined());
  });
});
