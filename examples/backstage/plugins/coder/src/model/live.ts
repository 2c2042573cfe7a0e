import type { CoderLiveEvent, CoderWorkspaceList } from '../api/wire';

/** The greatest number of workspaces that one stream watches. */
export const MOST_WATCHED = 64;

/**
 * Puts an event into a list. Returns the same list when the event changes nothing in it, so that nothing is
 * drawn again.
 */
export function withEvent(list: CoderWorkspaceList, event: CoderLiveEvent): CoderWorkspaceList {
  if (event.type === 'gone') {
    const workspaces = list.workspaces.filter(({ id }) => id !== event.id);
    const gone = list.workspaces.length - workspaces.length;
    return gone === 0 ? list : { ...list, workspaces, count: list.count - gone };
  }
  if (event.type !== 'workspace') return list;
  let isChanged = false;
  const workspaces = list.workspaces.map(workspace => {
    if (workspace.id !== event.workspace.id) return workspace;
    // An answer to an action may be newer than an event that was on its way.
    if (event.workspace.buildNumber < workspace.buildNumber) return workspace;
    const next = { ...workspace, ...event.workspace };
    if (isSame(workspace, next)) return workspace;
    isChanged = true;
    return next;
  });
  return isChanged ? { ...list, workspaces } : list;
}

/**
 * Tells whether an event leaves out what only the list has: a build that is new, or has come to its end,
 * changes the links into a workspace.
 */
export function needsReading(list: CoderWorkspaceList, event: CoderLiveEvent): boolean {
  if (event.type !== 'workspace') return false;
  const known = list.workspaces.find(({ id }) => id === event.workspace.id);
  if (!known) return false;
  const { availability, buildNumber } = event.workspace;
  return known.buildNumber !== buildNumber || known.availability !== availability;
}

/** The workspaces whose state may be out of date, each with the reason. */
export type Problems = Readonly<Record<string, string>>;

/** Keeps the problems that the stream tells: the next state of a workspace ends its problem. */
export function withProblem(problems: Problems, event: CoderLiveEvent): Problems {
  switch (event.type) {
    case 'problem':
      if (problems[event.id] === event.message) return problems;
      return { ...problems, [event.id]: event.message };
    case 'workspace':
    case 'gone': {
      const ended = event.type === 'gone' ? event.id : event.workspace.id;
      if (!(ended in problems)) return problems;
      const { [ended]: _, ...rest } = problems;
      return rest;
    }
    case 'log':
    case 'logCut':
    case 'end':
      return problems;
    default:
      return event satisfies never;
  }
}

function isSame(left: object, right: object): boolean {
  return Object.entries(right).every(([key, value]) => {
    const known = (left as Record<string, unknown>)[key];
    return known === value || (known ?? null) === value;
  });
}
