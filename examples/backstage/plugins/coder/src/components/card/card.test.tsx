import { useState, type ComponentType } from 'react';
import { SessionState, fetchApiRef } from '@backstage/core-plugin-api';
import { TestApiProvider } from '@backstage/test-utils';
import { QueryClient } from '@tanstack/react-query';
import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { CoderApiError } from '../../api/CoderApi';
import { PAYMENTS, Surroundings, fakeAuth, fakePortal } from '../../__testUtils__/apis';
import { formOf, listOf, live, parameterOf, workspace } from '../../__testUtils__/fixtures';
import { CODER_QUERY_KEY_PREFIX } from '../../hooks/useCoderQuery';
import { SEARCH_PAUSE } from '../../hooks/useSettled';
import { CreationFields } from '../CreationFields';
import { CoderTemplateField } from '../field/CoderTemplateField';
import { CoderWorkspacesCard } from './CoderWorkspacesCard';
import { CoderWorkspacesCardHeaderRow } from './HeaderRow';
import { CoderWorkspacesCardRoot, useWorkspacesCardContext } from './Root';
import { CoderWorkspacesCardWorkspacesListIcon, iconUrl, letterOf } from './WorkspacesListIcon';

const signedOut = new CoderApiError('sign in to Coder', 401);

const SHOP = { ...PAYMENTS, metadata: { ...PAYMENTS.metadata, name: 'shop' } };

/** Draws the card on the page of a component. Returns what goes to the page of another one. */
function drawPages(portal: ReturnType<typeof fakePortal>) {
  const provider = { queryClient: new QueryClient() };
  const pageOf = (entity: typeof PAYMENTS) => (
    <Surroundings {...{ portal, entity, provider }}>
      <CoderWorkspacesCard readEntityData />
    </Surroundings>
  );
  const { rerender } = render(pageOf(PAYMENTS));
  return () => rerender(pageOf(SHOP));
}

/** Draws the card on the page of a component. */
function draw(
  portal: ReturnType<typeof fakePortal>,
  card = <CoderWorkspacesCard readEntityData />,
  more = {},
) {
  render(
    <Surroundings portal={portal} entity={PAYMENTS} {...more}>
      {card}
    </Surroundings>,
  );
  return userEvent.setup();
}

