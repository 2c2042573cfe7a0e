import type { CoderLiveEvent, CoderLogLine, CoderOpenedWorkspace } from '../api/wire';

/** The lines of a log that are kept. */
const MOST_LINES = 500;

/** A line, with the build or the agent that has written it: ids are unique within one of them. */
export type OpeningLine = CoderLogLine & { source: string };

/**
 * The way of "Open in Coder", from the click to a workspace that can be used.
 * @public
 */
export type CoderOpening =
  | { kind: 'idle' }
  | { kind: 'asking' }
  | {
      kind: 'building';
      id: string;
      name: string;
      dashboard: string;
      outcome: CoderOpenedWorkspace['outcome'];
      label: string;
      lines: readonly OpeningLine[];
      /** Why the progress may be out of date. */
      problem: string | undefined;
    }
  | { kind: 'ready'; id: string; name: string; dashboard: string }
  | { kind: 'failed'; message: string; dashboard: string | undefined };

/** What happens on the way. */
export type OpeningStep =
  | { kind: 'asked' }
  | { kind: 'answered'; opened: CoderOpenedWorkspace }
  | { kind: 'refused'; message: string }
  | { kind: 'event'; event: CoderLiveEvent }
  | { kind: 'closed' };

/** Takes the next step. Steps that do not belong to the state change nothing. */
export function opening(state: CoderOpening, step: OpeningStep): CoderOpening {
  switch (step.kind) {
    case 'closed':
      return { kind: 'idle' };
    case 'asked':
      return state.kind === 'asking' || state.kind === 'building' ? state : { kind: 'asking' };
    case 'refused':
      if (state.kind !== 'asking') return state;
      return { kind: 'failed', message: step.message, dashboard: undefined };
    case 'answered':
      return state.kind === 'asking' ? answered(step.opened) : state;
    case 'event':
      return state.kind === 'building' ? withEvent(state, step.event) : state;
    default:
      return step satisfies never;
  }
}

function answered({ outcome, workspace }: CoderOpenedWorkspace): CoderOpening {
  const { id, name, label, links } = workspace;
  const { dashboard } = links;
  if (workspace.availability === 'online') return { kind: 'ready', id, name, dashboard };
  return { kind: 'building', id, name, dashboard, outcome, label, lines: [], problem: undefined };
}

type Building = Extract<CoderOpening, { kind: 'building' }>;

function withEvent(state: Building, event: CoderLiveEvent): CoderOpening {
  const { id, name, dashboard } = state;
  if (event.type === 'end') {
    return { kind: 'failed', message: 'the portal stopped telling the progress', dashboard };
  }
  const about = event.type === 'workspace' ? event.workspace.id : event.id;
  if (about !== id) return state;
  switch (event.type) {
    case 'workspace': {
      const { availability, label, reason } = event.workspace;
      if (availability === 'online') return { kind: 'ready', id, name, dashboard };
      if (availability === 'failed' || availability === 'unhealthy') {
        return { kind: 'failed', message: reason ?? label, dashboard };
      }
      return { ...state, label, problem: undefined };
    }
    case 'gone':
      return { kind: 'failed', message: 'the workspace was deleted', dashboard: undefined };
    case 'problem':
      return { ...state, problem: event.message };
    case 'log':
      return { ...state, lines: withLines(state.lines, event.source, event.lines) };
    case 'logCut':
      return { ...state, lines: [] };
    default:
      return event satisfies never;
  }
}

/** Appends lines. After a break in the stream some come twice, and have the same id. */
function withLines(
  known: readonly OpeningLine[],
  source: string,
  lines: readonly CoderLogLine[],
): readonly OpeningLine[] {
  const ids = new Set(known.filter(line => line.source === source).map(({ id }) => id));
  const further = lines.filter(({ id }) => !ids.has(id)).map(line => ({ ...line, source }));
  return further.length === 0 ? known : [...known, ...further].slice(-MOST_LINES);
}
