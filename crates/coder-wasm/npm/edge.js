import {
  fields,
  functionOrNothing,
  invalid,
  options,
  readAs,
  text,
  withMethods,
} from './arguments.js';
import { CoderError, construct, firstLine, safely, write } from './errors.js';
import { Platform, Transfer, flatHeaders } from './platform.js';
import * as wasm from '#edge';

export { CoderError } from './errors.js';
export { init } from '#edge';
export { MemoryStore } from './stores.js';

const STORES = 'give a `MemoryStore`, a `SqliteStore`, or a store of your own with these methods';

/** As often as a server of its own does it. */
const SWEEP_EVERY = 5 * 60_000;

const SWEEP_AGAIN =
  'see to the store of logins; what is due is still there, and the next sweep ends it';

export function createHandler(config, stores, further) {
  refusePages();
  wasm.started();
  const given = options(further);
  const log = safely(functionOrNothing('`log`', given.log) ?? writeLog);
  wasm.logTo(log);
  const written = write('the configuration', settings(config, given));
  const { login, catalog } = stores ?? {};
  withMethods('stores.login', login, ['read', 'list', 'commit'], STORES);
  const edge = construct(() => new wasm.Edge(written, giver(catalog), login, new Platform()));
  const notices = edge.notices();
  for (let index = 0; index < notices.length; index += 2) {
    log('warn', `${notices[index]}: ${notices[index + 1]}`);
  }
  let sweptAt = -Infinity;

  async function handler(request, context) {
    if (request?.bodyUsed || request?.body?.locked)
      throw invalid('the body of the request was read before');
    const { method, target, headers, body } = asked(request);
    context = usable(context);
    if (Date.now() - sweptAt >= SWEEP_EVERY) {
      const swept = handler
        .sweep(context)
        .catch(error => log('warn', `sweeping failed; it is tried again: ${error.message}`));
      keep(context, swept);
    }
    return answer(method, await edge.handle(method, target, headers, body, context));
  }

  handler.sweep = async context => {
    sweptAt = Date.now();
    try {
      await edge.sweep(usable(context));
    } catch (cause) {
      throw new CoderError({ code: 'storeFailed', message: firstLine(cause), help: SWEEP_AGAIN });
    }
  };
  return handler;
}

function refusePages() {
  // The last one is a worker of a page; those of workerd and Node.js have no such function.
  const signs = [typeof window, typeof document, typeof importScripts];
  if (signs.every(sign => sign === 'undefined')) return;
  throw new CoderError({
    code: 'serverOnly',
    message: 'createHandler was called in a page, which must never get the client secret',
    help: "call it on a server or at the edge, and let the page ask it; pages import '@coder-backstage/core'",
  });
}

/** The configuration as one value. */
function settings(config, { environment = {}, files = {} }) {
  const variables = texts('`environment`', environment);
  const others = texts('`files`', files);
  if (!Array.isArray(config)) {
    return {
      object: fields('the configuration', config),
      load: [],
      files: others,
      environment: variables,
    };
  }
  const loaded = new Map();
  for (const [index, entry] of config.entries()) {
    const { name, text: content } = fields(`config[${index}]`, entry);
    text(`\`name\` of config[${index}]`, name);
    if (loaded.has(name)) throw invalid(`two texts of the configuration are named '${name}'`);
    loaded.set(name, text(`\`text\` of config[${index}]`, content));
  }
  return {
    object: null,
    load: [...loaded.keys()],
    files: { ...others, ...Object.fromEntries(loaded) },
    environment: variables,
  };
}

/** Checks an object of texts, and leaves out what is `undefined`. */
function texts(what, object) {
  const entries = Object.entries(fields(what, object)).filter(([, value]) => value !== undefined);
  for (const [name, value] of entries) text(`${what}['${name}']`, value);
  return Object.fromEntries(entries);
}

/** Reads the parts of a request. */
function asked(request) {
  return readAs('the request must be a Request', () => {
    const { pathname, search } = new URL(text('`url`', request.url));
    const method = text('`method`', request.method);
    const headers = flatHeaders(request.headers);
    const body = request.body ? new Transfer(request.body) : undefined;
    return { method, target: pathname + search, headers, body };
  });
}

/** Takes a context that keeps the runtime awake; other runtimes pass other things. */
function usable(context) {
  return typeof context?.waitUntil === 'function' ? context : undefined;
}

function keep(context, promise) {
  try {
    context?.waitUntil(promise);
  } catch {
    // The runtime keeps nothing awake any more; the request goes on.
  }
}

function giver(catalog) {
  if (catalog === undefined || typeof catalog === 'function') return catalog;
  if (Array.isArray(catalog)) return () => catalog;
  throw new CoderError({
    code: 'invalidArgument',
    message: 'stores.catalog is neither an array of entities nor a function that gives one',
  });
}

function writeLog(level, line) {
  console[level](line);
}

/** Statuses whose answers have no body, not even an empty one. */
const WITHOUT_BODY = [204, 205, 304];

function answer(method, [status, flat, body]) {
  const headers = new Headers();
  for (let index = 0; index < flat.length; index += 2) headers.append(flat[index], flat[index + 1]);
  const chunks = body && stream(body);
  if (WITHOUT_BODY.includes(status) || method === 'HEAD' || body === undefined) {
    chunks?.cancel();
    return new Response(null, { status, headers });
  }
  return new Response(chunks, { status, headers });
}

/** Reads the chunks of a body when somebody wants them. Its handle is freed at its end. */
function stream(body) {
  let isOver = false;
  function end() {
    if (isOver) return;
    isOver = true;
    body.cancel();
    body.free();
  }
  const source = {
    async pull(controller) {
      try {
        const chunk = await body.next();
        // Of a body that was cancelled meanwhile, nobody wants the chunk.
        if (isOver) return;
        if (chunk !== undefined) return controller.enqueue(chunk);
        end();
        controller.close();
      } catch (error) {
        end();
        throw error;
      }
    },
    cancel: end,
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
