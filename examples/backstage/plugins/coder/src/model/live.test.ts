import { listOf, live, workspace } from '../__testUtils__/fixtures';
import { needsReading, withEvent, withProblem } from './live';

const list = listOf(workspace({ buildNumber: 4, label: 'Pending…', availability: 'pending' }));

describe('an event in a list', () => {
  it('changes the workspace that it is about', () => {
    const event = { type: 'workspace', workspace: live({ buildNumber: 4 }) } as const;
    expect(withEvent(list, event).workspaces[0]).toMatchObject({ label: 'Online' });
    expect(needsReading(list, event)).toBe(true);
  });

  it('that is older than the answer to an action changes nothing', () => {
    expect(withEvent(list, { type: 'workspace', workspace: live({ buildNumber: 3 }) })).toBe(list);
  });

  it('that comes twice changes nothing', () => {
    const event = { type: 'workspace', workspace: live({ buildNumber: 4 }) } as const;
    const once = withEvent(list, event);
    expect(withEvent(once, event)).toBe(once);
    expect(needsReading(once, event)).toBe(false);
  });

  it('takes away a workspace that is gone', () => {
    const gone = { type: 'gone', id: list.workspaces[0].id } as const;
    expect(withEvent(list, gone)).toMatchObject({ workspaces: [], count: 0 });
    expect(withEvent(list, { type: 'gone', id: 'another' })).toBe(list);
  });

  it('begins and ends the problem of a workspace', () => {
    const { id } = workspace();
    const problem = withProblem({}, { type: 'problem', id, message: 'Coder does not answer' });
    expect(problem).toEqual({ [id]: 'Coder does not answer' });
    expect(withProblem(problem, { type: 'workspace', workspace: live() })).toEqual({});
  });
});
