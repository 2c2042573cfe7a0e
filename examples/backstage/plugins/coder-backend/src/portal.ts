import type { DiscoveryService } from '@backstage/backend-plugin-api';
import { parseEntityRef } from '@backstage/catalog-model';
import { InputError, NotAllowedError, ServiceUnavailableError } from '@backstage/errors';

/** How long an answer is waited for, in milliseconds. */
const PATIENCE = 60_000;

/** A workspace, as far as backends need it. */
export interface Workspace {
  id: string;
  name: string;
  owner: string;
  template: string;
  links: { dashboard: string; build: string };
}

/** The form for a new workspace, as far as backends need it. */
export interface CreationForm {
  templateId: string;
  templateName: string;
  problems: { name: string; problem: string }[];
  missingAccounts: { name: string; url: string }[];
}

/** A template that a person may use, as far as backends need it. */
export interface Template {
  id: string;
  name: string;
  organization: string;
}

/** The choices for a new workspace. */
export interface Choices {
  preset?: string;
  parameters?: Record<string, string>;
}

/**
 * The portal server, asked in the name of a person, whose identity token each call takes. It is no Backstage
 * backend: tokens that backends make for each other mean nothing to it.
 */
export class Portal {
  readonly #discovery: DiscoveryService;

  constructor(services: { discovery: DiscoveryService }) {
    this.#discovery = services.discovery;
  }

  /** Returns the form for a new workspace of an entity, with the problems of these choices. */
  form(
    token: string,
    entityRef: string,
    choices: Choices,
    signal?: AbortSignal,
  ): Promise<CreationForm> {
    const body = JSON.stringify(choices);
    return this.#ask(token, `${entityPath(entityRef)}/form`, { method: 'POST', body, signal });
  }

  /** Returns the templates that the person may use, without deprecated ones. */
  async templates(token: string, signal?: AbortSignal): Promise<Template[]> {
    const list = await this.#ask<{ templates: Template[] }>(token, '/templates', { signal });
    return list.templates;
  }

  /**
   * Creates a workspace of an entity. A workspace of this name with the same values is what an earlier
   * request has made, and is returned.
   */
  create(
    token: string,
    entityRef: string,
    wanted: Choices & { name: string },
    key: string,
    signal?: AbortSignal,
  ): Promise<Workspace> {
    const path = `${entityPath(entityRef)}/workspaces`;
    const body = JSON.stringify(wanted);
    return this.#ask(token, path, { method: 'POST', body, signal }, { 'Idempotency-Key': key });
  }

  async #ask<T>(
    token: string,
    path: string,
    { signal, ...asked }: { method?: string; body?: string; signal?: AbortSignal },
    further: Record<string, string> = {},
  ): Promise<T> {
    const base = await this.#discovery.getBaseUrl('coder');
    const headers = {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      ...further,
    };
    const ends = [AbortSignal.timeout(PATIENCE), ...(signal ? [signal] : [])];
    const request = { ...asked, headers, signal: AbortSignal.any(ends) };
    const response = await fetch(`${base}/v1${path}`, request).catch(() => undefined);
    const answer = await response?.json().catch(() => undefined);
    // Ends the caller's work as well, whatever was answered.
    signal?.throwIfAborted();
    if (!response || (response.ok && answer === undefined)) {
      throw new ServiceUnavailableError('the portal server does not answer');
    }
    if (response.ok) return answer as T;
    const status = `the portal server answers with status ${response.status}`;
    throw failure(response.status, answer?.error?.message ?? status);
  }
}

function failure(status: number, message: string): Error {
  if (status === 401 || status === 403) return new NotAllowedError(message);
  return status >= 500 ? new ServiceUnavailableError(message) : new InputError(message);
}

function entityPath(entityRef: string): string {
  const { kind, namespace, name } = parseEntityRef(entityRef, { defaultKind: 'component' });
  const parts = [kind, namespace, name];
  // Refuses what would be another path: these two are the same when they are encoded.
  if (parts.some(part => part === '.' || part === '..')) {
    throw new InputError(`${entityRef} names no entity`);
  }
  return `/entities/${parts.map(part => encodeURIComponent(part.toLowerCase())).join('/')}`;
}
