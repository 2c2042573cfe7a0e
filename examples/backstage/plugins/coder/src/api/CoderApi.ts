import { createApiRef } from '@backstage/core-plugin-api';
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
import type { CoderIndexList, CoderIndexSelection } from './everyone';

/**
 * The error of a request to the portal. Its message is a text for people, which says what to do.
 * @public
 */
export class CoderApiError extends Error {
  readonly name = 'CoderApiError';
  /** The HTTP status; `undefined` when no answer arrived. */
  readonly status: number | undefined;
  /** The time that the portal asks to wait before the next try. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, status?: number, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * Tells whether an error says that the person has to sign in to Coder.
 * @public
 */
export function isSignedOut(error: unknown): boolean {
  return error instanceof CoderApiError && error.status === 401;
}

/**
 * Options of a list of workspaces.
 * @public
 */
export interface CoderListOptions {
  /** Whose workspaces are listed; `me` by default. */
  owner?: 'me' | 'everyone';
  /** A part of a workspace's name, or `owner/part-of-a-name`. */
  q?: string;
  limit?: number;
  offset?: number;
  signal?: AbortSignal;
}

/**
 * An action on a workspace.
 * @public
 */
export type CoderAction =
  | { kind: 'start' | 'stop' | 'restart' | 'update' | 'delete' | 'wake' | 'sleep' }
  | { kind: 'extend'; minutes: number }
  | { kind: 'rename'; name: string }
  | { kind: 'favorite'; favorite: boolean };

/**
 * The routes of the portal for pages, below `/api/coder/v1`.
 *
 * Every method throws a {@link CoderApiError}. An entity is named by its reference, such as
 * `component:default/payments`.
 * @public
 */
export interface CoderApi {
  getMe(options?: { signal?: AbortSignal }): Promise<CoderPerson>;
  getEntityOffer(entityRef: string, options?: { signal?: AbortSignal }): Promise<CoderEntityOffer>;
  listEntityWorkspaces(entityRef: string, options?: CoderListOptions): Promise<CoderWorkspaceList>;
  listWorkspaces(options?: CoderListOptions): Promise<CoderWorkspaceList>;
  /** Lists everybody's workspaces that the person is shown, from the portal's index. */
  listIndex(
    options?: CoderIndexSelection & { limit?: number; offset?: number; signal?: AbortSignal },
  ): Promise<CoderIndexList>;
  /** Returns all workspaces of a selection of the index as a file. */
  exportIndex(format: 'csv' | 'json', selection?: CoderIndexSelection): Promise<Blob>;
  getWorkspace(id: string, options?: { signal?: AbortSignal }): Promise<CoderWorkspace>;
  getCreationForm(
    entityRef: string,
    choices?: CoderChoices,
    options?: { signal?: AbortSignal },
  ): Promise<CoderCreationForm>;
  createWorkspace(
    entityRef: string,
    choices: CoderChoices & { name: string },
  ): Promise<CoderWorkspace>;
  /** Returns a workspace to work in: one that runs, else one that is started, else a new one. */
  openWorkspace(
    entityRef: string,
    choices?: CoderChoices & { name?: string },
  ): Promise<CoderOpenedWorkspace>;
  /** Acts on a workspace, unless it was renamed meanwhile. */
  act(workspace: Pick<CoderWorkspace, 'id' | 'name'>, action: CoderAction): Promise<CoderWorkspace>;
  listTemplates(): Promise<CoderTemplateList>;
  /** Returns the form of a template, which is named by its id. */
  getTemplateForm(
    template: string,
    choices?: CoderChoices,
    options?: { signal?: AbortSignal },
  ): Promise<CoderCreationForm>;
  getLink(): Promise<CoderLinkedToken>;
  link(token: string): Promise<CoderLinkedToken>;
  unlink(): Promise<void>;
  /** Ends the session of the browser, and forgets the linked token. */
  disconnect(): Promise<void>;
  /**
   * Watches 1 to 64 workspaces until `signal` is aborted or the person is signed out. A stream that breaks
   * is opened anew, and goes on where it was.
   */
  watch(
    ids: readonly string[],
    options: { signal: AbortSignal; onEvent: (event: CoderLiveEvent) => void },
  ): Promise<void>;
}

/**
 * The reference of {@link CoderApi}.
 * @public
 */
export const coderApiRef = createApiRef<CoderApi>({ id: 'plugin.coder.api' });
