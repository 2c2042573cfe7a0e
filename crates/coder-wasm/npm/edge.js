import { CoderError, construct, write } from './errors.js';
import * as wasm from '#edge';

export { CoderError } from './errors.js';
export { init } from '#edge';
export { MemoryStore } from './stores.js';

/** As often as a server of its own does it. */
const SWEEP_EVERY = 5 * 60_000;

export function createHandler(config, stores, options = {}) {
  refusePages();
  wasm.started();
  const { log = writeLog } = options;
  wasm.logTo(log);
  const text = write('the configuration', given(config, options));
  const { login, catalog } = stores ?? {};
  checkStore(login);
  const edge = construct(() => new wasm.Edge(text, giver(catalog), login));
  const notices = edge.notices();
  for (let index = 0; index < notices.length; index += 2) {
    log('warn', `${notices[index]}: ${notices[index + 1]}`);
  }
  let sweptAt = -Infinity;

  async function handler(request, context) {
    context = typeof context?.waitUntil === 'function' ? context : undefined;
    if (Date.now() - sweptAt >= SWEEP_EVERY) {
      const swept = handler
        .sweep(context)
        .catch(error => log('warn', `sweeping failed; it is tried again: ${error.message}`));
      context?.waitUntil(swept);
    }
    const { pathname, search } = new URL(request.url);
    const headers = [...request.headers].flat();
    const { method, body } = request;
    return answer(
      method,
      await edge.handle(method, pathname + search, headers, body ?? undefined, context),
    );
  }

  handler.sweep = async context => {
    sweptAt = Date.now();
    await edge.sweep(context);
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
function given(config, { environment = {}, files = {} }) {
  if (!Array.isArray(config)) {
    return { object: config ?? null, load: [], files, environment };
  }
  const texts = Object.fromEntries(config.map(({ name, text }) => [name, text]));
  return {
    object: null,
    load: config.map(({ name }) => name),
    files: { ...files, ...texts },
    environment,
  };
}

function checkStore(login) {
  const missing = ['read', 'list', 'commit'].filter(name => typeof login?.[name] !== 'function');
  if (missing.length === 0) return;
  throw new CoderError({
    code: 'invalidArgument',
    message: `stores.login has no ${missing.map(name => `\`${name}\``).join(', ')}`,
    help: 'give a `MemoryStore`, a `SqliteStore`, or a store of your own with these methods',
  });
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
  if (WITHOUT_BODY.includes(status) || method === 'HEAD' || body === undefined) {
    body?.cancel();
    return new Response(null, { status, headers });
  }
  return new Response(stream(body), { status, headers });
}

/** Reads the chunks of a body when somebody wants them. */
function stream(body) {
  const source = {
    async pull(controller) {
      const chunk = await body.next();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    cancel: () => body.cancel(),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
