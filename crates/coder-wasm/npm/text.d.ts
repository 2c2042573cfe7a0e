export { CoderError, type CoderErrorCode, type Problem } from './errors.js';

import type { Entity, InitSource, WorkspaceCreationMode } from './entity.js';

export type { Entity, InitSource, WorkspaceCreationMode } from './entity.js';

/**
 * Loads the WebAssembly of this module. Call it once when your app starts, and wait for it.
 *
 * In Node.js and workerd the module is ready when it is imported, and this does nothing.
 *
 * @param source where the file is, if your bundler does not put it beside the module's own
 * @throws {CoderError} `notInitialized` when it cannot be loaded; it can be called again
 */
export function init(source?: InitSource): Promise<void>;

/** A range of a text, so that `text.slice(start, end)` is what an editor underlines. */
export interface Span {
  /** The first character, from 0, in UTF-16 units. */
  readonly start: number;
  /** The end, which is the first character behind the range. */
  readonly end: number;
}

/** A place in a file. */
export interface Place {
  /** The file's name as it was given. */
  readonly file: string;
  /** The line, from 1. */
  readonly line: number;
  /** The column in that line, from 1, in UTF-16 units as editors count. */
  readonly column: number;
  /** The whole key or value; absent when only the point is known. */
  readonly span?: Span;
}

/** What a remark is about, as a word that a program can compare. */
export type DiagnosticCode =
  /** A file could not be read. */
  | 'unreadable'
  /** No file and no variable holds any configuration. */
  | 'empty'
  /** The text is not YAML or JSON. */
  | 'syntax'
  /** A mapping has the same key twice. */
  | 'duplicateKey'
  /** The file exceeds a limit of the reader. */
  | 'tooLarge'
  /** `$env`, `$file`, `$include` or a variable `APP_CONFIG_…` cannot be followed. */
  | 'directive'
  /** A required value is not there. */
  | 'missing'
  /** A value is there and cannot be used. */
  | 'invalid'
  /** A remark that stops nothing, such as an unknown key. */
  | 'notice';

/** A remark about a text, with its place. */
export interface Diagnostic {
  /** Whether the value cannot be used (`error`) or a person should look at it (`warning`). */
  readonly severity: 'error' | 'warning';
  /** What the remark is about. */
  readonly code: DiagnosticCode;
  /** What is wrong: one line, in lower case, without the place and without a period. */
  readonly message: string;
  /** What to do about it, where there is more to say than the message does. */
  readonly help: string | undefined;
  /** The path of the value, such as `spec.coder.mode`. */
  readonly path: string | undefined;
  /** The file; `undefined` for a remark without a place. */
  readonly file: string | undefined;
  /** The line, from 1. */
  readonly line: number | undefined;
  /** The column in that line, from 1, in UTF-16 units as editors count. */
  readonly column: number | undefined;
  /** The key, the value or the character to underline. */
  readonly span: Span | undefined;
  /** Environment variables whose texts are part of the value. */
  readonly variables: readonly string[];
  /** The `$include` or `$file` that fetched the value from another file. */
  readonly includedAt: Place | undefined;
}

/** How a file is called in places. */
export interface FileOptions {
  /** The file's name; `catalog-info.yaml` by default. */
  readonly file?: string;
}

/**
 * Tells everything about a `catalog-info.yaml`: what is no YAML, what is no entity, what
 * Backstage's catalog refuses, keys that look mistyped, and values of `spec.coder` that are ignored.
 *
 * A text of JSON is YAML as well.
 */
export function lintCatalogInfo(text: string, options?: FileOptions): Diagnostic[];

/** The section `spec.coder` of an entity, as far as it can be used. */
export interface CoderSpec {
  /** The template to create from: `template` or `organization/template`. */
  readonly templateName: string | undefined;
  /** Whether Coder's form is shown or creates the workspace at once. */
  readonly mode: WorkspaceCreationMode | undefined;
  /** The template's parameters, with the text that is written: `1.20` stays `1.20`. */
  readonly params: Readonly<Record<string, string>>;
}

/** An entity as a file has it. */
export interface CatalogEntity {
  /** The entity's reference, such as `component:default/payments`. */
  readonly entityRef: string;
  /** The entity itself, for `compileEntity` and the like. */
  readonly entity: Entity;
  /** What the entity says about workspaces; `undefined` when it says nothing. */
  readonly coder: CoderSpec | undefined;
  /** The place of each value by its path, such as `spec.coder.params.cpu` or `metadata.tags[0]`. */
  readonly places: ReadonlyMap<string, Place>;
}

/**
 * Reads the entities of a `catalog-info.yaml`, with the place of every value.
 *
 * What is no entity is left out; {@link lintCatalogInfo} tells why.
 */
export function readCatalogInfo(text: string, options?: FileOptions): CatalogEntity[];

/** Where app-config comes from. */
export interface AppConfigSources {
  /** The texts of all files by their paths, those that are included among them. */
  readonly files: Readonly<Record<string, string>>;
  /** The environment variables; none by default. `process.env` is one. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /**
   * The files that `--config` names. By default they are those of Backstage: `app-config.yaml`,
   * `app-config.<name>.yaml` for each name in `BACKSTAGE_ENV`, and the same with `.local`.
   */
  readonly config?: readonly string[];
  /** The names of sign-in resolvers that your backend brings along. */
  readonly resolvers?: readonly string[];
}

/**
 * Tells everything about a set of app-config files as they are merged: files that cannot be read,
 * references that lead nowhere, values that cannot be used, unknown keys. Errors come first.
 */
export function lintAppConfig(sources: AppConfigSources): Diagnostic[];

/** A value of JSON. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** App-config as it was loaded. */
export interface LoadedAppConfig {
  /**
   * The merged configuration; `undefined` when an error stopped the loading. A number that JSON
   * has no word for, such as infinity, is null.
   */
  readonly config: { readonly [key: string]: JsonValue } | undefined;
  /** What was merged, in order, as Backstage names it: files, and `env`. */
  readonly sources: readonly string[];
  /** The paths of all files that were read, those that are included among them. */
  readonly files: readonly string[];
  /** What stopped the loading, and values that were left out. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Loads app-config as Backstage does: variables put in, files included and merged. */
export function loadAppConfig(sources: AppConfigSources): LoadedAppConfig;

/** The parts of a reference to an entity. */
export interface EntityRefParts {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Reads a reference to an entity: `[kind:][namespace/]name`.
 *
 * @param context what a reference means that names no kind or no namespace; without
 *   `defaultNamespace` it is `default`
 * @throws {CoderError} `invalidEntityRef` when it is none
 */
export function parseEntityRef(
  reference: string,
  context?: { readonly defaultKind?: string; readonly defaultNamespace?: string },
): EntityRefParts;

/**
 * Writes a reference in its canonical form, in lower case: `component:default/payments`.
 *
 * @throws {CoderError} `invalidEntityRef` when a part is empty or cannot be in one
 */
export function stringifyEntityRef(reference: {
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}): string;
