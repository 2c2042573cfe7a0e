export { CoderError, type CoderErrorCode, type Problem } from './errors.js';

declare global {
  // The libraries of TypeScript before ES2026 do not have it; those that do say the same.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
}

/** Where `init` finds the WebAssembly of this module, when it is not beside the module's file. */
export type InitSource =
  | string
  | URL
  | Request
  | Response
  | Promise<Response>
  | ArrayBuffer
  | ArrayBufferView
  // A compiled module, where the types of `WebAssembly` are known.
  | (typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
      ? Module
      : never);

/**
 * Loads the WebAssembly of this module. Call it once when your app starts, and wait for it.
 *
 * In Node.js and workerd the module is ready when it is imported, and this does nothing.
 *
 * @param source where the file is, if your bundler does not put it beside the module's own
 * @throws {CoderError} `notInitialized` when it cannot be loaded; it can be called again
 */
export function init(source?: InitSource): Promise<void>;

/** Whether Coder's form for a new workspace is shown (`manual`) or creates it at once (`auto`). */
export type WorkspaceCreationMode = 'manual' | 'auto';

/** What holds for all entities: the configuration of Coder's Backstage plugin. */
export type CoderAppConfig = Readonly<{
  deployment: Readonly<{
    /** The URL at which people reach Coder: https, or http on this machine. */
    accessUrl: string;
  }>;
  workspaces: Readonly<{
    /** The mode of entities that name none; `manual` by default. */
    defaultMode?: WorkspaceCreationMode;
    /** The template of entities that name none: `template` or `organization/template`. */
    defaultTemplateName?: string;
    /** Parameters for every workspace. */
    params?: Readonly<Record<string, string | undefined>>;
    /** The template's parameters that hold the URL of a repository. */
    repoUrlParamKeys?: readonly string[];
  }>;
}>;

/** The configuration of one entity's workspaces, as Coder's Backstage plugin has it. */
export type CoderWorkspacesConfig = Readonly<{
  /** Whether the creation form is shown or creates the workspace at once. */
  mode: WorkspaceCreationMode;
  /** The URL of Coder's form for a new workspace; `undefined` without a template. */
  creationUrl: string | undefined;
  /** The template to create from. */
  templateName: string | undefined;
  /** The URL that clones the entity's repository. */
  repoUrl: string | undefined;
  /** The template's parameters that hold the repository's URL, each once. */
  repoUrlParamKeys: readonly string[];
  /** The template's parameters: first the app's, then the entity's, then the repository's. */
  params: Readonly<Record<string, string>>;
  /** Whether the entity has a `spec.coder` of its own. */
  isReadingEntityData: boolean;
}>;

/** Why Coder has nothing to offer for an entity. */
export interface Incompatible {
  /** The reason, as a word that a program can compare. */
  readonly code: 'noRepository' | 'noParamKeys' | 'noTemplate';
  /** The reason, and what the entity's owner or an administrator can do. */
  readonly message: string;
}

/** Something worth knowing that stops nothing: a value that was ignored, an unknown key. */
export interface Notice {
  /** The path of the value, such as `spec.coder.mode`. */
  readonly path: string;
  /** What is wrong with it, and what to do. */
  readonly message: string;
}

/** A {@link CoderWorkspacesConfig} with what the plugin does not tell. */
export type EntityWorkspacesConfig = CoderWorkspacesConfig &
  Readonly<{
    /** The URL at which people reach Coder. */
    accessUrl: string;
    /** Why Coder has nothing to offer for the entity; `undefined` when it has. */
    incompatible: Incompatible | undefined;
    /** Why the entity has no repository; `undefined` when it has one, or none was looked for. */
    repositoryProblem: string | undefined;
    /** Values of `spec.coder` that were ignored. */
    notices: readonly Notice[];
  }>;

/** The parts of a catalog entity that are read. A Backstage `Entity` is one. */
export interface Entity {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly annotations?: Readonly<Record<string, string>> | undefined;
  };
  readonly spec?: { readonly [key: string]: unknown } | undefined;
}

