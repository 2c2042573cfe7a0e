// Node.js: the file is read while this module loads.
import { readFileSync } from 'node:fs';
import { initSync } from './MODULE.glue.js';

const file = new URL('./MODULE.wasm', import.meta.url);
initSync({ module: new WebAssembly.Module(readFileSync(file)) });

export async function init() {}

export function started() {}

export * from './MODULE.glue.js';