describe('CoderWorkspacesCard', () => {
  it('shows the workspaces of the entity of the page with readEntityData', async () => {
    const portal = fakePortal();
    draw(portal);
    expect(await screen.findByText('payments-dev')).toBeVisible();
    expect(portal.api.listEntityWorkspaces.mock.calls[0][0]).toBe('component:default/payments');
    expect(screen.getByText('Repository: github.com/acme/payments')).toBeVisible();
  });

  it('shows all workspaces without readEntityData, on a page of an entity as well', async () => {
    const portal = fakePortal();
    draw(portal, <CoderWorkspacesCard />);
    expect(await screen.findByText('scratch')).toBeVisible();
    expect(portal.api.getEntityOffer).not.toHaveBeenCalled();
  });

  it('shows all workspaces outside of the page of an entity', async () => {
    const portal = fakePortal();
    draw(portal, <CoderWorkspacesCard readEntityData />, { entity: undefined });
    expect(await screen.findByText('scratch')).toBeVisible();
  });

  it('says that a list is empty, and does not call an error an empty list', async () => {
    const portal = fakePortal();
    portal.api.listEntityWorkspaces.mockResolvedValue(listOf());
    draw(portal);
    expect(await screen.findByText(/no workspace for this repository/)).toBeVisible();
  });

  it('tells an error with what helps, and tries again', async () => {
    const portal = fakePortal();
    portal.api.listEntityWorkspaces.mockRejectedValueOnce(
      new CoderApiError('Coder does not answer', 400),
    );
    const user = draw(portal);
    expect(await screen.findByText('Coder does not answer.')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('payments-dev')).toBeVisible();
  });

  it('tells why workspaces may be missing', async () => {
    const portal = fakePortal();
    const partial = { ...listOf(), partial: true, notices: ['one search failed'] };
    portal.api.listEntityWorkspaces.mockResolvedValue(partial);
    draw(portal);
    expect(await screen.findByText('One search failed.')).toBeVisible();
  });

  it.each([
    ['the text of the portal', undefined, 'name a repository'],
    ['a text of the app', 'Ask the platform team.', 'Ask the platform team.'],
  ])('shows %s for an entity that Coder has nothing for', async (_, incompatible, text) => {
    const portal = fakePortal();
    const nothing = { ...portal.offer, compatible: false, incompatible: 'name a repository' };
    portal.api.getEntityOffer.mockResolvedValue(nothing);
    draw(portal, <CoderWorkspacesCard readEntityData incompatible={incompatible} />);
    expect(await screen.findByText(text)).toBeVisible();
  });

  it('is not there for such an entity when it is to be hidden', async () => {
    const portal = fakePortal();
    portal.api.getEntityOffer.mockResolvedValue({ ...portal.offer, compatible: false });
    draw(portal, <CoderWorkspacesCard readEntityData incompatible="hidden" />);
    await waitFor(() => expect(screen.queryByRole('region')).not.toBeInTheDocument());
  });

  it('follows a change of a workspace without asking again for what has not changed', async () => {
    const portal = fakePortal();
    draw(portal);
    await screen.findByText('Online');
    const [ids, { onEvent }] = portal.api.watch.mock.calls[0];
    expect(ids).toEqual(['id-of-payments-dev']);
    portal.api.listEntityWorkspaces.mockResolvedValue(
      listOf(workspace({ label: 'Stopping…', availability: 'stopping' })),
    );
    const workspaceNow = live({ label: 'Stopping…', availability: 'stopping' });
    onEvent({ type: 'workspace', workspace: workspaceNow });
    expect(await screen.findByText('Stopping…')).toBeVisible();
    onEvent({ type: 'problem', id: workspaceNow.id, message: 'Coder does not answer' });
    expect(await screen.findByText(/may be out of date: Coder does not answer/)).toBeVisible();
  });

  it('asks before it stops a workspace, and does nothing when the person cancels', async () => {
    const portal = fakePortal();
    const user = draw(portal);
    await user.click(await screen.findByRole('button', { name: 'Actions for payments-dev' }));
    await user.click(screen.getByRole('menuitem', { name: 'Stop' }));
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Cancel' }));
    expect(portal.api.act).not.toHaveBeenCalled();
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    await user.click(screen.getByRole('button', { name: 'Actions for payments-dev' }));
    await user.click(screen.getByRole('menuitem', { name: 'Stop' }));
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Stop' }));
    await waitFor(() => expect(portal.api.act.mock.calls[0][1]).toEqual({ kind: 'stop' }));
  });

  it('acts on the workspace by the name that the person has confirmed', async () => {
    const portal = fakePortal();
    const user = draw(portal);
    await user.click(await screen.findByRole('button', { name: 'Actions for payments-dev' }));
    await user.click(screen.getByRole('menuitem', { name: 'Delete' }));
    const [, { onEvent }] = portal.api.watch.mock.calls[0];
    const { id } = workspace();
    onEvent({ type: 'workspace', workspace: live({ id, name: 'renamed' }) });
    expect(await screen.findByText('renamed')).toBeInTheDocument();
    const dialog = screen.getByRole('dialog', { name: 'Delete payments-dev?' });
    await user.click(within(dialog).getByRole('button', { name: 'Delete' }));
    await waitFor(() => expect(portal.api.act).toHaveBeenCalled());
    const [acted, action] = portal.api.act.mock.calls[0];
    expect([acted.id, acted.name, action]).toEqual([id, 'payments-dev', { kind: 'delete' }]);
  });

  it('asks before a next step that ends processes', async () => {
    const portal = fakePortal();
    const unhealthy = workspace({ availability: 'unhealthy', action: 'restart' });
    portal.api.listEntityWorkspaces.mockResolvedValue(listOf(unhealthy));
    const user = draw(portal);
    await user.click(await screen.findByRole('button', { name: 'Restart payments-dev' }));
    const dialog = screen.getByRole('dialog', { name: 'Restart payments-dev?' });
    expect(portal.api.act).not.toHaveBeenCalled();
    await user.click(within(dialog).getByRole('button', { name: 'Restart' }));
    await waitFor(() => expect(portal.api.act.mock.calls[0][1]).toEqual({ kind: 'restart' }));
  });

  it('asks before it unlinks the account, and tells when that fails', async () => {
    const portal = fakePortal();
    portal.api.disconnect.mockRejectedValue(new CoderApiError('Coder does not answer', 502));
    const user = draw(portal);
    await user.click(
      await screen.findByRole('button', { name: 'See additional workspace actions' }),
    );
    await user.click(screen.getByRole('menuitem', { name: 'Unlink Coder account' }));
    const dialog = screen.getByRole('dialog', { name: 'Unlink your Coder account?' });
    expect(portal.api.disconnect).not.toHaveBeenCalled();
    await user.click(within(dialog).getByRole('button', { name: 'Unlink' }));
    expect(await screen.findByText('Coder does not answer.')).toHaveAttribute('role', 'alert');
  });

  it('shows nothing of the entity before on the page of another one', async () => {
    const portal = fakePortal();
    const go = drawPages(portal);
    expect(await screen.findByText('payments-dev')).toBeVisible();
    portal.api.listEntityWorkspaces.mockReturnValue(new Promise(() => undefined));
    go();
    expect(screen.getByLabelText('Loading workspaces')).toBeVisible();
    expect(screen.queryByText('payments-dev')).not.toBeInTheDocument();
  });

  it('watches its workspaces again after a new sign-in', async () => {
    const portal = fakePortal();
    const user = draw(portal);
    await screen.findByText('payments-dev');
    portal.api.listEntityWorkspaces.mockRejectedValue(signedOut);
    const [, { onEvent }] = portal.api.watch.mock.calls[0];
    onEvent({ type: 'end', reason: 'signedOut' });
    const button = await screen.findByRole('button', { name: 'Sign in to Coder' });
    expect(portal.api.watch).toHaveBeenCalledTimes(1);
    portal.api.listEntityWorkspaces.mockResolvedValue(listOf(workspace()));
    await user.click(button);
    await waitFor(() => expect(portal.api.watch).toHaveBeenCalledTimes(2));
    expect(portal.api.watch.mock.calls[1][0]).toEqual(['id-of-payments-dev']);
  });

  it('tells the refusal of an action beside the workspace', async () => {
    const portal = fakePortal();
    const offline = workspace({ availability: 'offline', action: 'start' });
    portal.api.listEntityWorkspaces.mockResolvedValue(listOf(offline));
    portal.api.act.mockRejectedValue(new CoderApiError('another build is running', 409));
    const user = draw(portal);
    await user.click(await screen.findByRole('button', { name: 'Start payments-dev' }));
    expect(await screen.findByText('another build is running')).toBeVisible();
  });

  it('is controlled by a page that keeps its filter', async () => {
    const portal = fakePortal();
    const onFilterChange = jest.fn();
    const user = draw(
      portal,
      <CoderWorkspacesCard queryFilter="owner:me pay" onFilterChange={onFilterChange} />,
    );
    await screen.findByText('scratch');
    expect(portal.api.listWorkspaces.mock.calls[0][0]).toMatchObject({ owner: 'me', q: 'pay' });
    await user.type(screen.getByLabelText('Search your Coder workspaces'), 's');
    await waitFor(() => expect(onFilterChange).toHaveBeenLastCalledWith('owner:me pays'));
  });
});

