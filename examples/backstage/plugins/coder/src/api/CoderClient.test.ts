import { ConfigReader } from '@backstage/config';
import { CoderApiError } from './CoderApi';
import { CoderClient } from './CoderClient';
import { workspace } from '../__testUtils__/fixtures';

const configApi = new ConfigReader({ auth: { environment: 'production' } });
const discoveryApi = {
  getBaseUrl: async (plugin: string) => `https://portal.example.com/api/${plugin}`,
};

function clientOf(fetch: jest.Mock) {
  return new CoderClient({ configApi, discoveryApi, fetchApi: { fetch } });
}

function answer(body: unknown, status = 200, headers: Record<string, string> = {}) {
  return jest.fn().mockImplementation(async () => ({
    ok: status < 400,
    status,
    headers: new Map(Object.entries(headers)),
    json: async () => body,
  }));
}

describe('CoderClient', () => {
  it('asks with the cookie of the session, in the environment of the portal', async () => {
    const fetch = answer({});
    await clientOf(fetch).getMe();
    const [url, request] = fetch.mock.calls[0];
    expect(url).toBe('https://portal.example.com/api/coder/v1/me?env=production');
    expect(request.credentials).toBe('include');
    expect(request.headers).toEqual({ 'X-Requested-With': 'XMLHttpRequest' });
  });

  it('names an entity in lower case, and every part of it as one', async () => {
    const fetch = answer({});
    await clientOf(fetch).getEntityOffer('Component:Default/Pay%20ments');
    expect(fetch.mock.calls[0][0]).toContain('/entities/component/default/pay%2520ments?');
  });

  it('acts on the workspace that the page shows, with a new key each time', async () => {
    const fetch = answer({});
    const client = clientOf(fetch);
    await client.act(workspace({ id: 'a', name: 'dev' }), { kind: 'stop' });
    await client.act(workspace({ id: 'a', name: 'dev' }), { kind: 'delete' });
    const [[stop, first], [gone, second]] = fetch.mock.calls;
    expect([first.method, stop.replace(/.*v1/, '')]).toEqual([
      'POST',
      '/workspaces/a/stop?env=production&expectedName=dev',
    ]);
    expect([second.method, gone.replace(/.*v1/, '')]).toEqual([
      'DELETE',
      '/workspaces/a?env=production&expectedName=dev',
    ]);
    expect(first.headers['Idempotency-Key']).toMatch(/^[0-9a-f]{32}$/);
    expect(first.headers['Idempotency-Key']).not.toBe(second.headers['Idempotency-Key']);
  });

  it('reads a form without a key, as long as it is asked for', async () => {
    const fetch = answer({});
    const { signal } = new AbortController();
    const client = clientOf(fetch);
    await client.getCreationForm('component:default/payments', { parameters: {} }, { signal });
    await client.getTemplateForm('a', { parameters: {} }, { signal });
    expect(fetch).toHaveBeenCalledTimes(2);
    for (const [, request] of fetch.mock.calls) {
      expect(request.headers).not.toHaveProperty('Idempotency-Key');
      expect(request.signal).toBe(signal);
    }
  });

  it('sends an action again with the same key when no answer came', async () => {
    const fetch = answer({});
    fetch.mockRejectedValueOnce(new TypeError('Failed to fetch'));
    await clientOf(fetch).openWorkspace('component:default/payments');
    const keys = fetch.mock.calls.map(([, request]) => request.headers['Idempotency-Key']);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it('sends a token once only, and in the body', async () => {
    const fetch = jest.fn().mockRejectedValue(new TypeError('Failed to fetch'));
    await expect(clientOf(fetch).link('secret-token')).rejects.toThrow(/does not answer/);
    expect(fetch).toHaveBeenCalledTimes(1);
    const [url, request] = fetch.mock.calls[0];
    expect(url).not.toContain('secret-token');
    expect(request.headers).not.toHaveProperty('Idempotency-Key');
  });

  it('tells what the portal says about a failure, and when to try again', async () => {
    const body = { error: { message: 'Coder does not answer' } };
    const failing = clientOf(answer(body, 503, { 'Retry-After': '5' })).listWorkspaces();
    await expect(failing).rejects.toEqual(new CoderApiError('Coder does not answer', 503, 5));
    await expect(failing).rejects.toMatchObject({ status: 503, retryAfterSeconds: 5 });
  });
});
