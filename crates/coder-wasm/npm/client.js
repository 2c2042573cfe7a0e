import {
  asText,
  fields,
  functionOrNothing,
  invalid,
  options,
  readAs,
  signalOrNothing,
  text,
} from './arguments.js';
import { construct, disposed, safely, settle, write } from './errors.js';
import { Platform, answered } from './platform.js';
import { writeEntity } from './entity-fields.js';
import * as wasm from '#client';

export { CoderError } from './errors.js';
export { init } from '#client';

export class CoderClient {
  #handle;

  constructor(given) {
    wasm.started();
    const { url, token, tokenHeader, timeoutSeconds, retry } = fields('the options', given);
    for (const name of ['fetch', 'webSocket']) functionOrNothing(`\`${name}\``, given[name]);
    // The message does not repeat the value: it may be a token in the wrong place.
    if (![undefined, 'sessionToken', 'bearer'].includes(tokenHeader))
      throw invalid("`tokenHeader` must be 'sessionToken' or 'bearer'");
    const scheme = token === undefined ? undefined : (tokenHeader ?? 'sessionToken');
    const text = write('the options', { url, scheme, timeoutSeconds, retry });
    this.#handle = construct(() => new wasm.ClientHandle(text, new Platform(given)));
  }

  async send(operation, given) {
    const { signal } = options(given);
    const text = write('the operation', fields('the operation', operation));
    return untilAborted(signal, aborted => this.#used().send(text, aborted));
  }

  request(operation) {
    const text = write('the operation', fields('the operation', operation));
    const { method, url, headers, body } = settle(this.#used().request(text));
    return { method, url, headers: Object.fromEntries(headers), body: body ?? undefined };
  }

  async read(operation, response) {
    if (typeof response?.arrayBuffer !== 'function') throw invalid('the answer must be a Response');
    if (response.bodyUsed || response.body?.locked)
      throw invalid('the body of the answer was read before');
    const text = write('the operation', fields('the operation', operation));
    const { status, headers, body } = readAs('the answer must be a Response', () =>
      answered(response),
    );
    return settle(await this.#used().read(text, status, headers, body));
  }

  watchWorkspace(id, given) {
    const { signal } = options(given);
    return this.#follow({ name: 'workspace', id }, signal);
  }

  buildLogs(id, given) {
    const { after, signal } = options(given);
    return this.#follow({ name: 'buildLogs', id, after }, signal);
  }

  agentLogs(id, given) {
    const { after, signal } = options(given);
    return this.#follow({ name: 'agentLogs', id, after }, signal);
  }

  waitUntilReady(id, options) {
    return this.#manage('wait', id, options);
  }

  startWorkspace(id, options) {
    return this.#manage('start', id, options);
  }

  stopWorkspace(id, options) {
    return this.#manage('stop', id, options);
  }

  restartWorkspace(id, options) {
    return this.#manage('restart', id, options);
  }

  updateWorkspace(id, options) {
    return this.#manage('update', id, options);
  }

  deleteWorkspace(id, options) {
    return this.#manage('delete', id, options);
  }

  workspacesOf(entity, appConfig, given) {
    const { integrations = {} } = options(given);
    const app = write('the app config', appConfig);
    const scm = write('the integrations', { integrations });
    const text = writeEntity(entity);
    return new EntityWorkspaces(construct(() => this.#used().entity(text, app, scm)));
  }

  free() {
    this.#handle?.free();
    this.#handle = undefined;
  }

  #follow(followed, signal) {
    const text = write('what is followed', followed);
    return new Stream(() => construct(() => this.#used().follow(text)), signal);
  }

  async #manage(action, id, given) {
    const { parameters, waitLimitSeconds, onProgress, signal } = options(given);
    const managed = { action, id, parameters: entries(parameters), waitLimitSeconds };
    const text = write('what is done', managed);
    return untilAborted(signal, aborted =>
      this.#used().manage(text, listener(onProgress, signal), aborted),
    );
  }

  #used() {
    if (this.#handle === undefined) throw disposed('CoderClient');
    return this.#handle;
  }
}

class EntityWorkspaces {
  #handle;

  constructor(handle) {
    this.#handle = handle;
  }

  async find(given) {
    const { owner, filter, limit, offset, signal } = options(given);
    const text = write('the options', { owner, filter, limit, offset });
    return untilAborted(signal, aborted => this.#used().find(text, aborted));
  }

  async *watch(given) {
    const { signal } = options(given);
    for (;;) {
      const found = await this.find(given);
      yield found;
      await pause(found.pollAfterSeconds * 1000, signal);
    }
  }

  async open(given) {
    const { name, another, owner, parameters, preset, waitLimitSeconds } = options(given);
    const { onProgress, signal } = options(given);
    const asked = { name, another, owner, parameters: entries(parameters), preset };
    const text = write('the options', { ...asked, waitLimitSeconds });
    return untilAborted(signal, aborted =>
      this.#used().open(text, listener(onProgress, signal), aborted),
    );
  }

  async ensure(name, given) {
    const { owner, parameters, preset, signal } = options(given);
    const asked = { name, owner, parameters: entries(parameters), preset };
    const text = write('the options', asked);
    return untilAborted(signal, aborted => this.#used().ensure(text, aborted));
  }

  free() {
    this.#handle?.free();
    this.#handle = undefined;
  }

  #used() {
    if (this.#handle === undefined) throw disposed('EntityWorkspaces');
    return this.#handle;
  }
}

// `using` frees them at the end of a block, where the runtime knows the symbol.
if (Symbol.dispose !== undefined) {
  for (const { prototype } of [CoderClient, EntityWorkspaces]) {
    prototype[Symbol.dispose] = prototype.free;
  }
}

/** Items of a stream of the module. It is opened when the first one is asked for. */
class Stream {
  #open;
  #signal;
  #handle;
  #over = false;
  #reading = Promise.resolve();
  #stop = () => this.#end();

  constructor(open, signal) {
    this.#open = open;
    this.#signal = signalOrNothing(signal);
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** Whoever asks before the last answer has come, gets the one after it. */
  next() {
    const read = this.#reading.then(() => this.#read());
    this.#reading = read.catch(() => {});
    return read;
  }

  async #read() {
    this.#signal?.throwIfAborted();
    if (this.#over) return { done: true, value: undefined };
    if (this.#handle === undefined) {
      this.#handle = this.#open();
      this.#signal?.addEventListener('abort', this.#stop, { once: true });
    }
    const answer = await this.#handle.next();
    this.#signal?.throwIfAborted();
    if (answer === undefined || this.#over) {
      this.#end();
      return { done: true, value: undefined };
    }
    try {
      return { done: false, value: settle(answer) };
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  async return(value) {
    this.#end();
    return { done: true, value };
  }

  /** Drops the source at once: the connection is closed, and a read under way ends. */
  #end() {
    if (this.#over) return;
    this.#over = true;
    this.#signal?.removeEventListener('abort', this.#stop);
    this.#handle?.stop();
    this.#handle?.free();
  }
}

/** Runs a call of the module, which drops what it does when the signal says so. */
async function untilAborted(given, call) {
  const signal = signalOrNothing(given);
  signal?.throwIfAborted();
  let abort;
  const aborted = new Promise(resolve => (abort = resolve));
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const answer = await call(aborted);
    signal?.throwIfAborted();
    return settle(answer);
  } finally {
    signal?.removeEventListener('abort', abort);
    // Nobody waits for what never comes.
    abort();
  }
}

function listener(onProgress, signal) {
  if (functionOrNothing('`onProgress`', onProgress) === undefined) return undefined;
  const tell = safely(onProgress);
  return answer => {
    if (!signal?.aborted) tell(settle(answer));
  };
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    // What a promise is made with throws into it.
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

function entries(parameters = {}) {
  const pairs = Object.entries(fields('`parameters`', parameters));
  for (const [name, value] of pairs) text(`parameters['${name}']`, value);
  return pairs;
}

export function call(method, path, given) {
  const { query = {}, body } = options(given);
  const pairs = Object.entries(fields('`query`', query)).filter(([, value]) => value !== undefined);
  const texts = pairs.map(([name, value]) => [name, asText(`query['${name}']`, value)]);
  return { name: 'call', method, path, query: texts, body };
}

export function getBuildInfo() {
  return { name: 'getBuildInfo' };
}

export function getUser(user = 'me') {
  return { name: 'getUser', user };
}

export function getWorkspace(id) {
  return { name: 'getWorkspace', id };
}

export function getWorkspaceByName(owner, workspace) {
  return { name: 'getWorkspaceByName', owner, workspace };
}

export function listBuildParameters(build) {
  return { name: 'listBuildParameters', build };
}

export function listTemplates() {
  return { name: 'listTemplates' };
}

export function listWorkspaces(given) {
  const { filter = '', limit, offset } = options(given);
  return { name: 'listWorkspaces', filter, limit, offset };
}
