import type { CoderNextAction } from '../api/wire';
import { workspace } from '../__testUtils__/fixtures';
import { actionsOf, nextStep, waysInto } from './actions';

const labels = (...given: Parameters<typeof workspace>) =>
  actionsOf(workspace(...given)).map(({ label }) => label);

describe('the menu of a workspace', () => {
  it('stops and restarts one that runs, and extends one that has a deadline', () => {
    expect(labels({ deadline: '2026-11-27T09:30:00Z' })).toEqual([
      'Stop',
      'Restart',
      'Extend by 1 hour',
      'Add to favorites',
      'Delete',
    ]);
  });

  it('starts one that rests, wakes one that sleeps, and updates one that is outdated', () => {
    expect(labels({ availability: 'offline' })).toContain('Start');
    expect(labels({ availability: 'dormant' })).toContain('Wake');
    expect(labels({ availability: 'offline', outdated: true })).toContain('Update');
  });

  it('offers nothing for one that is being deleted', () => {
    expect(labels({ availability: 'deleting' })).toEqual([]);
  });

  it('asks before every action that ends processes or deletes', () => {
    const asking = actionsOf(workspace({ outdated: true })).filter(({ confirm }) => confirm);
    expect(asking.map(({ action }) => action.kind)).toEqual([
      'stop',
      'restart',
      'update',
      'delete',
    ]);
  });
});

describe('the next step', () => {
  it.each<[CoderNextAction, string]>([
    ['open', 'link'],
    ['start', 'act'],
    ['restart', 'act'],
    ['wake', 'act'],
    ['retry', 'act'],
    ['inspect', 'link'],
    ['linkAccounts', 'link'],
    ['wait', 'none'],
    ['recreate', 'none'],
  ])('of %s is %s', (action, kind) => {
    expect(nextStep(workspace({ action })).kind).toBe(kind);
  });

  it('asks what the menu asks before the same action', () => {
    const unhealthy = workspace({ action: 'restart', availability: 'unhealthy' });
    const asked = actionsOf(unhealthy).find(({ label }) => label === 'Restart')?.confirm;
    expect(asked).toBeDefined();
    expect(nextStep(unhealthy)).toMatchObject({ kind: 'act', confirm: asked });
    const offline = workspace({ action: 'start', availability: 'offline' });
    expect(nextStep(offline)).toMatchObject({ kind: 'act', confirm: undefined });
  });

  it('of a word that this page does not know is none', () => {
    expect(nextStep(workspace({ action: 'dance' as CoderNextAction })).kind).toBe('none');
  });
});

describe('the ways into a workspace', () => {
  const agent = {
    name: 'main',
    terminal: 'https://coder.example.com/@alice/dev/terminal',
    editors: [
      { editor: 'vsCode', url: 'vscode://coder.coder-remote/open' },
      // eslint-disable-next-line no-script-url
      { editor: 'cursor', url: 'javascript:alert(1)' },
    ],
    apps: [
      {
        slug: 'web',
        name: 'Web',
        url: 'https://web.example.com',
        health: 'healthy',
        openIn: 'tab',
      },
    ],
  };
  const links = { ...workspace().links, agents: [agent] };

  it('are its terminal, editors and apps, without scripts', () => {
    expect(waysInto(workspace({ links })).map(({ label }) => label)).toEqual([
      'Terminal',
      'VS Code',
      'Web',
    ]);
  });

  it('are none while it does not run', () => {
    expect(waysInto(workspace({ links, availability: 'offline' }))).toEqual([]);
  });

  it('name the agent when there are several', () => {
    const agents = [agent, { ...agent, name: 'db' }];
    const [first] = waysInto(workspace({ links: { ...links, agents } }));
    expect(first.label).toBe('Terminal (main)');
  });
});