/**
 * Compiles the configuration of one entity's workspaces: `compileCoderConfig` of Coder's Backstage
 * plugin, by its name and with its arguments.
 *
 * The app's configuration is checked once for each object; make a new object to change it.
 *
 * @param appConfig what holds for all entities
 * @param rawYamlConfig the value of the entity's `spec.coder`, whatever it is
 * @param repoUrl a URL of the entity's repository, or of a page, branch or file in it
 * @throws {CoderError} `invalidConfig` when the app's configuration cannot be used. A mistake in
 *   `spec.coder` throws nothing: it is among the `notices`.
 */
export function compileCoderConfig(
  appConfig: CoderAppConfig,
  rawYamlConfig: unknown,
  repoUrl: string | undefined,
): EntityWorkspacesConfig;

/** Whose workspaces are searched for: the caller's, or those of all whom the caller may see. */
export type WorkspaceOwner = 'me' | 'everyone';

/** Requests to `GET /api/v2/workspaces` that find an entity's workspaces: values of `q`. */
export interface SearchPlan {
  /** Queries whose answers together are the entity's workspaces. */
  readonly queries: readonly string[];
  /** A query that finds candidates, whose parameters have to be compared with the repository. */
  readonly compare: string | undefined;
  /** A query whose answer limits those of the others. */
  readonly narrow: string | undefined;
  /** Reasons why workspaces may be missing. */
  readonly problems: readonly string[];
}

/** What a creation link says beside the template and its parameters. */
export interface CreationLinkOptions {
  /** The name of the new workspace. */
  readonly name?: string;
  /** A filter: one of the user's workspaces that matches is opened in place of a new one. */
  readonly reuse?: string;
  /** The id of a version of the template. */
  readonly version?: string;
  /** The name of a preset of the template. */
  readonly preset?: string;
  /** Names of parameters that the user cannot change. */
  readonly lock?: readonly string[];
}

/** A link to Coder's form for a new workspace, and Coder's button for it. */
export interface CreationLink {
  readonly url: string;
  /** The button for a README. */
  readonly markdown: string;
  /** The button for a page. */
  readonly html: string;
}

/** What holds for all entities, prepared once. */
export class CoderDefaults {
  /**
   * Checks the app's configuration.
   *
   * @param integrations the hosts of source-control systems; without them the public ones are known
   * @throws {CoderError} `invalidConfig`, with every mistake among its `problems`
   */
  constructor(appConfig: CoderAppConfig, integrations?: ScmIntegrations);

  /** Remarks about the app's configuration, such as unknown keys. */
  get notices(): readonly Notice[];

  /** Compiles a value of `spec.coder` and a URL of a repository. */
  compile(rawYamlConfig: unknown, repoUrl?: string): EntityWorkspacesConfig;

  /**
   * Compiles an entity: its `spec.coder`, and the repository that its annotations name.
   *
   * @throws {CoderError} `invalidEntity` when it is none
   */
  compileEntity(entity: Entity): EntityWorkspacesConfig;

  /**
   * Returns the requests that find an entity's workspaces.
   *
   * @throws {CoderError} `notSearchable` when there is nothing to ask Coder for
   */
  searchPlan(entity: Entity, options?: { readonly owner?: WorkspaceOwner }): SearchPlan;

  /**
   * Returns a link to the form for a new workspace; `undefined` when no template is named.
   *
   * @throws {CoderError} `invalidArgument` or `invalidFilter` for an option that cannot be used
   */
  creationLink(entity: Entity, options?: CreationLinkOptions): CreationLink | undefined;

  /** Frees the memory at once. Without it, the garbage collector does so some time. */
  free(): void;
  /** Frees the memory at the end of a block: `using … = …`. */
  [Symbol.dispose](): void;
}

/** A place that a catalog reads from: `{ type: 'url', target: 'https://…' }`. */
export interface LocationRef {
  readonly type: string;
  readonly target: string;
}

/** Where an entity's source code is. */
export interface EntityRepository {
  /** The URL that clones the repository; `undefined` when there is none. */
  readonly cloneUrl: string | undefined;
  /** Every usual spelling of the repository, the clone URL first. */
  readonly spellings: readonly string[];
  /** The annotation that names the source code, else the file that the entity was read from. */
  readonly sourceLocation: LocationRef | undefined;
  /** Why there is no repository. */
  readonly problem: string | undefined;
}

