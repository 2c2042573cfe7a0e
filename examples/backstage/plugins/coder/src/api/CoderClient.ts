import { parseEntityRef } from '@backstage/catalog-model';
import type { ConfigApi, DiscoveryApi, FetchApi } from '@backstage/core-plugin-api';
import { CoderApiError, type CoderAction, type CoderApi, type CoderListOptions } from './CoderApi';
import type { CoderIndexList, CoderIndexSelection } from './everyone';
import { watchLive } from './live';
import type {
  CoderChoices,
  CoderCreationForm,
  CoderEntityOffer,
  CoderLinkedToken,
  CoderLiveEvent,
  CoderOpenedWorkspace,
  CoderPerson,
  CoderTemplateList,
  CoderWorkspace,
  CoderWorkspaceList,
} from './wire';

type Query = Record<string, string | number | undefined>;

interface Asked {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
}

/** Route and method of each action that has a route of its own name. */
const ROUTES = {
  start: ['POST', '/start'],
  stop: ['POST', '/stop'],
  restart: ['POST', '/restart'],
  update: ['POST', '/update'],
  delete: ['DELETE', ''],
  sleep: ['PUT', '/dormant'],
  wake: ['DELETE', '/dormant'],
} as const;

/**
 * Asks the portal, with the person's identity token and the cookie of the session: one of them is known to it.
 */
export class CoderClient implements CoderApi {
  readonly #discoveryApi: DiscoveryApi;
  readonly #fetchApi: FetchApi;
  readonly #environment: string | undefined;

  constructor(apis: { discoveryApi: DiscoveryApi; fetchApi: FetchApi; configApi: ConfigApi }) {
    this.#discoveryApi = apis.discoveryApi;
    this.#fetchApi = apis.fetchApi;
    this.#environment = apis.configApi.getOptionalString('auth.environment');
  }

  getMe(options?: { signal?: AbortSignal }): Promise<CoderPerson> {
    return this.#read('/me', options);
  }

  getEntityOffer(entityRef: string, options?: { signal?: AbortSignal }): Promise<CoderEntityOffer> {
    return this.#read(entityPath(entityRef), options);
  }

  listEntityWorkspaces(
    entityRef: string,
    options: CoderListOptions = {},
  ): Promise<CoderWorkspaceList> {
    const { signal, ...query } = options;
    return this.#read(`${entityPath(entityRef)}/workspaces`, { query, signal });
  }

  listWorkspaces(options: CoderListOptions = {}): Promise<CoderWorkspaceList> {
    const { signal, ...query } = options;
    return this.#read('/workspaces', { query, signal });
  }

  listIndex(
    options: CoderIndexSelection & { limit?: number; offset?: number; signal?: AbortSignal } = {},
  ): Promise<CoderIndexList> {
    const { signal, ...query } = options;
    return this.#read('/index/workspaces', { query, signal });
  }

  async exportIndex(format: 'csv' | 'json', selection: CoderIndexSelection = {}): Promise<Blob> {
    const response = await this.#ask(`/index/export.${format}`, { query: { ...selection } });
    return response.blob();
  }

  getWorkspace(id: string, options?: { signal?: AbortSignal }): Promise<CoderWorkspace> {
    return this.#read(`/workspaces/${encodeURIComponent(id)}`, options);
  }

  getCreationForm(
    entityRef: string,
    choices?: CoderChoices,
    options?: { signal?: AbortSignal },
  ): Promise<CoderCreationForm> {
    const path = `${entityPath(entityRef)}/form`;
    const asked = choices ? ({ method: 'POST', body: choices } as const) : {};
    return this.#read(path, { ...asked, ...options });
  }

  createWorkspace(
    entityRef: string,
    choices: CoderChoices & { name: string },
  ): Promise<CoderWorkspace> {
    return this.#read(`${entityPath(entityRef)}/workspaces`, { method: 'POST', body: choices });
  }

  openWorkspace(
    entityRef: string,
    choices: CoderChoices & { name?: string } = {},
  ): Promise<CoderOpenedWorkspace> {
    return this.#read(`${entityPath(entityRef)}/open`, { method: 'POST', body: choices });
  }

