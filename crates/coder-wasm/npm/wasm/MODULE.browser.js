// Browsers, workers and bundlers: the file is fetched from beside this one.
import start from './MODULE.glue.js';
import { notInitialized } from '../errors.js';
import { load } from '../load.js';

let loading;
let ready = false;

export async function init(source = new URL('./MODULE.wasm', import.meta.url)) {
  loading ??= load('SPECIFIER', source, start);
  try {
    await loading;
    ready = true;
  } catch (error) {
    loading = undefined;
    throw error;
  }
}

export function started() {
  if (!ready) throw notInitialized('SPECIFIER');
}

export * from './MODULE.glue.js';