/** Which source-control system runs where: the section `integrations` of app-config. */
export class ScmIntegrations {
  /**
   * Reads the section; the public hosts are known without it.
   *
   * @throws {CoderError} `invalidConfig`, with every mistake among its `problems`
   */
  constructor(integrations?: Readonly<Record<string, unknown>>);

  /** Finds the repository of an entity by its annotations. */
  repositoryOf(entity: Entity): EntityRepository;

  /** Returns the key of the integration at a URL's host, such as `github`. */
  integrationOf(url: string): string | undefined;

  /** Returns the annotations that Backstage adds to an entity which it reads from `location`. */
  annotationsOf(location: LocationRef, origin?: LocationRef): Record<string, string>;

  /** Frees the memory at once. Without it, the garbage collector does so some time. */
  free(): void;
  /** Frees the memory at the end of a block: `using … = …`. */
  [Symbol.dispose](): void;
}

/** Whether a workspace can be used, in a word. */
export type AvailabilityState =
  | 'online'
  | 'pending'
  | 'stopping'
  | 'offline'
  | 'failed'
  | 'deleting'
  | 'deleted'
  | 'dormant'
  | 'unhealthy'
  | 'unknown';

/** What a person would do next with a workspace. */
export type NextAction =
  | 'open'
  | 'wait'
  | 'start'
  | 'restart'
  | 'wake'
  | 'retry'
  | 'inspect'
  | 'recreate'
  | 'linkAccounts';

/** Whether a workspace can be used, why not, and when to look again. */
export interface Availability {
  readonly state: AvailabilityState;
  /** The state for people: `Online`, `Pending…`. */
  readonly label: string;
  /** Whether a status light should be on. */
  readonly isLit: boolean;
  /** The reason for the state, for people. */
  readonly reason: string | undefined;
  readonly action: NextAction;
  /** Seconds until the next look; `undefined` when nothing can change any more. */
  readonly pollAfterSeconds: number | undefined;
  /** The connection states of the agents, each once. */
  readonly agentStatuses: readonly string[];
}

/** A moment: a `Date`, or milliseconds since 1970. */
export type Moment = Date | number;

/**
 * Decides whether a workspace can be used.
 *
 * @param workspace the workspace as Coder's API has it
 * @throws {CoderError} `invalidArgument` when it is none
 */
export function availability(workspace: object, options?: { readonly now?: Moment }): Availability;

/** What a card shows of a workspace. */
export interface WorkspaceCard {
  readonly id: string;
  readonly name: string;
  readonly ownerName: string;
  readonly templateName: string;
  /** The template's name for people; may be empty. */
  readonly templateDisplayName: string;
  /** The template's icon as Coder has it: a path, a URL, or empty. See {@link AssetUrls}. */
  readonly templateIcon: string;
  /** The letter that stands in for a missing icon. */
  readonly iconLetter: string;
  /** Whether the template has a newer version. */
  readonly outdated: boolean;
  readonly favorite: boolean;
  /** The moment of the last use (RFC 3339); `undefined` for never. */
  readonly lastUsedAt: string | undefined;
  readonly availability: Availability;
}

/** A list of workspaces as a portal shows it. */
export interface WorkspaceCards {
  readonly workspaces: readonly WorkspaceCard[];
  /** The number of workspaces on all pages, when Coder tells it. */
  readonly count: number | undefined;
  /** Seconds until the list should be read again. */
  readonly pollAfterSeconds: number;
  /** Items of the list that could not be read, each with the reason. */
  readonly unreadable: readonly string[];
}

/**
 * Reads an answer of `GET /api/v2/workspaces`, with the availability of each workspace.
 *
 * @param text the body of the answer, not parsed: `await response.text()`
 * @throws {CoderError} `invalidArgument` when it is no list of workspaces
 */
export function readWorkspaces(text: string, options?: { readonly now?: Moment }): WorkspaceCards;

