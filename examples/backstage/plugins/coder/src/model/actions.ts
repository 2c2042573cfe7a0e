import type { CoderAction } from '../api/CoderApi';
import type { CoderNextAction, CoderWorkspace, CoderWorkspaceState } from '../api/wire';

/** An entry of a workspace's menu. */
export interface Offered {
  action: CoderAction;
  label: string;
  /** The question that is asked first; `undefined` for what can be undone. */
  confirm: { title: string; text: string; button: string } | undefined;
}

const RUNS: readonly CoderWorkspaceState[] = ['online', 'unhealthy', 'pending'];
const RESTS: readonly CoderWorkspaceState[] = ['offline', 'failed'];

/**
 * Returns what a person can do with a workspace, in the order of a menu. Coder decides whether the person
 * may: a refusal is told with Coder's reason.
 */
export function actionsOf(workspace: CoderWorkspace): Offered[] {
  const { availability: state, name, outdated } = workspace;
  if (state === 'deleted' || state === 'deleting') return [];
  const offered: Offered[] = [];
  const add = (action: CoderAction, label: string, confirm?: Offered['confirm']) =>
    offered.push({ action, label, confirm });
  if (RESTS.includes(state)) add({ kind: 'start' }, 'Start');
  if (state === 'dormant') add({ kind: 'wake' }, 'Wake');
  if (RUNS.includes(state)) {
    add({ kind: 'stop' }, 'Stop', {
      title: `Stop ${name}?`,
      text: 'Processes in it end. Files in its home directory stay.',
      button: 'Stop',
    });
    add({ kind: 'restart' }, 'Restart', {
      title: `Restart ${name}?`,
      text: 'Processes in it end. Files in its home directory stay.',
      button: 'Restart',
    });
  }
  if (outdated) {
    add({ kind: 'update' }, 'Update', {
      title: `Update ${name}?`,
      text: 'It stops, and starts with the new version of its template.',
      button: 'Update',
    });
  }
  if (workspace.deadline && RUNS.includes(state)) {
    add({ kind: 'extend', minutes: 60 }, 'Extend by 1 hour');
  }
  const { favorite } = workspace;
  if (workspace.mine) {
    const label = favorite ? 'Remove from favorites' : 'Add to favorites';
    add({ kind: 'favorite', favorite: !favorite }, label);
  }
  add({ kind: 'delete' }, 'Delete', {
    title: `Delete ${name}?`,
    text: 'The workspace and everything in it are gone for good.',
    button: 'Delete',
  });
  return offered;
}

/** The button beside a workspace: an action, or a link. */
export type NextStep =
  ({ kind: 'act' } & Offered) | { kind: 'link'; label: string; url: string } | { kind: 'none' };

/** Returns the next step of a workspace, which the portal has chosen. It asks first what the menu asks. */
export function nextStep(workspace: CoderWorkspace): NextStep {
  const { dashboard, build } = workspace.links;
  const next: CoderNextAction = workspace.action;
  const act = (label: string, kind: 'start' | 'restart' | 'wake'): NextStep => {
    const offered = actionsOf(workspace).find(({ action }) => action.kind === kind);
    return { kind: 'act', label, action: { kind }, confirm: offered?.confirm };
  };
  switch (next) {
    case 'open':
      return { kind: 'link', label: 'Open', url: dashboard };
    case 'start':
      return act('Start', 'start');
    case 'restart':
      return act('Restart', 'restart');
    case 'wake':
      return act('Wake', 'wake');
    case 'retry':
      return act('Try again', 'start');
    case 'inspect':
      return { kind: 'link', label: 'See the log', url: build };
    case 'linkAccounts':
      return { kind: 'link', label: 'Link accounts', url: dashboard };
    case 'recreate':
    case 'wait':
      return { kind: 'none' };
    default:
      // A portal that is newer than this page may know a further action.
      return { kind: 'none' };
  }
}

/** A way into a workspace that runs. */
export interface Way {
  label: string;
  url: string;
}

const EDITORS: Readonly<Record<string, string>> = {
  vsCode: 'VS Code',
  vsCodeInsiders: 'VS Code Insiders',
  vsCodium: 'VSCodium',
  cursor: 'Cursor',
  windsurf: 'Windsurf',
  kiro: 'Kiro',
  antigravity: 'Antigravity',
  positron: 'Positron',
  jetBrainsToolbox: 'JetBrains Toolbox',
  jetBrainsGateway: 'JetBrains Gateway',
  zed: 'Zed',
};

/** Schemes of links that a page may offer: pages, and editors on the desktop. */
const SCRIPTS = /^\s*(javascript|data|vbscript|blob):/i;

/** Returns the terminals, editors and apps of a workspace. */
export function waysInto(workspace: CoderWorkspace): Way[] {
  if (!RUNS.includes(workspace.availability)) return [];
  const { agents } = workspace.links;
  const ways = agents.flatMap(agent => {
    const suffix = agents.length > 1 ? ` (${agent.name})` : '';
    const terminal = agent.terminal ? [{ label: `Terminal${suffix}`, url: agent.terminal }] : [];
    const editors = agent.editors.map(({ editor, url }) => ({
      label: `${EDITORS[editor] ?? editor}${suffix}`,
      url,
    }));
    const apps = agent.apps.map(({ name, url }) => ({ label: `${name}${suffix}`, url }));
    return [...terminal, ...editors, ...apps];
  });
  return ways.filter(({ url }) => !SCRIPTS.test(url));
}