describe('a person who is not signed in to Coder', () => {
  function refusing() {
    const portal = fakePortal();
    portal.api.listEntityWorkspaces.mockRejectedValue(signedOut);
    return portal;
  }

  it('sees the sign-in in place of the card, and its workspaces afterwards', async () => {
    const portal = refusing();
    const auth = fakeAuth();
    const user = draw(portal, undefined, { auth });
    const button = await screen.findByRole('button', { name: 'Sign in to Coder' });
    portal.api.listEntityWorkspaces.mockResolvedValue(listOf(workspace()));
    await user.click(button);
    expect(auth.getAccessToken).toHaveBeenCalledWith('', { instantPopup: true });
    expect(auth.signOut).not.toHaveBeenCalled();
    expect(await screen.findByText('payments-dev')).toBeVisible();
  });

  it('gets a login where Backstage still has a session that Coder has forgotten', async () => {
    const auth = fakeAuth(SessionState.SignedIn);
    const user = draw(refusing(), undefined, { auth });
    await user.click(await screen.findByRole('button', { name: 'Sign in to Coder' }));
    await waitFor(() => expect(auth.getAccessToken).toHaveBeenCalled());
    expect(auth.signOut.mock.invocationCallOrder[0]).toBeLessThan(
      auth.getAccessToken.mock.invocationCallOrder[0],
    );
  });

  it('reads why a sign-in failed', async () => {
    const auth = fakeAuth();
    auth.getAccessToken.mockRejectedValue(new Error('Coder 2.24.1 is too old'));
    const user = draw(refusing(), undefined, { auth });
    await user.click(await screen.findByRole('button', { name: 'Sign in to Coder' }));
    expect(await screen.findByText('Coder 2.24.1 is too old')).toBeVisible();
  });

  it('links a token: where to get it, paste, linked', async () => {
    const portal = refusing();
    const user = draw(portal);
    const where = await screen.findByRole('link', { name: 'get one at Coder' });
    expect(where).toHaveAttribute('href', 'https://coder.example.com/cli-auth');
    await user.type(screen.getByLabelText('Token of Coder'), ' a-token ');
    portal.api.listEntityWorkspaces.mockResolvedValue(listOf(workspace()));
    await user.click(screen.getByRole('button', { name: 'Link' }));
    expect(portal.api.link).toHaveBeenCalledWith('a-token');
    expect(await screen.findByText('payments-dev')).toBeVisible();
  });

  it('is offered no form where no token can be linked', async () => {
    const portal = refusing();
    portal.api.getLink.mockRejectedValue(signedOut);
    draw(portal);
    await screen.findByRole('button', { name: 'Sign in to Coder' });
    expect(screen.queryByLabelText('Token of Coder')).not.toBeInTheDocument();
  });
});