/** Returns the seconds until a list should be read again that could not be read. */
export function pollAfterSeconds(): number;

/** The hosts of a deployment, as its API tells them. */
export interface DeploymentHosts {
  /** The URL at which people reach the deployment. */
  readonly accessUrl: string;
  /** The URL of apps that live below a path; the access URL by default. */
  readonly pathAppUrl?: string;
  /** The pattern of apps with a host name of their own, like `*.apps.example.com`. */
  readonly wildcardHostname?: string;
  /** The suffix of SSH host names; `coder` by default. */
  readonly sshSuffix?: string;
}

/** An editor on the desktop. */
export type Editor =
  | 'vsCode'
  | 'vsCodeInsiders'
  | 'vsCodium'
  | 'cursor'
  | 'windsurf'
  | 'kiro'
  | 'antigravity'
  | 'positron'
  | 'jetBrainsToolbox'
  | 'jetBrainsGateway'
  | 'zed';

/** A link that opens an app of a workspace. */
export interface AppLink {
  readonly slug: string;
  readonly name: string;
  readonly url: string;
  readonly icon: string | undefined;
  /** The heading it belongs under. */
  readonly group: string | undefined;
  /** The health as Coder tells it: `healthy`, `unhealthy`, `initializing`, `disabled`. */
  readonly health: string;
  /** The window in which it is to be opened: `slim-window`, `tab`. */
  readonly openIn: string;
}

/** Links into an agent of a workspace. */
export interface AgentLinks {
  readonly name: string;
  /** The agent it lives in, when it serves a dev container. */
  readonly parent?: string;
  /** A terminal in the browser, when the template offers one. */
  readonly terminal: string | undefined;
  /** The host to give to `ssh`, when the template offers it. */
  readonly sshHost: string | undefined;
  readonly editors: readonly { readonly editor: Editor; readonly url: string }[];
  readonly apps: readonly AppLink[];
}

/** Links into a workspace. None of them holds a token. */
export interface WorkspaceLinks {
  /** Coder's page about the workspace. */
  readonly dashboard: string;
  /** Coder's page about its last build. */
  readonly build: string;
  /** The page with its settings. */
  readonly settings: string;
  readonly agents: readonly AgentLinks[];
}

/**
 * Builds the links into a workspace.
 *
 * @param workspace the workspace as Coder's API has it
 * @throws {CoderError} `invalidArgument` when it is none, `invalidUrl` for a host
 */
export function workspaceLinks(workspace: object, hosts: DeploymentHosts): WorkspaceLinks;

/** Returns the letter that stands in for a missing icon: the first of A to Z in a name, else `W`. */
export function iconLetter(name: string): string;

/** The URLs of a deployment behind a portal's proxy. */
export interface PortalUrls {
  /** The URL of the portal's backend: the part before its proxy. */
  readonly baseUrl: string;
  /** The URL below which icons are served. */
  readonly assetsRoute: string;
  /** The URL below which Coder's API is served. */
  readonly apiRoute: string;
}

/**
 * Builds the URLs of a deployment behind a portal's proxy.
 *
 * @param proxy the proxy's URL, as Backstage's discovery tells it
 * @param options the path that the proxy begins with, and the deployment's route below it
 */
export function portalUrls(
  proxy: string,
  options?: { readonly prefix?: string; readonly route?: string },
): PortalUrls;

/** Where the pictures of a deployment are, and who may see credentials. */
export class AssetUrls {
  /**
   * Reads the URL below which the deployment is reached: its own, or a proxy's.
   *
   * @throws {CoderError} `invalidUrl`
   */
  constructor(url: string);

  /** Returns the URL of an icon, when it can be shown safely. */
  icon(icon: string): string | undefined;

  /** Whether credentials for the deployment may be sent to this URL. */
  owns(url: string): boolean;

  /** Whether a picture is an emoji, which is drawn a little larger than an icon. */
  isEmoji(url: string): boolean;

  /** Frees the memory at once. Without it, the garbage collector does so some time. */
  free(): void;
  /** Frees the memory at the end of a block: `using … = …`. */
  [Symbol.dispose](): void;
}
