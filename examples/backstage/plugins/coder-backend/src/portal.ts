import type { DiscoveryService } from '@backstage/backend-plugin-api';
import { parseEntityRef } from '@backstage/catalog-model';
import { InputError, NotAllowedError, ServiceUnavailableError } from '@backstage/errors';

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
  templateName: string;
  problems: { name: string; problem: string }[];
  missingAccounts: { name: string; url: string }[];
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
  form(token: string, entityRef: string, choices: Choices): Promise<CreationForm> {
    return this.#post(token, `${entityPath(entityRef)}/form`, choices);
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
  ): Promise<Workspace> {
    return this.#post(token, `${entityPath(entityRef)}/workspaces`, wanted, key);
  }

  async #post<T>(token: string, path: string, body: unknown, key?: string): Promise<T> {
    const base = await this.#discovery.getBaseUrl('coder');
    const headers: Record<string, string> = {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      ...(key === undefined ? {} : { 'Idempotency-Key': key }),
    };
    const request = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`${base}/v1${path}`, request).catch(() => undefined);
    if (!response) throw new ServiceUnavailableError('the portal server does not answer');
    const answer = await response.json().catch(() => undefined);
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
  const parts = [kind, namespace, name].map(part => encodeURIComponent(part.toLowerCase()));
  return `/entities/${parts.join('/')}`;
}
