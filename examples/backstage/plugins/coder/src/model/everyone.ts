import type {
  CoderIndexFacet,
  CoderIndexFilter,
  CoderIndexList,
  CoderIndexSelection,
  CoderIndexSort,
} from '../api/everyone';

/** The number of workspaces on a page. */
export const PAGE_SIZE = 25;

/** What the list of everyone's workspaces is asked for. */
export type EveryoneView = Readonly<CoderIndexSelection> & { readonly offset: number };

/** What a person changes in the list. */
export type EveryoneStep =
  | { kind: 'filtered'; filter: CoderIndexFilter | 'q'; value: string }
  | { kind: 'sorted'; sort: CoderIndexSort }
  | { kind: 'turned'; offset: number }
  | { kind: 'cleared' };

/** The list at first. */
export const EVERYONE: EveryoneView = { sort: 'owner', order: 'asc', offset: 0 };

/** Takes a step. Every other choice of workspaces begins at its first page. */
export function everyoneView(view: EveryoneView, step: EveryoneStep): EveryoneView {
  switch (step.kind) {
    case 'filtered':
      if ((view[step.filter] ?? '') === step.value) return view;
      return { ...view, [step.filter]: step.value || undefined, offset: 0 };
    case 'sorted': {
      const order = view.sort === step.sort && view.order === 'asc' ? 'desc' : 'asc';
      return { ...view, sort: step.sort, order, offset: 0 };
    }
    case 'turned':
      return { ...view, offset: Math.max(0, step.offset) };
    case 'cleared':
      return { sort: view.sort, order: view.order, offset: 0 };
    default:
      return step satisfies never;
  }
}

/**
 * Tells whether the index shows a person more than the person's own workspaces, which are on the page
 * anyway.
 *
 * @param list - a page of the whole index, without filters
 */
export function showsOthers(list: CoderIndexList, username: string): boolean {
  switch (list.scope) {
    case 'own':
      return false;
    case 'everyone':
      return true;
    case 'caller':
    case 'coder':
      return list.facets.owner.some(({ value }) => value !== username);
    default:
      return list.scope satisfies never;
  }
}

/** Returns the options of a filter: any, each value with its number, and the chosen one in any case. */
export function optionsOf(
  any: string,
  facet: CoderIndexFacet,
  chosen: string | undefined,
): [value: string, label: string][] {
  const options = facet.map(({ value, count }): [string, string] => [value, `${value} (${count})`]);
  const isMissing = chosen !== undefined && facet.every(({ value }) => value !== chosen);
  return [['', any], ...options, ...(isMissing ? [[chosen, chosen] as [string, string]] : [])];
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** Tells in words how long ago a moment was. */
export function ago(moment: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(moment)) / 1000);
  for (const [unit, length] of UNITS) {
    const count = Math.floor(seconds / length);
    if (count > 0) return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  }
  return 'less than a minute ago';
}
