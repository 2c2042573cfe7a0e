// workerd compiles WebAssembly when a worker is uploaded, and hands it over as a module.
import module from './MODULE.wasm';
import { initSync } from './MODULE.glue.js';

initSync({ module });

export async function init() {}

export function started() {}

export * from './MODULE.glue.js';
