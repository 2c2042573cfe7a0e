import type { CoderIndexItem, CoderIndexList } from '../api/everyone';
import type {
  CoderCreationForm,
  CoderLiveWorkspace,
  CoderParameter,
  CoderWorkspace,
  CoderWorkspaceList,
} from '../api/wire';

/** Makes a workspace for tests. */
export function workspace(fields: Partial<CoderWorkspace> = {}): CoderWorkspace {
  const name = fields.name ?? 'payments-dev';
  const dashboard = `https://coder.example.com/@alice/${name}`;
  return {
    id: `id-of-${name}`,
    name,
    owner: 'alice',
    mine: true,
    template: 'devcontainers',
    templateDisplayName: 'Dev containers',
    templateIcon: '',
    availability: 'online',
    label: 'Online',
    action: 'open',
    buildNumber: 1,
    outdated: false,
    favorite: false,
    links: {
      dashboard,
      build: `${dashboard}/builds/1`,
      settings: `${dashboard}/settings`,
      agents: [],
    },
    ...fields,
  };
}

/** Makes a list of workspaces for tests. */
export function listOf(...workspaces: CoderWorkspace[]): CoderWorkspaceList {
  const count = workspaces.length;
  return { workspaces, count, partial: false, notices: [], pollAfterSeconds: 60 };
}

/** Returns what the live stream tells of a workspace. */
export function live(fields: Partial<CoderWorkspace> = {}): CoderLiveWorkspace {
  const { id, name, owner, template, availability, label, reason = null } = workspace(fields);
  const { action, buildNumber, outdated, favorite, dormantAt, deadline } = workspace(fields);
  return {
    ...{ id, name, owner, template, availability, label, reason, action, buildNumber },
    ...{ outdated, favorite, dormantAt, deadline },
  };
}

/** Makes a workspace of the index for tests. */
export function indexed(fields: Partial<CoderIndexItem> = {}): CoderIndexItem {
  const name = fields.name ?? 'payments-dev';
  return {
    id: `id-of-${name}`,
    name,
    owner: 'alice',
    mine: true,
    template: 'devcontainers',
    organization: 'coder',
    status: 'running',
    listedAt: '2026-07-01T12:00:00Z',
    entityRefs: [],
    ...fields,
  };
}

/** Makes a page of the index for tests, with these workspaces. */
export function indexOf(
  fields: Partial<CoderIndexList>,
  ...workspaces: CoderIndexItem[]
): CoderIndexList {
  const facet = (values: string[]) =>
    [...new Set(values)].map(value => ({
      value,
      count: values.filter(other => other === value).length,
    }));
  return {
    workspaces,
    count: workspaces.length,
    facets: {
      owner: facet(workspaces.map(({ owner }) => owner)),
      template: facet(workspaces.map(({ template }) => template)),
      organization: facet(workspaces.map(({ organization }) => organization)),
      status: facet(workspaces.map(({ status }) => status)),
      entity: facet(workspaces.flatMap(({ entityRefs }) => entityRefs)),
    },
    readAt: '2026-07-01T12:00:00Z',
    partial: false,
    scope: 'everyone',
    notices: [],
    ...fields,
  };
}

/** Makes the form for a new workspace for tests. Nothing has to be chosen. */
export function formOf(fields: Partial<CoderCreationForm> = {}): CoderCreationForm {
  return {
    templateId: 'id-of-devcontainers',
    templateName: 'devcontainers',
    templateDisplayName: 'Dev containers',
    presets: [],
    parameters: [],
    problems: [],
    missingAccounts: [],
    ...fields,
  };
}

/** Makes a parameter of a template for tests. */
export function parameterOf(fields: Partial<CoderParameter> = {}): CoderParameter {
  return {
    ...{ name: 'region', displayName: '', description: '', type: 'string', formType: '' },
    ...{ icon: '', required: false, mutable: true, ephemeral: false, options: [] },
    ...fields,
  };
}
