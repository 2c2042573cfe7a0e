import type { Entity, InitSource } from './entity.js';
import type { Awaitable, RowStore } from './stores.js';

export type { Entity, InitSource } from './entity.js';
export { CoderError } from './errors.js';
export { MemoryStore } from './stores.js';
export type { Awaitable, Commit, Row, RowStore, RowValue } from './stores.js';

/** Loads the WebAssembly. Node.js and workerd have it already, so there it does nothing. */
export function init(source?: InitSource): Promise<void>;

/** A text of app-config, such as that of `app-config.yaml`. */
export interface ConfigText {
  /** Name of the file, for messages and for what is relative to it. */
  name: string;
  /** Content of the file, in YAML or JSON. */
  text: string;
}

/** Where a handler keeps things, and finds them. */
export interface Stores {
  /** Keeps the logins. All processes that answer for one portal share it. */
  login: RowStore;
  /**
   * Entities of the catalog, or a function that gives them. An array that the function gives again is not
   * read again. Without it the catalog is that of the Backstage that `coder.catalog` names.
   */
  catalog?: readonly Entity[] | (() => Awaitable<readonly Entity[]>);
}

/** Further parts of a handler. */
export interface HandlerOptions {
  /** Environment variables that texts of app-config refer to; none by default. `process.env` is one. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Texts of files that the configuration refers to, such as signing keys, by their paths. */
  files?: Readonly<Record<string, string>>;
  /** Gets each line of the log. Without it they go to the console. The last handler's counts. */
  log?: (level: 'error' | 'warn' | 'info', line: string) => void;
}

/** The context of a request, as runtimes at the edge give it. */
export interface RequestContext {
  /** Keeps the runtime awake until the promise is settled. */
  waitUntil(promise: Promise<unknown>): void;
}

/** Answers every route of a portal. */
export interface Handler {
  /**
   * Answers a request. With a context, work that must not be lost goes on after the answer, and the request
   * shares nothing with others but the stores.
   */
  (request: Request, context?: RequestContext): Promise<Response>;

  /**
   * Ends expired sessions, and revokes tokens that are due. A handler that gets requests does so itself
   * every five minutes; one without requests needs a timer that calls it.
   *
   * @throws {CoderError} `storeFailed` when the store fails
   */
  sweep(context?: RequestContext): Promise<void>;
}

/**
 * Makes the handler of all routes of a portal: the login with Coder, and the workspaces of entities.
 *
 * It is for servers. The configuration holds the client secret, so `createHandler` refuses to run in a page.
 *
 * @param config App-config: a merged object, in which nothing is substituted, or texts, of which later ones
 * override earlier ones. `coder.session.keys` is needed; `coder.session.store` is not read.
 * @throws {CoderError} with code `invalidConfig` and all mistakes in `problems`, with their places in texts;
 * `invalidArgument` for an argument of another type, and for two texts of one name; `serverOnly` in a page.
 */
export function createHandler(
  config: Readonly<Record<string, unknown>> | readonly ConfigText[],
  stores: Stores,
  options?: HandlerOptions,
): Handler;
