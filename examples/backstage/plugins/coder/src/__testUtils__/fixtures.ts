import type { CoderLiveWorkspace, CoderWorkspace, CoderWorkspaceList } from '../api/wire';

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
