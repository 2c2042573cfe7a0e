import type { CoderLiveEvent } from '../api/wire';
import { formOf, live, parameterOf, workspace } from '../__testUtils__/fixtures';
import {
  firstChoices,
  joined,
  needsChoices,
  opening,
  type CoderOpening,
  type OpeningStep,
} from './opening';

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
  it('waits for the choices of the person, and goes on with them', () => {
    const choosing = after(asked, { kind: 'needed', form: formOf() });
    expect(choosing).toMatchObject({ kind: 'choosing' });
    expect(opening(choosing, asked)).toEqual({ kind: 'asking' });
    expect(opening(choosing, { kind: 'closed' })).toEqual(IDLE);
  });

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

describe('the choices for a new workspace', () => {
  const small = {
    ...{ name: 'Small', description: '', icon: '', default: false },
    parameters: [{ name: 'cpu', value: '2' }],
  };
  const large = { ...small, name: 'Large', default: true };
  const cpu = parameterOf({ name: 'cpu', required: true });

  it.each([
    ['a template without presets whose parameters have values', {}, false],
    ['a template with presets', { presets: [small] }, true],
    ['a parameter without a value', { parameters: [cpu] }, true],
    ['a parameter that has one', { parameters: [{ ...cpu, value: '2' }] }, false],
    ['a parameter that needs none', { parameters: [{ ...cpu, required: false }] }, false],
    ['a value that is refused', { problems: [{ name: 'cpu', problem: 'is too large' }] }, true],
    ['an account to link', { missingAccounts: [{ name: 'GitHub', url: 'https://c/e' }] }, true],
  ])('of %s: asked for is %#', (_, form, expected) => {
    expect(needsChoices(formOf(form))).toBe(expected);
  });

  it('begin with the default preset of the template', () => {
    expect(firstChoices(formOf({ presets: [small, large] })).preset).toBe('Large');
    expect(firstChoices(formOf({ presets: [small] })).preset).toBeUndefined();
  });

  it('leave out what the preset sets, and keep what is given besides', () => {
    const form = formOf({ presets: [small] });
    const given = { cpu: '1', region: 'eu' };
    expect(joined(given, { preset: 'Small', parameters: { disk: '10' } }, form)).toEqual({
      preset: 'Small',
      parameters: { region: 'eu', disk: '10' },
    });
    expect(joined(given, { parameters: { cpu: '8' } }, form).parameters).toEqual({
      cpu: '8',
      region: 'eu',
    });
  });
});