describe('Open in Coder', () => {
  it('follows the build with its log, and ends with the way in', async () => {
    const portal = fakePortal();
    const pending = workspace({ name: 'new', availability: 'pending', label: 'Pending…' });
    portal.api.openWorkspace.mockResolvedValue({ outcome: 'created', workspace: pending });
    const user = draw(portal);
    await user.click(await screen.findByRole('button', { name: 'Open in Coder' }));
    expect(await screen.findByText('Creating new: Pending…')).toBeVisible();
    await waitFor(() =>
      expect(portal.api.watch.mock.calls.some(([ids]) => ids[0] === pending.id)).toBe(true),
    );
    const [, { onEvent }] = portal.api.watch.mock.calls.find(([ids]) => ids[0] === pending.id)!;
    const lines = [{ id: 1, level: 'info', text: 'planning' }];
    onEvent({ type: 'log', id: pending.id, source: 'build', lines });
    expect(await screen.findByText(/planning/)).toBeVisible();
    onEvent({ type: 'workspace', workspace: live({ name: 'new' }) });
    expect(await screen.findByRole('link', { name: 'Open new' })).toHaveAttribute(
      'href',
      pending.links.dashboard,
    );
  });
});

describe('Open in Coder where a template has presets', () => {
  const small = { name: 'Small', description: '', icon: '', default: true };
  const cpu = { ...parameterOf({ name: 'cpu', displayName: 'CPUs', required: true }) };
  const form = formOf({
    presets: [{ ...small, parameters: [{ name: 'disk', value: '10' }] }],
    parameters: [cpu, parameterOf({ name: 'repo', displayName: 'Repository' })],
  });

  function withPresets(...workspaces: ReturnType<typeof workspace>[]) {
    const portal = fakePortal();
    portal.api.listEntityWorkspaces.mockResolvedValue(listOf(...workspaces));
    portal.api.getCreationForm.mockResolvedValue(form);
    portal.api.openWorkspace.mockResolvedValue({ outcome: 'created', workspace: workspace() });
    return portal;
  }

  it('asks for the preset and the parameters, and makes the workspace with them', async () => {
    const portal = withPresets();
    const user = draw(portal);
    await user.click(await screen.findByRole('button', { name: 'Open in Coder' }));
    expect(
      await screen.findByRole('form', { name: 'New workspace of Dev containers' }),
    ).toBeVisible();
    expect(portal.api.openWorkspace).not.toHaveBeenCalled();
    expect(screen.getByLabelText('Preset')).toHaveValue('Small');
    // The repository is the entity's: nobody is asked for it.
    expect(screen.queryByLabelText('Repository')).not.toBeInTheDocument();
    await user.type(screen.getByLabelText(/CPUs/), '4');
    const create = screen.getByRole('button', { name: 'Create and open' });
    // The portal is asked first whether it takes the value.
    expect(create).toBeDisabled();
    await waitFor(() => expect(create).toBeEnabled());
    await user.click(create);
    expect(await screen.findByRole('link', { name: 'Open payments-dev' })).toBeVisible();
    expect(portal.api.openWorkspace).toHaveBeenCalledWith('component:default/payments', {
      preset: 'Small',
      parameters: { cpu: '4' },
    });
  });

  it('asks the portal once for what is typed without a pause', async () => {
    const portal = withPresets();
    const user = draw(portal);
    await user.click(await screen.findByRole('button', { name: 'Open in Coder' }));
    const create = await screen.findByRole('button', { name: 'Create and open' });
    await waitFor(() => expect(create).toBeEnabled());
    portal.api.getCreationForm.mockClear();
    await typeTen(screen.getByLabelText(/CPUs/));
    expect(portal.api.getCreationForm).toHaveBeenCalledTimes(1);
    const [, { parameters }, { signal }] = portal.api.getCreationForm.mock.calls[0];
    expect(parameters).toEqual({ cpu: '1234567890' });
    expect(signal.aborted).toBe(false);
    await waitFor(() => expect(create).toBeEnabled());
  });

  it('asks nothing of it on the page of another entity', async () => {
    const portal = withPresets();
    const go = drawPages(portal);
    await userEvent.click(await screen.findByRole('button', { name: 'Open in Coder' }));
    expect(await screen.findByRole('form')).toBeVisible();
    go();
    expect(await screen.findByRole('button', { name: 'Open in Coder' })).toBeEnabled();
    expect(screen.queryByRole('form')).not.toBeInTheDocument();
  });

  it('makes nothing while a value is refused or an account is not linked', async () => {
    const portal = withPresets();
    const missingAccounts = [{ name: 'GitHub', url: 'https://coder.example.com/external-auth/gh' }];
    portal.api.getCreationForm.mockResolvedValue({
      ...form,
      problems: [{ name: 'cpu', problem: 'is too large' }],
      missingAccounts,
    });
    const user = draw(portal);
    await user.click(await screen.findByRole('button', { name: 'Open in Coder' }));
    expect(await screen.findByText('Cpu: is too large.')).toBeVisible();
    expect(screen.getByRole('link', { name: 'GitHub' })).toHaveAttribute(
      'href',
      missingAccounts[0].url,
    );
    expect(screen.getByRole('button', { name: 'Create and open' })).toBeDisabled();
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(screen.queryByRole('form')).not.toBeInTheDocument();
  });

  it('asks nothing when the person has a workspace already', async () => {
    const portal = withPresets(workspace());
    const user = draw(portal);
    await user.click(await screen.findByRole('button', { name: 'Open in Coder' }));
    expect(await screen.findByText('payments-dev is ready.')).toBeVisible();
    expect(portal.api.getCreationForm).not.toHaveBeenCalled();
  });
});

