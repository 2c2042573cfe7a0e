export { CoderError, type CoderErrorCode, type Problem } from './errors.js';

import type { Availability, CoderAppConfig, Entity, InitSource, WorkspaceOwner } from './entity.js';
import type { JsonValue } from './text.js';

export type {
  Availability,
  AvailabilityState,
  CoderAppConfig,
  Entity,
  InitSource,
  NextAction,
  WorkspaceOwner,
} from './entity.js';
export type { JsonValue } from './text.js';

/**
 * Loads the WebAssembly of this module. Call it once when your app starts, and wait for it.
 *
 * In Node.js and workerd the module is ready when it is imported, and this does nothing.
 *
 * @param source where the file is, if your bundler does not put it beside the module's own
 * @throws {CoderError} `notInitialized` when it cannot be loaded; it can be called again
 */
export function init(source?: InitSource): Promise<void>;

/**
 * Provides the token of a request. When Coder has refused a token it is asked once more, with that
 * token: for a fresher one, or `undefined` when there is none.
 */
export type TokenProvider = (
  refused: string | undefined,
) => string | undefined | Promise<string | undefined>;

/** The part of a WebSocket that is used: the platform's own, or one of npm's `ws`. */
export interface WebSocketLike {
  /** Calls the listener whenever this happens. */
  addEventListener(
    type: 'open' | 'error' | 'close' | 'message',
    listener: (event: {
      readonly type?: string;
      readonly data?: unknown;
      readonly code?: number;
    }) => void,
  ): void;
  /** Closes the socket. */
  close(): void;
}

/** Whose deployment is asked, and how. */
export interface CoderClientOptions {
  /**
   * The URL of the deployment, or of a portal's proxy in front of it: https, or http on this
   * machine.
   */
  readonly url: string;
  /** The token, or where to ask for it. Without one, cookies and proxies have to do. */
  readonly token?: string | TokenProvider;
  /**
   * The header that the token travels in: `Coder-Session-Token`, which is the default, or
   * `Authorization`.
   */
  readonly tokenHeader?: 'sessionToken' | 'bearer';
  /** The longest time for one try of a request; 20 seconds by default. */
  readonly timeoutSeconds?: number;
  /**
   * How long a request that failed is tried again: for a person who waits, which is the default, for
   * a job that has time, or not at all.
   */
  readonly retry?: 'interactive' | 'batch' | 'never';
  /** Sends the requests; the global `fetch` by default. */
  readonly fetch?: (url: string, request: RequestInit) => Promise<Response>;
  /**
   * Opens a WebSocket with these headers. By default it is the global `WebSocket`, which carries no
   * headers: with a token, changes are then told by events and by repeated requests.
   */
  readonly webSocket?: (
    url: string,
    options: { readonly headers: Readonly<Record<string, string>> },
  ) => WebSocketLike;
}

/** Ends a call. */
export interface CallOptions {
  /** Ends the call: its request is aborted, and its promise rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

declare const answer: unique symbol;

/** A call of Coder's API as a value; `T` is what its answer is read into. */
export interface Operation<T> {
  readonly name: string;
  readonly [answer]?: T;
}

/** A request, for a `fetch` of your own. It has no credential. */
export interface CoderRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body; `undefined` when there is none. */
  readonly body: string | undefined;
}

/** An app of a workspace's agent. */
export interface WorkspaceApp {
  readonly slug: string;
  readonly displayName?: string;
  /** The icon as Coder has it: a path or a URL. See `AssetUrls`. */
  readonly icon?: string;
  /** The state of the app: `healthy`, `unhealthy`, `initializing` or `disabled`. */
  readonly health: string;
}

/** An agent: the program in a workspace that connects it to Coder. */
export interface WorkspaceAgent {
  readonly id: string;
  readonly name: string;
  /** The state of its connection, such as `connected`. */
  readonly status: string;
  /** The state of its start and stop scripts, such as `ready`. */
  readonly lifecycle: string;
  readonly operatingSystem: string;
  readonly architecture: string;
  /** The directory in which sessions begin. */
  readonly directory?: string;
  readonly apps: readonly WorkspaceApp[];
}

