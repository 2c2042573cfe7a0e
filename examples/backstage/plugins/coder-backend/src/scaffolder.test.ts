import { createWorkspaceAction } from './scaffolder';
import { Portal } from './portal';

const WORKSPACE = {
  id: 'a',
  name: 'dev',
  owner: 'alice',
  template: 'web',
  links: {
    dashboard: 'https://coder.example.com/@alice/dev',
    build: 'https://coder.example.com/b',
  },
};
const FORM = { templateName: 'web', problems: [], missingAccounts: [] };

function answering(form: object = FORM) {
  const asked: { path: string; headers: Record<string, string>; body: any }[] = [];
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (url, request) => {
    const path = String(url).replace(/.*\/v1/, '');
    const headers = request?.headers as Record<string, string>;
    asked.push({ path, headers, body: JSON.parse(String(request?.body)) });
    const body = path.endsWith('/form') ? form : WORKSPACE;
    return new Response(JSON.stringify(body), { status: 200 });
  });
  return asked;
}

async function run(isDryRun: boolean, input: object = {}) {
  const outputs: Record<string, unknown> = {};
  const discovery = {
    getBaseUrl: async () => 'https://portal.example.com/api/coder',
    getExternalBaseUrl: async () => 'https://portal.example.com/api/coder',
  };
  const action = createWorkspaceAction(new Portal({ discovery }));
  await action.handler({
    input: { entityRef: 'component:default/payments', name: 'dev', ...input },
    isDryRun,
    task: { id: 'task-1' },
    logger: { info: jest.fn() },
    secrets: { backstageToken: 'the-token-of-alice' },
    output: (name: string, value: unknown) => {
      outputs[name] = value;
    },
  } as any);
  return outputs;
}

describe('the action coder:workspace:create', () => {
  afterEach(() => jest.restoreAllMocks());

  it('creates a workspace in the name of the person, and outputs its links', async () => {
    const asked = answering();
    const outputs = await run(false, { coder: { template: 'acme/web', parameters: { cpu: '4' } } });
    expect(outputs).toEqual({
      workspaceId: 'a',
      workspaceName: 'dev',
      workspaceUrl: WORKSPACE.links.dashboard,
      buildUrl: WORKSPACE.links.build,
    });
    const [, created] = asked;
    expect(created.path).toBe('/entities/component/default/payments/workspaces');
    expect(created.body).toEqual({ name: 'dev', parameters: { cpu: '4' } });
    expect(created.headers.Authorization).toBe('Bearer the-token-of-alice');
  });

  it('sends the same key when the task is resumed', async () => {
    const asked = answering();
    await run(false);
    await run(false);
    const keys = asked.flatMap(({ headers }) => headers['Idempotency-Key'] ?? []);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it('creates nothing in a dry run', async () => {
    const asked = answering();
    expect(await run(true)).toEqual({ workspaceName: 'dev' });
    expect(asked.map(({ path }) => path)).toEqual(['/entities/component/default/payments/form']);
  });

  it.each([
    [
      'a value that the template does not take',
      { problems: [{ name: 'cpu', problem: 'is too large' }] },
      /cpu: is too large/,
    ],
    [
      'an account that is not linked',
      { missingAccounts: [{ name: 'GitHub', url: 'https://c/e' }] },
      /GitHub: https:\/\/c\/e/,
    ],
    ['another template', { templateName: 'other' }, /template other, not acme\/web/],
  ])('fails for %s before anything is made', async (_, form, message) => {
    const asked = answering({ ...FORM, ...form });
    await expect(run(false, { coder: { template: 'acme/web' } })).rejects.toThrow(message);
    expect(asked).toHaveLength(1);
  });
});
