import { fields, invalid, moment, options, text, textOrNothing } from './arguments.js';
import { writeEntity } from './entity-fields.js';
import { construct, disposed, settle, write } from './errors.js';
import * as wasm from '#entity';

export { CoderError } from './errors.js';
export { init } from '#entity';

/** How many answers are kept, and for questions of which length. */
const MOST_KEPT = 500;
const MOST_KEPT_LENGTH = 2000;

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
  /** Answers to the last different questions. */
  #known = new Map();

  constructor(appConfig, integrations) {
    wasm.started();
    const app = write('the app config', appConfig);
    this.#handle = construct(() =>
      integrations === undefined ? new wasm.Defaults(app) : preparedWith(integrations, app),
    );
    this.#shared = settle(this.#handle.shared());
  }

  get notices() {
    return settle(this.#used().notices());
  }

  compile(rawYamlConfig, repoUrl) {
    const spec = rawYamlConfig === undefined ? undefined : write('spec.coder', rawYamlConfig);
    const url = textOrNothing('`repoUrl`', repoUrl);
    // JSON has no line breaks, and no word `undefined`.
    const question = url === undefined ? `${spec}` : `${spec}\n${url}`;
    return this.#compiled(question, handle => handle.compile(spec, url));
  }

  compileEntity(entity) {
    const text = writeEntity(entity);
    return this.#compiled(`entity ${text}`, handle => handle.compileEntity(text));
  }

  searchPlan(entity, given) {
    const { owner = 'me' } = options(given);
    const plan = settle(this.#used().searchPlan(writeEntity(entity), owner === 'everyone'));
    return { ...plan, compare: plan.compare ?? undefined, narrow: plan.narrow ?? undefined };
  }

  creationLink(entity, given) {
    const { lock = [], ...named } = options(given);
    const [name, reuse, version, preset] = ['name', 'reuse', 'version', 'preset'].map(option =>
      textOrNothing(`\`${option}\``, named[option]),
    );
    const names = write('the names to lock', lock);
    const written = writeEntity(entity);
    const link = this.#used().creationLink(written, name, reuse, version, preset, names);
    return settle(link) ?? undefined;
  }

  free() {
    this.#handle?.free();
    this.#handle = undefined;
    this.#known.clear();
  }

  /** A page compiles the same entities whenever it is drawn, so the last answers are kept. */
  #compiled(question, ask) {
    const handle = this.#used();
    let own = this.#known.get(question);
    if (own === undefined) {
      own = settle(ask(handle));
      if (question.length <= MOST_KEPT_LENGTH) {
        if (this.#known.size === MOST_KEPT) this.#known.clear();
        this.#known.set(question, own);
      }
    }
    return compiled(own, this.#shared);
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
    const written = write('the integrations', { integrations });
    this.#handle = construct(() => new wasm.Integrations(written));
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
    return settle(this.#used().integrationOf(text('`url`', url))) ?? undefined;
  }

  annotationsOf(location, origin = location) {
    const parts = [
      ['the location', location],
      ['the origin', origin],
    ].flatMap(([what, ref]) => {
      const { type, target } = fields(what, ref);
      return [text(`\`type\` of ${what}`, type), text(`\`target\` of ${what}`, target)];
    });
    return settle(this.#used().annotations(...parts));
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
    this.#handle = construct(() => new wasm.Assets(text('`url`', url)));
  }

  icon(icon) {
    return this.#used().icon(text('`icon`', icon));
  }

  owns(url) {
    return this.#used().owns(text('`url`', url));
  }

  isEmoji(url) {
    return this.#used().isEmoji(text('`url`', url));
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

export function portalUrls(proxy, given) {
  wasm.started();
  const { prefix = '/api/proxy', route = '/coder' } = options(given);
  const parts = [text('`proxy`', proxy), text('`prefix`', prefix), text('`route`', route)];
  return settle(wasm.portalUrls(...parts));
}

export function availability(workspace, given) {
  wasm.started();
  const { now = Date.now() } = options(given);
  return usable(settle(wasm.availability(write('the workspace', workspace), moment(now))));
}

export function readWorkspaces(answer, given) {
  wasm.started();
  const { now = Date.now() } = options(given);
  const bytes = new TextEncoder().encode(text('the list of workspaces', answer));
  const page = settle(wasm.readWorkspaces(bytes, moment(now)));
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
  const { accessUrl, ...further } = fields('`hosts`', hosts);
  const [pathApps, wildcard, ssh] = ['pathAppUrl', 'wildcardHostname', 'sshSuffix'].map(host =>
    textOrNothing(`\`${host}\``, further[host]),
  );
  const written = write('the workspace', workspace);
  const url = text('`accessUrl`', accessUrl);
  const links = settle(wasm.workspaceLinks(written, url, pathApps, wildcard, ssh));
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
  return wasm.iconLetter(text('`name`', name));
}

/** Prepares the defaults together with integrations, which may be of another copy of this module. */
function preparedWith(integrations, app) {
  const isOne = typeof integrations?.defaults === 'function';
  const handle = isOne ? integrations.defaults(app) : undefined;
  if (typeof handle?.shared === 'function') return handle;
  throw invalid(
    'the integrations must be a `ScmIntegrations`',
    'make it of the section `integrations`: `new ScmIntegrations(integrations)`',
  );
}

/** What has no value is left out in Rust and `undefined` here. The answer is the caller's alone. */
function compiled(own, { repoUrlParamKeys, accessUrl }) {
  return {
    mode: own.mode,
    creationUrl: own.creationUrl,
    templateName: own.templateName,
    repoUrl: own.repoUrl,
    repoUrlParamKeys: [...repoUrlParamKeys],
    params: { ...own.params },
    isReadingEntityData: own.isReadingEntityData,
    accessUrl,
    incompatible: own.incompatible && { ...own.incompatible },
    repositoryProblem: own.repositoryProblem,
    notices: own.notices?.map(notice => ({ ...notice })) ?? [],
  };
}

function usable(availability) {
  availability.reason ??= undefined;
  availability.pollAfterSeconds ??= undefined;
  return availability;
}