/** A build: a start, a stop or the deletion of a workspace. */
export interface WorkspaceBuild {
  readonly id: string;
  /** The number of the build, which counts from 1 for each workspace. */
  readonly number: number;
  /** What the build does: `start`, `stop` or `delete`. */
  readonly transition: string;
  /** The status of the workspace that follows, such as `running`. */
  readonly status: string;
  /** Why it was asked for, such as `initiator` or `autostart`. */
  readonly reason: string;
  readonly initiatorName: string;
  readonly templateVersionId?: string;
  readonly templateVersionName: string;
  /** A moment in the form of RFC 3339, as all moments here. */
  readonly createdAt?: string;
  readonly completedAt?: string;
  /** The moment at which the workspace stops by itself. */
  readonly deadline?: string;
  /** Why the build failed. */
  readonly error?: string;
}

/** A workspace, with whether it can be used. */
export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly ownerName: string;
  readonly organizationName: string;
  readonly templateName: string;
  /** The template's name for people; may be empty. */
  readonly templateDisplayName: string;
  /** The template's icon as Coder has it: a path, a URL, or empty. */
  readonly templateIcon: string;
  /** Whether the template has a newer version. */
  readonly outdated: boolean;
  readonly favorite: boolean;
  readonly createdAt?: string;
  readonly lastUsedAt?: string;
  /** The moment since which it is dormant, and must be woken before it starts. */
  readonly dormantAt?: string;
  readonly latestBuild: WorkspaceBuild;
  readonly agents: readonly WorkspaceAgent[];
  /** Whether it can be used, as `availability` of the package tells it. */
  readonly availability: Omit<Availability, 'reason' | 'pollAfterSeconds'> & {
    /** The reason for the state, for people. */
    readonly reason?: string;
    /** Seconds until the next look; absent when nothing can change any more. */
    readonly pollAfterSeconds?: number;
  };
}

/** A list of workspaces. */
export interface Workspaces {
  readonly workspaces: readonly Workspace[];
  /** The number of workspaces on all pages, where Coder tells it. */
  readonly count?: number;
  /** Reasons why workspaces may be missing; empty when the list is complete. */
  readonly problems: readonly string[];
  /** Seconds until the list is worth reading again. */
  readonly pollAfterSeconds: number;
}

/** A person at Coder. */
export interface CoderUser {
  readonly id: string;
  readonly username: string;
  readonly name?: string;
  readonly email: string;
  readonly avatarUrl?: string;
  /** The state of the account, such as `active`. */
  readonly status: string;
}

/** A deployment. */
export interface BuildInfo {
  /** The release, such as `v2.36.0+8f1c2d3`. */
  readonly version: string;
  /** The URL at which people reach it. */
  readonly dashboardUrl: string;
}

/** A template that workspaces are made from. */
export interface Template {
  readonly id: string;
  readonly name: string;
  /** The name for people; may be empty. */
  readonly displayName: string;
  readonly description: string;
  /** The icon as Coder has it: a path, a URL, or empty. */
  readonly icon: string;
  readonly organizationName: string;
  readonly activeVersionId?: string;
  /** Why it is not to be used any more. */
  readonly deprecationMessage?: string;
}

/** A line of a log. */
export interface LogLine {
  /** The number of the line; lines that come later have greater ones. */
  readonly id: number;
  readonly createdAt?: string;
  /** The weight of the line, such as `info` or `error`. */
  readonly level: string;
  /** The stage of the build; absent in the log of an agent. */
  readonly stage?: string;
  readonly output: string;
}

/** What is happening while you wait. */
export type Progress =
  /** The entity's workspaces are looked for. */
  | { readonly kind: 'searching' }
  /** An existing workspace is used. */
  | { readonly kind: 'reusing'; readonly workspace: Workspace }
  /** None was found; one of this name is created. */
  | { readonly kind: 'creating'; readonly name: string }
  /** A line of the log of the build, each once and in order. */
  | { readonly kind: 'log'; readonly line: LogLine }
  /** Coder does not answer; it is asked again. */
  | { readonly kind: 'unanswered'; readonly message: string }
  /** The present state of the workspace, at each look. */
  | { readonly kind: 'waiting'; readonly workspace: Workspace };