/** Types ten characters into a field, and makes a pause. */
async function typeTen(field: HTMLElement) {
  jest.useFakeTimers();
  try {
    for (let length = 1; length <= 10; length++) {
      fireEvent.change(field, { target: { value: '1234567890'.slice(0, length) } });
      await act(() => jest.advanceTimersByTimeAsync(SEARCH_PAUSE / 4));
    }
    await act(() => jest.advanceTimersByTimeAsync(SEARCH_PAUSE));
    // The answer is drawn.
    await act(() => jest.advanceTimersByTimeAsync(SEARCH_PAUSE));
  } finally {
    jest.useRealTimers();
  }
}

describe('the field of the scaffolder', () => {
  it('asks the portal once for what is typed without a pause', async () => {
    const portal = fakePortal();
    const template = { id: 'a', name: 'web', organization: 'acme', displayName: 'Web' };
    portal.api.listTemplates.mockResolvedValue({ templates: [template] });
    const form = formOf({ parameters: [parameterOf({ displayName: 'Region' })] });
    portal.api.getTemplateForm.mockResolvedValue(form);
    const Field = CoderTemplateField as ComponentType<any>;
    const Step = () => {
      const [formData, setFormData] = useState({ template: 'acme/web', parameters: {} });
      return <Field schema={{}} formData={formData} onChange={setFormData} />;
    };
    const queryClient = new QueryClient();
    draw(portal, <Step />, { provider: { queryClient } });
    const field = await screen.findByLabelText('Region');
    portal.api.getTemplateForm.mockClear();
    await typeTen(field);
    expect(portal.api.getTemplateForm).toHaveBeenCalledTimes(1);
    const [id, { parameters }, { signal }] = portal.api.getTemplateForm.mock.calls[0];
    expect([id, parameters, signal.aborted]).toEqual(['a', { region: '1234567890' }, false]);
    // Values that were typed before are not kept.
    const kept = queryClient.getQueryCache().findAll([CODER_QUERY_KEY_PREFIX, 'templateForm']);
    expect(kept.map(({ queryKey }) => queryKey.at(-1))).toEqual([{ region: '1234567890' }]);
  });
});

