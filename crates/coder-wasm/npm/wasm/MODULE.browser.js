// Browsers, workers and bundlers: the file is fetched from beside this one.
import start from './MODULE.glue.js';
import { notInitialized } from '../errors.js';

let ready = false;

export async function init(source = new URL('./MODULE.wasm', import.meta.url)) {
  await start({ module_or_path: source });
  ready = true;
}

export function started() {
  if (!ready) throw notInitialized('SPECIFIER');
}

export * from './MODULE.glue.js';
