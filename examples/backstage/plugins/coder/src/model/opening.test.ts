import type { CoderLiveEvent } from '../api/wire';
import { live, workspace } from '../__testUtils__/fixtures';
import { opening, type CoderOpening, type OpeningStep } from './opening';

const IDLE: CoderOpening = { kind: 'idle' };
const pending = workspace({ availability: 'pending', label: 'Pending…' });
const created: OpeningStep = {
  kind: 'answered',
  opened: { outcome: 'created', workspace: pending },
};
const event = (it: CoderLiveEvent): OpeningStep => ({ kind: 'event', event: it });
const after = (...steps: OpeningStep[]) => steps.reduce(opening, IDLE);
const asked: OpeningStep = { kind: 'asked' };

describe('Open in Coder', () => {
  it('is ready at once when a workspace runs', () => {
    const found: OpeningStep = {
      kind: 'answered',
      opened: { outcome: 'found', workspace: workspace() },
    };
    expect(after(asked, found)).toMatchObject({ kind: 'ready', name: 'payments-dev' });
  });

  it('follows a build until the workspace can be used', () => {
    const lines = [{ id: 1, level: 'info', text: 'planning' }];
    const log = event({ type: 'log', id: pending.id, source: 'build', lines });
    const building = after(asked, created, log);
    expect(building).toMatchObject({ kind: 'building', lines: [{ text: 'planning' }] });
    const online = event({ type: 'workspace', workspace: live() });
    expect(opening(building, online)).toMatchObject({ kind: 'ready' });
  });

  it('shows a line once that comes twice, and lines of two logs with one id both', () => {
    const lines = [{ id: 1, level: 'info', text: 'a line' }];
    const log = (source: string) => event({ type: 'log', id: pending.id, source, lines });
    const state = after(asked, created, log('build'), log('build'), log('agent'));
    expect(state).toHaveProperty('lines.length', 2);
  });

  it('fails with the reason of a build that failed', () => {
    const failed = live({ availability: 'failed', reason: 'no capacity left' });
    const state = after(asked, created, event({ type: 'workspace', workspace: failed }));
    expect(state).toMatchObject({ kind: 'failed', message: 'no capacity left' });
  });

  it('tells a refusal, and can be begun again', () => {
    const refused = after(asked, { kind: 'refused', message: 'there is no template' });
    expect(refused).toMatchObject({ kind: 'failed', message: 'there is no template' });
    expect(opening(refused, asked)).toEqual({ kind: 'asking' });
  });

  it('leaves out events of other workspaces, and answers that nobody waits for', () => {
    const building = after(asked, created);
    const other = event({ type: 'gone', id: 'another' });
    expect(opening(building, other)).toBe(building);
    expect(opening(IDLE, created)).toBe(IDLE);
  });
});
