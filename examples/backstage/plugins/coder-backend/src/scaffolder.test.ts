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
const FORM = { templateId: 't', templateName: 'web', problems: [], missingAccounts: [] };
const TEMPLATES = [
  { id: 'o', name: 'web', organization: 'other-org' },
  { id: 't', name: 'web', organization: 'acme' },
];
const ANSWERS: Record<string, object> = {
  form: FORM,
  workspaces: WORKSPACE,
  templates: { templates: TEMPLATES },
};

function answering(answers: Record<string, object> = {}) {
  const asked: { path: string; headers: Record<string, string>; body: any }[] = [];
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (url, request) => {
    const path = String(url).replace(/.*\/v1/, '');
    const headers = request?.headers as Record<string, string>;
    asked.push({ path, headers, body: JSON.parse(String(request?.body ?? 'null')) });
    const body = { ...ANSWERS, ...answers }[path.replace(/.*\//, '')];
    return new Response(JSON.stringify(body), { status: 200 });
  });
  return asked;
}

async function run(isDryRun: boolean, input: object = {}, signal?: AbortSignal) {
  const outputs: Record<string, unknown> = {};
  const discovery = {
    getBaseUrl: async () => 'https://portal.example.com/api/coder',
    getExternalBaseUrl: async () => 'https://portal.example.com/api/coder',
  };
  const action = createWorkspaceAction(new Portal({ discovery }));
  await action.handler({
    input: { entityRef: 'component:default/payments', name: 'dev', ...input },
    isDryRun,
    signal,
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
    const created = asked[asked.length - 1];
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
    [
      'another template',
      { templateId: 'x', templateName: 'other' },
      /template other, not acme\/web/,
    ],
  ])('fails for %s before anything is made', async (_, form, message) => {
    const asked = answering({ form: { ...FORM, ...form } });
    await expect(run(false, { coder: { template: 'acme/web' } })).rejects.toThrow(message);
    expect(asked.filter(({ path }) => path.endsWith('/workspaces'))).toEqual([]);
  });

  it('fails for a template of another organization', async () => {
    answering();
    const wanted = run(true, { coder: { template: 'other-org/web' } });
    await expect(wanted).rejects.toThrow('template acme/web, not other-org/web');
  });

  it('takes a template by its name where the list does not have it', async () => {
    answering({ templates: { templates: [] } });
    const outputs = await run(true, { coder: { template: 'acme/web' } });
    expect(outputs).toEqual({ workspaceName: 'dev' });
  });

  it.each(['component:default/..', 'component:./payments'])(
    'asks nothing about %s',
    async entityRef => {
      const asked = answering();
      await expect(run(false, { entityRef })).rejects.toThrow(`${entityRef} names no entity`);
      expect(asked).toEqual([]);
    },
  );

  it('ends with its task, and makes nothing then', async () => {
    const task = new AbortController();
    const asked = jest.spyOn(globalThis, 'fetch').mockImplementation(async () => {
      task.abort(new Error('the task was cancelled'));
      return new Response(JSON.stringify(FORM));
    });
    await expect(run(false, {}, task.signal)).rejects.toThrow('the task was cancelled');
    expect(asked).toHaveBeenCalledTimes(1);
    expect(asked.mock.calls[0][1]?.signal?.aborted).toBe(true);
  });

  it('waits a minute for an answer', async () => {
    const timeout = jest.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort());
    jest.spyOn(globalThis, 'fetch').mockImplementation(async (_, request) => {
      request?.signal?.throwIfAborted();
      return new Response(JSON.stringify(FORM));
    });
    await expect(run(true)).rejects.toThrow('the portal server does not answer');
    expect(timeout).toHaveBeenCalledWith(60_000);
  });

  it('fails when an answer does not come to its end', async () => {
    jest.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('{"templ'));
    await expect(run(false)).rejects.toThrow('the portal server does not answer');
  });
});
