import { writeEntity } from './entity-fields.js';
import { construct, disposed, settle, write } from './errors.js';
import * as wasm from '#entity';

export { CoderError } from './errors.js';
export { init } from '#entity';

const prepared = new WeakMap();

export function compileCoderConfig(appConfig, rawYamlConfig, repoUrl) {
  let defaults = prepared.get(appConfig);
  if (defaults === undefined) {
    defaults = new CoderDefaults(appConfig);
    prepared.set(appConfig, defaults);
  }
  return defaults.compile(rawYamlConfig, repoUrl);
}

export class CoderDefaults {
  #handle;
  /** The part of every answer that is the same for all entities. */
  #shared;

  constructor(appConfig, integrations) {
    wasm.started();
    const text = write('the app config', appConfig);
    this.#handle = construct(() =>
      integrations === undefined ? new wasm.Defaults(text) : integrations.defaults(text),
    );
    this.#shared = settle(this.#handle.shared());
    Object.freeze(this.#shared.repoUrlParamKeys);
  }

  get notices() {
    return settle(this.#used().notices());
  }

  compile(rawYamlConfig, repoUrl) {
    const spec = rawYamlConfig === undefined ? undefined : write('spec.coder', rawYamlConfig);
    return compiled(settle(this.#used().compile(spec, repoUrl)), this.#shared);
  }

  compileEntity(entity) {
    return compiled(settle(this.#used().compileEntity(writeEntity(entity))), this.#shared);
  }

  searchPlan(entity, { owner = 'me' } = {}) {
    const plan = settle(this.#used().searchPlan(writeEntity(entity), owner === 'everyone'));
    return { ...plan, compare: plan.compare ?? undefined, narrow: plan.narrow ?? undefined };
  }

  creationLink(entity, options = {}) {
    const { name, reuse, version, preset, lock = [] } = options;
    const names = write('the names to lock', lock);
    const text = writeEntity(entity);
    const link = this.#used().creationLink(text, name, reuse, version, preset, names);
    return settle(link) ?? undefined;
  }

  free() {
    this.#handle?.free();
    this.#handle = undefined;
  }

  #used() {
    if (this.#handle === undefined) throw disposed('CoderDefaults');
    return this.#handle;
  }
}

export class ScmIntegrations {
  #handle;

  constructor(integrations = {}) {
    wasm.started();
    const text = write('the integrations', { integrations });
    this.#handle = construct(() => new wasm.Integrations(text));
  }

  /** For `CoderDefaults`, which prepares both together. */
  defaults(appConfig) {
    return this.#used().defaults(appConfig);
  }

  repositoryOf(entity) {
    const found = settle(this.#used().repository(writeEntity(entity)));
    return {
      cloneUrl: found.cloneUrl ?? undefined,
      spellings: found.spellings,
      sourceLocation: found.location ?? undefined,
      problem: found.problem ?? undefined,
    };
  }

  integrationOf(url) {
    return settle(this.#used().integrationOf(url)) ?? undefined;
  }

  annotationsOf(location, origin = location) {
    const { type, target } = location;
    return settle(this.#used().annotations(type, target, origin.type, origin.target));
  }

  free() {
    this.#handle?.free();
    this.#handle = undefined;
  }

  #used() {
    if (this.#handle === undefined) throw disposed('ScmIntegrations');
    return this.#handle;
  }
}

export class AssetUrls {
  #handle;

  constructor(url) {
    wasm.started();
    this.#handle = construct(() => new wasm.Assets(url));
  }

  icon(icon) {
    return this.#used().icon(icon);
  }

  owns(url) {
    return this.#used().owns(url);
  }

  isEmoji(url) {
    return this.#used().isEmoji(url);
  }

  free() {
    this.#handle?.free();
    this.#handle = undefined;
  }

  #used() {
    if (this.#handle === undefined) throw disposed('AssetUrls');
    return this.#handle;
  }
}

// `using` frees them at the end of a block, where the runtime knows the symbol.
if (Symbol.dispose !== undefined) {
  for (const { prototype } of [CoderDefaults, ScmIntegrations, AssetUrls]) {
    prototype[Symbol.dispose] = prototype.free;
  }
}

export function portalUrls(proxy, { prefix = '/api/proxy', route = '/coder' } = {}) {
  wasm.started();
  return settle(wasm.portalUrls(proxy, prefix, route));
}

export function availability(workspace, { now = Date.now() } = {}) {
  wasm.started();
  return usable(settle(wasm.availability(write('the workspace', workspace), Number(now))));
}

export function readWorkspaces(text, { now = Date.now() } = {}) {
  wasm.started();
  const page = settle(wasm.readWorkspaces(text, Number(now)));
  for (const card of page.workspaces) {
    card.lastUsedAt ??= undefined;
    usable(card.availability);
  }
  page.count ??= undefined;
  return page;
}

export function pollAfterSeconds() {
  wasm.started();
  return wasm.pollAfterSeconds();
}

export function workspaceLinks(workspace, hosts) {
  wasm.started();
  const { accessUrl, pathAppUrl, wildcardHostname, sshSuffix } = hosts;
  const text = write('the workspace', workspace);
  const links = settle(
    wasm.workspaceLinks(text, accessUrl, pathAppUrl, wildcardHostname, sshSuffix),
  );
  for (const agent of links.agents) {
    agent.terminal ??= undefined;
    agent.sshHost ??= undefined;
    for (const app of agent.apps) {
      app.icon ??= undefined;
      app.group ??= undefined;
    }
  }
  return links;
}

export function iconLetter(name) {
  wasm.started();
  return wasm.iconLetter(name);
}

/** What has no value is left out in Rust and `undefined` here. */
function compiled(own, { repoUrlParamKeys, accessUrl }) {
  return {
    mode: own.mode,
    creationUrl: own.creationUrl,
    templateName: own.templateName,
    repoUrl: own.repoUrl,
    repoUrlParamKeys,
    params: own.params,
    isReadingEntityData: own.isReadingEntityData,
    accessUrl,
    incompatible: own.incompatible,
    repositoryProblem: own.repositoryProblem,
    notices: own.notices ?? [],
  };
}

function usable(availability) {
  availability.reason ??= undefined;
  availability.pollAfterSeconds ??= undefined;
  return availability;
}
