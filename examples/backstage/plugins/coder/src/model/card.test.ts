import { CoderApiError } from '../api/CoderApi';
import type { CoderEntityOffer } from '../api/wire';
import { listOf, workspace } from '../__testUtils__/fixtures';
import { cardState } from './card';

const nothing = { data: undefined, error: null };
const offer = (fields: Partial<CoderEntityOffer>) => ({
  data: { compatible: true, notices: [], ...fields } as unknown as CoderEntityOffer,
  error: null,
});
const failed = (status: number) => new CoderApiError(`status ${status}`, status);

describe('the state of the card', () => {
  it('is loading until there is an answer', () => {
    expect(cardState(nothing).kind).toBe('loading');
  });

  it('is an error with its reason, not an empty list, when nothing could be read', () => {
    const state = cardState({ data: undefined, error: failed(503) });
    expect(state).toEqual({ kind: 'error', message: 'status 503' });
  });

  it('says that a list may be out of date when it could not be read again', () => {
    const state = cardState({ data: listOf(workspace()), error: failed(503) });
    expect(state).toMatchObject({ kind: 'ready', stale: 'status 503' });
    expect(state).toHaveProperty('workspaces.length', 1);
  });

  it('leaves nothing on the screen of a person who is signed out', () => {
    const state = cardState({ data: listOf(workspace()), error: failed(401) });
    expect(state).toEqual({ kind: 'signedOut', message: 'status 401' });
  });

  it('says what to do for an entity that Coder has nothing for', () => {
    const state = cardState(
      nothing,
      offer({ compatible: false, incompatible: 'name a repository' }),
    );
    expect(state).toEqual({ kind: 'incompatible', message: 'name a repository' });
  });

  it('says why a list is not complete, each text once', () => {
    const list = { ...listOf(), partial: true, notices: ['one template could not be asked'] };
    const state = cardState({ data: list, error: null }, offer({ notices: list.notices }));
    expect(state).toMatchObject({ partial: true, notices: ['one template could not be asked'] });
  });

  it('does not show the text of a fault of this page', () => {
    const state = cardState({ data: undefined, error: new TypeError('x is not a function') });
    expect(state).toEqual({ kind: 'error', message: expect.not.stringContaining('function') });
  });
});
