/** What went wrong, as a word that a program can compare. */
export type CoderErrorCode =
  /** A value of the wrong form was passed in. */
  | 'invalidArgument'
  /** The app's configuration or the integrations cannot be used; `problems` has every reason. */
  | 'invalidConfig'
  /** The entity is none that a catalog could hold. */
  | 'invalidEntity'
  /** A reference to an entity is none, or lacks a part. */
  | 'invalidEntityRef'
  /** A filter cannot be expressed in the grammar of Coder's search. */
  | 'invalidFilter'
  /** A location has no type or no target, or is a script. */
  | 'invalidLocation'
  /** A URL is none, or has parts that it must not have. */
  | 'invalidUrl'
  /** Coder cannot be asked which workspaces belong to the entity. */
  | 'notSearchable'
  /** The token is missing, unknown or expired: the user must sign in again. */
  | 'unauthorized'
  /** The token does not allow the call. */
  | 'forbidden'
  /** What the call names does not exist, or is hidden from this user. */
  | 'notFound'
  /** Somebody else was faster, or a name is taken. */
  | 'conflict'
  /** Coder has refused the call for another reason. */
  | 'refused'
  /** This deployment does not have the call: it is older, or a feature is switched off. */
  | 'unsupported'
  /** Coder limits the rate of requests; `retryAfterSeconds` tells how long to wait. */
  | 'rateLimited'
  /** Something else than Coder answered: a login page, a proxy, a wrong URL. */
  | 'unexpectedAnswer'
  /** The provider of tokens has failed. */
  | 'noToken'
  /** No answer arrived, or not all of it. */
  | 'unreachable'
  /** No workspace can be created as it was asked for; `problems` has wrong parameters. */
  | 'notCreatable'
  /** A workspace did not get where it was wanted. */
  | 'notReady'
  /** Not every workspace of the entity could be read, so none is created. */
  | 'incomplete'
  /** `init` was not called, or could not load the WebAssembly. */
  | 'notInitialized'
  /** An object was used after `free`. */
  | 'disposed'
  /** The store of a portal's logins has failed. */
  | 'storeFailed'
  /** What needs secrets was called in a page. */
  | 'serverOnly';

/** One of several mistakes that are told at once. */
export interface Problem {
  /** The mistake, and what to do: one line, in lower case, without a period. */
  readonly message: string;
  /** The path of the value, such as `workspaces.defaultMode`. */
  readonly path?: string;
  /** The file that the value is written in. */
  readonly file?: string;
  /** The line in that file, from 1. */
  readonly line?: number;
  /** The column in that line, from 1, in characters. */
  readonly column?: number;
}

/** Says what went wrong, where, and what helps. Everything that this package throws is one. */
export class CoderError extends Error implements Problem {
  private constructor();
  override readonly name: 'CoderError';
  /** What went wrong, as a word that a program can compare. */
  readonly code: CoderErrorCode;
  /** What to do about it, where there is more to say than the message does. */
  readonly help: string | undefined;
  /** The path of the value, such as `workspaces.defaultMode`. */
  readonly path?: string;
  /** The file that the value is written in. */
  readonly file?: string;
  /** The line in that file, from 1. */
  readonly line?: number;
  /** The column in that line, from 1, in characters. */
  readonly column?: number;
  /** The HTTP status of Coder's answer, when there was one. */
  readonly status?: number;
  /** The time that Coder asks to wait before the next try. */
  readonly retryAfterSeconds?: number;
  /** Every mistake, when several were found at once. */
  readonly problems: readonly Problem[];
  /** Returns what `JSON.stringify` writes: all of this, the message included. */
  toJSON(): Readonly<Record<string, unknown>>;
}
