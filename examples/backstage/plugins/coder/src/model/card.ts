import { CoderApiError, isSignedOut } from '../api/CoderApi';
import type { CoderEntityOffer, CoderWorkspace, CoderWorkspaceList } from '../api/wire';

/**
 * The state of the card: exactly one of these is shown.
 * @public
 */
export type CoderCardState =
  | { kind: 'loading' }
  | { kind: 'signedOut'; message: string }
  /** Coder has nothing for this entity; `message` says what its owner can do. */
  | { kind: 'incompatible'; message: string }
  /** Nothing can be shown. `message` says whose fault it is and what to do. */
  | { kind: 'error'; message: string }
  | {
      kind: 'ready';
      workspaces: readonly CoderWorkspace[];
      /** Texts for the person: why workspaces may be missing, values that were ignored. */
      notices: readonly string[];
      /** `true` when workspaces may be missing. */
      partial: boolean;
      /** Why what is shown may be out of date; `undefined` when it is not. */
      stale: string | undefined;
    };

/** An answer that is asked for, as far as it is there. */
export interface Asked<T> {
  data: T | undefined;
  error: unknown;
}

const UNKNOWN_FAULT = 'something went wrong in this page; reload it';

/** Returns the text of an error for people. */
export function messageOf(error: unknown): string {
  return error instanceof CoderApiError ? error.message : UNKNOWN_FAULT;
}

/**
 * Decides what the card shows.
 *
 * A list that was read stays, with what went wrong since, unless the person is signed out: what one person
 * saw is not left on the screen for the next.
 *
 * @param offer - the offer for the entity; absent for a card without one
 * @param problem - what the live stream says about the deployment
 */
export function cardState(
  list: Asked<CoderWorkspaceList>,
  offer?: Asked<CoderEntityOffer>,
  problem?: string,
): CoderCardState {
  const signedOut = [list.error, offer?.error].find(isSignedOut);
  if (signedOut) return { kind: 'signedOut', message: messageOf(signedOut) };
  if (offer?.data && !offer.data.compatible) {
    const message = offer.data.incompatible ?? 'Coder has nothing for this entity';
    return { kind: 'incompatible', message };
  }
  if (list.data) {
    const { workspaces, partial } = list.data;
    const notices = [...new Set([...list.data.notices, ...(offer?.data?.notices ?? [])])];
    const stale = list.error ? messageOf(list.error) : problem;
    return { kind: 'ready', workspaces, notices, partial, stale };
  }
  const error = list.error ?? offer?.error;
  return error ? { kind: 'error', message: messageOf(error) } : { kind: 'loading' };
}