  act(
    workspace: Pick<CoderWorkspace, 'id' | 'name'>,
    action: CoderAction,
  ): Promise<CoderWorkspace> {
    const path = `/workspaces/${encodeURIComponent(workspace.id)}`;
    const query = { expectedName: workspace.name };
    switch (action.kind) {
      case 'extend': {
        const { minutes } = action;
        return this.#read(`${path}/extend`, { method: 'POST', query, body: { minutes } });
      }
      case 'rename':
        return this.#read(path, { method: 'PATCH', query, body: { name: action.name } });
      case 'favorite': {
        const method = action.favorite ? 'PUT' : 'DELETE';
        return this.#read(`${path}/favorite`, { method, query });
      }
      default: {
        const [method, route] = ROUTES[action.kind];
        return this.#read(`${path}${route}`, { method, query });
      }
    }
  }

  listTemplates(): Promise<CoderTemplateList> {
    return this.#read('/templates');
  }

  getTemplateForm(
    template: string,
    choices: CoderChoices = {},
    options?: { signal?: AbortSignal },
  ): Promise<CoderCreationForm> {
    const path = `/templates/${encodeURIComponent(template)}/form`;
    return this.#read(path, { method: 'POST', body: choices, ...options });
  }

  getLink(): Promise<CoderLinkedToken> {
    return this.#read('/link');
  }

  link(token: string): Promise<CoderLinkedToken> {
    return this.#read('/link', { method: 'POST', body: { token } });
  }

  async unlink() {
    await this.#ask('/link', { method: 'DELETE' });
  }

  async disconnect() {
    await this.#ask('/connection', { method: 'DELETE' });
  }

  watch(
    ids: readonly string[],
    options: { signal: AbortSignal; onEvent: (event: CoderLiveEvent) => void },
  ) {
    const query = { workspaces: ids.join(',') };
    const open = (lastEventId: string | undefined, signal: AbortSignal) =>
      this.#ask('/live', { query, signal }, lastEventId ? { 'Last-Event-ID': lastEventId } : {});
    return watchLive({ open, sleep }, options);
  }

  /** Returns the body of an answer, which has the type that its route declares. */
  async #read<T>(path: string, asked?: Asked): Promise<T> {
    const response = await this.#ask(path, asked);
    try {
      return await response.json();
    } catch (error) {
      if (asked?.signal?.aborted) throw error;
      throw new CoderApiError(`the portal's answer to ${path} is no JSON`, response.status);
    }
  }

  async #ask(path: string, asked: Asked = {}, more: Record<string, string> = {}) {
    const { method = 'GET', query, body, signal } = asked;
    const base = await this.#discoveryApi.getBaseUrl('coder');
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries({ env: this.#environment, ...query })) {
      if (value !== undefined && value !== '') parameters.set(name, String(value));
    }
    const text = parameters.size === 0 ? '' : `?${parameters}`;
    const headers: Record<string, string> = { 'X-Requested-With': 'XMLHttpRequest', ...more };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    // With the same key the portal answers a request that is sent again as it has answered before. A form
    // changes nothing, and its values are not to be kept.
    if (method !== 'GET' && !/^\/(link|connection)$|\/form$/.test(path)) {
      headers['Idempotency-Key'] = randomKey();
    }
    const request: RequestInit = { method, headers, credentials: 'include', signal };
    if (body !== undefined) request.body = JSON.stringify(body);
    return checked(await this.#send(`${base}/v1${path}${text}`, request));
  }

  /** Sends a request; once more when no answer came and that changes nothing. */
  async #send(url: string, request: RequestInit): Promise<Response> {
    const repeatable = request.method === 'GET' || 'Idempotency-Key' in (request.headers ?? {});
    for (let tries = repeatable ? 2 : 1; ; tries--) {
      try {
        return await this.#fetchApi.fetch(url, request);
      } catch (error) {
        if (request.signal?.aborted) throw error;
        if (tries > 1) continue;
        throw new CoderApiError('the portal does not answer; check the network and try again');
      }
    }
  }
}

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  const body = await response.json().catch(() => undefined);
  const message = body?.error?.message ?? `the portal answers with status ${response.status}`;
  const retryAfter = Number(response.headers.get('Retry-After') ?? NaN);
  const seconds = Number.isFinite(retryAfter) ? retryAfter : undefined;
  throw new CoderApiError(message, response.status, seconds);
}

function entityPath(entityRef: string): string {
  const { kind, namespace, name } = parseEntityRef(entityRef);
  const parts = [kind, namespace, name].map(part => encodeURIComponent(part.toLowerCase()));
  return `/entities/${parts.join('/')}`;
}

/** Makes a random key. `crypto.randomUUID` is not there in pages on plain http. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

function sleep(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