describe('a parameter with options', () => {
  it.each([
    ['of the template', { options: [{ name: 'Frankfurt', value: 'fra' }] }, 'fra'],
    ['yes and no', { type: 'bool' }, 'true'],
  ])('%s has none chosen while it has no value', async (_, fields, chosen) => {
    const onChange = jest.fn();
    const form = formOf({ parameters: [parameterOf({ required: true, value: null, ...fields })] });
    render(<CreationFields form={form} choices={{}} onChange={onChange} />);
    const field = screen.getByLabelText('region');
    expect(field).toHaveDisplayValue('Choose a value');
    await userEvent.selectOptions(field, chosen);
    expect(onChange).toHaveBeenCalledWith({ preset: undefined, parameters: { region: chosen } });
  });

  it('has its value chosen, and no further option', () => {
    const options = [{ name: 'Frankfurt', value: 'fra' }];
    const form = formOf({ parameters: [parameterOf({ value: 'fra', options })] });
    render(<CreationFields form={form} choices={{}} onChange={jest.fn()} />);
    expect(screen.getAllByRole('option')).toHaveLength(1);
  });
});

describe('a portal that composes the parts', () => {
  it('has what they share', async () => {
    const Names = () => {
      const { state, workspacesConfig, headerId } = useWorkspacesCardContext();
      const names = state.kind === 'ready' ? state.workspaces.map(({ name }) => name) : [];
      return (
        <p aria-labelledby={headerId}>
          {names.join()} of {workspacesConfig.templateName}
        </p>
      );
    };
    draw(
      fakePortal(),
      <CoderWorkspacesCardRoot readEntityData>
        <CoderWorkspacesCardHeaderRow headerText="My workspaces" headerLevel="h3" />
        <Names />
      </CoderWorkspacesCardRoot>,
    );
    expect(await screen.findByText('payments-dev of devcontainers')).toBeVisible();
    expect(screen.getByRole('heading', { name: 'My workspaces', level: 3 })).toBeVisible();
    expect(screen.getByRole('region', { name: 'My workspaces' })).toBeVisible();
  });
});

describe('the icon of a template', () => {
  const PROXY = 'https://portal.example.com/api/proxy/coder';

  it.each([
    ['/icon/docker.svg', '/icon/docker.svg'],
    ['/emojis/1f4bb.png', '/emojis/1f4bb.png'],
    ['https://evil.example/a.png', '/icon?url=https%3A%2F%2Fevil.example%2Fa.png'],
    ['//evil.example/a.png', '/icon?url=%2F%2Fevil.example%2Fa.png'],
  ])('%s is asked of the portal', (src, path) => {
    expect(iconUrl(PROXY, src)).toBe(`${PROXY}${path}`);
  });

  const TRAPS = [
    '/../jenkins/job/x/build?token=1',
    '/%2e%2e/%2e%2e/scaffolder/v2/tasks',
    '/\\..\\../x',
    '/icon/../../jenkins/x',
    '/icon/..\\..\\..\\x',
    '/icon/..%2f..%2f..%2fx',
    '/icon/.\t./.\t./x',
    '/api/v2/users/me',
    '/iconx/a.svg',
  ];

  it.each(TRAPS)('%s is asked of nobody', src => {
    expect(iconUrl(PROXY, src)).toBeUndefined();
  });

  it('sends no request to another path of the portal', async () => {
    const fetch = jest.fn().mockRejectedValue(new TypeError('no network'));
    const sources = [...TRAPS, '/icon/docker.svg'];
    draw(
      fakePortal(),
      <TestApiProvider apis={[[fetchApiRef, { fetch }]]}>
        {sources.map(src => (
          <CoderWorkspacesCardWorkspacesListIcon key={src} src={src} workspaceName="dev" />
        ))}
      </TestApiProvider>,
    );
    await waitFor(() => expect(fetch).toHaveBeenCalled());
    expect(fetch.mock.calls.map(([url]) => url)).toEqual([
      'https://portal.example.com/api/proxy/coder/icon/docker.svg',
    ]);
    expect(screen.getAllByText('D')).toHaveLength(sources.length);
  });

  it.each([
    ['9-lives', 'L'],
    ['payments', 'P'],
    ['42', 'W'],
  ])('of %s is %s when there is none', (name, letter) => {
    expect(letterOf(name)).toBe(letter);
  });
});