/** How long to wait for a workspace, and who is told meanwhile. */
export interface WaitOptions extends CallOptions {
  /** The longest time to wait; 30 minutes by default. */
  readonly waitLimitSeconds?: number;
  /** Is called with what is happening. What it throws, or promises and fails, is ignored. */
  readonly onProgress?: (progress: Progress) => void;
}

/** What a workspace is started with. */
export interface StartOptions extends WaitOptions {
  /** Parameters that a new version of the template wants; others keep their values. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Which lines of a log are read. */
export interface LogOptions extends CallOptions {
  /** The number of the last line that you have. */
  readonly after?: number;
}

/**
 * A client of one deployment.
 *
 * Requests that are safe to repeat are repeated. Redirects are not followed, and a token goes to the
 * deployment and nowhere else.
 */
export class CoderClient {
  /** @throws {CoderError} `invalidUrl` or `invalidArgument` for an option that cannot be used */
  constructor(options: CoderClientOptions);

  /**
   * Sends an operation, such as {@link listWorkspaces}.
   *
   * @throws {CoderError} such as `unauthorized`, `notFound`, `rateLimited` or `unreachable`
   */
  send<T>(operation: Operation<T>, options?: CallOptions): Promise<T>;

  /** Returns the request of an operation, for a `fetch` of your own. It has no credential. */
  request(operation: Operation<unknown>): CoderRequest;

  /**
   * Reads the answer to a request that you have sent.
   *
   * @throws {CoderError} as {@link send}
   */
  read<T>(operation: Operation<T>, response: Response): Promise<T>;

  /** Watches a workspace: it comes at once, and whenever it has changed. */
  watchWorkspace(id: string, options?: CallOptions): AsyncIterableIterator<Workspace>;

  /** Follows the log of a build, from its first line to its end. */
  buildLogs(build: string, options?: LogOptions): AsyncIterableIterator<LogLine>;

  /** Follows the log of an agent's scripts, from its first line on. */
  agentLogs(agent: string, options?: LogOptions): AsyncIterableIterator<LogLine>;

  /**
   * Waits until a workspace can be used, and asks for nothing.
   *
   * @throws {CoderError} `notReady` when it does not get there
   */
  waitUntilReady(id: string, options?: WaitOptions): Promise<Workspace>;

  /** Starts a workspace, waking it when it is dormant, and waits until it can be used. */
  startWorkspace(id: string, options?: StartOptions): Promise<Workspace>;

  /** Stops a workspace, and waits until it is stopped. */
  stopWorkspace(id: string, options?: WaitOptions): Promise<Workspace>;

  /** Stops a workspace and starts it again. */
  restartWorkspace(id: string, options?: StartOptions): Promise<Workspace>;

  /** Starts a workspace with the active version of its template. */
  updateWorkspace(id: string, options?: StartOptions): Promise<Workspace>;

  /** Deletes a workspace with everything in it, and waits until it is gone. */
  deleteWorkspace(id: string, options?: WaitOptions): Promise<Workspace>;

  /**
   * Compiles an entity, for its workspaces.
   *
   * @param appConfig what holds for all entities
   * @param options the hosts of source-control systems: the section `integrations` of app-config
   * @throws {CoderError} `invalidEntity` or `invalidConfig`
   */
  workspacesOf(
    entity: Entity,
    appConfig: CoderAppConfig,
    options?: { readonly integrations?: Readonly<Record<string, unknown>> },
  ): EntityWorkspaces;

