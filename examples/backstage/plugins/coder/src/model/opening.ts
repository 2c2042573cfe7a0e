import type {
  CoderChoices,
  CoderCreationForm,
  CoderLiveEvent,
  CoderLogLine,
  CoderOpenedWorkspace,
} from '../api/wire';

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
  /** A new workspace needs choices of the person. */
  | { kind: 'choosing'; form: CoderCreationForm }
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
  | { kind: 'needed'; form: CoderCreationForm }
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
    case 'needed':
      return state.kind === 'asking' ? { kind: 'choosing', form: step.form } : state;
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

/** Tells whether a new workspace needs something that only a person can say. */
export function needsChoices(form: CoderCreationForm): boolean {
  const { presets, parameters, problems, missingAccounts } = form;
  const isOpen = parameters.some(({ required, value }) => required && (value ?? '') === '');
  return isOpen || [presets, problems, missingAccounts].some(list => list.length > 0);
}

/** Returns the choices to begin with: the template's default preset. */
export function firstChoices(form: CoderCreationForm): CoderChoices {
  return { preset: form.presets.find(preset => preset.default)?.name, parameters: {} };
}

/**
 * Joins the choices of a person with parameters that are given anyway. A parameter that the preset sets is
 * left out: Coder takes the preset's value, and the portal refuses another one beside it.
 */
export function joined(
  given: Readonly<Record<string, string>>,
  choices: CoderChoices,
  form: CoderCreationForm | undefined,
): CoderChoices {
  const preset = form?.presets.find(({ name }) => name === choices.preset);
  const set = new Set(preset?.parameters.map(({ name }) => name));
  const free = Object.entries({ ...given, ...choices.parameters }).filter(([it]) => !set.has(it));
  return { preset: choices.preset, parameters: Object.fromEntries(free) };
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
