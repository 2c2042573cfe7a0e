// Loading of WebAssembly where a file is fetched. Whatever goes wrong is told with what to do.
import { firstLine, notLoaded } from './errors.js';

/** Loads the WebAssembly of a module, from where its caller says it is. */
export async function load(module, source, start) {
  try {
    await start({ module_or_path: await compile(await source) });
  } catch (cause) {
    throw notLoaded(module, firstLine(cause));
  }
}

async function compile(source) {
  const found = isPlace(source) ? await fetch(source) : source;
  const compiled = found instanceof WebAssembly.Module ? found : await compileFound(found);
  // Another one would be taken, and could not be replaced.
  const names = WebAssembly.Module.exports(compiled).map(({ name }) => name);
  if (names.includes('__wbindgen_start')) return compiled;
  throw new TypeError('it is the WebAssembly of something else');
}

function isPlace(source) {
  return typeof source === 'string' || isA('URL', source) || isA('Request', source);
}

/** Tells whether a value is of a class of the platform; where tests run, it may lack the class. */
function isA(name, value) {
  return typeof globalThis[name] === 'function' && value instanceof globalThis[name];
}

async function compileFound(found) {
  if (!isA('Response', found)) return WebAssembly.compile(found);
  if (!found.ok)
    throw new TypeError(`the answer of ${found.url || 'the server'} has status ${found.status}`);
  const [type] = (found.headers.get('content-type') ?? '').split(';');
  // Only this type is compiled while it arrives.
  if (type === 'application/wasm') return WebAssembly.compileStreaming(found);
  return WebAssembly.compile(await found.arrayBuffer());
}