  /** Frees the memory at once. Without it, the garbage collector does so some time. */
  free(): void;
  /** Frees the memory at the end of a block: `using … = …`. */
  [Symbol.dispose](): void;
}

/** Which of an entity's workspaces are found. */
export interface FindOptions extends CallOptions {
  /** Whose workspaces; those of the caller by default. */
  readonly owner?: WorkspaceOwner;
  /** A filter in the grammar of Coder's search, such as a person's words in a search box. */
  readonly filter?: string;
  /** The greatest number of workspaces. */
  readonly limit?: number;
  /** The number of workspaces to leave out before the first one. */
  readonly offset?: number;
}

/** What a new workspace is made with. */
export interface NewWorkspaceOptions extends CallOptions {
  /** Whose workspace; the caller's by default. For another user it takes an owner's rights. */
  readonly owner?: string;
  /** Parameters, which win over the entity's. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** The name of a preset of the template. */
  readonly preset?: string;
}

/** How a workspace is opened. */
export type OpenOptions = NewWorkspaceOptions &
  WaitOptions &
  (
    | {
        /** The name of a new workspace; by default it is derived from the repository. */
        readonly name?: string;
        readonly another?: false;
      }
    | {
        readonly name: string;
        /** Whether a workspace of this name is made although the entity has others. */
        readonly another: boolean;
      }
  );

/** A workspace that can be used, and how it was obtained. */
export interface OpenedWorkspace {
  readonly workspace: Workspace;
  /** Whether it was running, was starting already, or was started or created by this call. */
  readonly outcome: 'found' | 'joined' | 'started' | 'created';
}

/** The workspaces of an entity: those that were made for its repository. */
export interface EntityWorkspaces {
  /**
   * Finds them, running ones first.
   *
   * @throws {CoderError} `notSearchable` when there is nothing to ask Coder for
   */
  find(options?: FindOptions): Promise<Workspaces>;

  /** Finds them again and again, as often as they can have changed. It does not end by itself. */
  watch(options?: FindOptions): AsyncGenerator<Workspaces, never, void>;

  /**
   * Opens a workspace to work on the entity: an existing one is used, and started if it is stopped;
   * only when there is none, a new one is created. Waits until it can be used.
   *
   * Aborting stops the waiting; what Coder was asked for goes on, and a later call finds it.
   *
   * @throws {CoderError} `notCreatable` or `notReady`
   */
  open(options?: OpenOptions): Promise<OpenedWorkspace>;

  /**
   * Creates a workspace of this name, unless an earlier call has done so. Does not wait for it.
   *
   * @throws {CoderError} `notCreatable`
   */
  ensure(
    name: string,
    options?: NewWorkspaceOptions,
  ): Promise<{ readonly workspace: Workspace; readonly created: boolean }>;

  /** Frees the memory at once. Without it, the garbage collector does so some time. */
  free(): void;
  /** Frees the memory at the end of a block: `using … = …`. */
  [Symbol.dispose](): void;
}

/** `GET /api/v2/buildinfo`: which release a deployment has. */
export function getBuildInfo(): Operation<BuildInfo>;

/** `GET /api/v2/users/{user}`: a person, by id or username; the caller by default. */
export function getUser(user?: string): Operation<CoderUser>;

/** `GET /api/v2/workspaces/{workspace}`: a workspace by its id. */
export function getWorkspace(id: string): Operation<Workspace>;

/** `GET /api/v2/users/{user}/workspace/{name}`: a workspace by its owner and its name. */
export function getWorkspaceByName(owner: string, workspace: string): Operation<Workspace>;

/** `GET /api/v2/workspacebuilds/{build}/parameters`: the parameters of a build by their names. */
export function listBuildParameters(build: string): Operation<Readonly<Record<string, string>>>;

/** `GET /api/v2/templates`: the templates that the caller may use. */
export function listTemplates(): Operation<readonly Template[]>;

/** `GET /api/v2/workspaces`: workspaces that match a filter, such as `owner:me`. */
export function listWorkspaces(options?: {
  readonly filter?: string;
  readonly limit?: number;
  readonly offset?: number;
}): Operation<Workspaces>;

/**
 * Any other route below `/api/v2`.
 *
 * @param path the segments of the path, each of which is encoded: `['users', 'me', 'gitsshkey']`
 */
export function call(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: readonly string[],
  options?: {
    readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
    readonly body?: JsonValue;
  },
): Operation<JsonValue>;
