// Backstage's browser packages are made for bundlers: modules that Node would take for CommonJS,
// imports without an extension, and style sheets. This reads them as a bundler does.
import { register } from 'node:module';

export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !error.url) throw error;
    return next(`${error.url}.js`, context);
  }
}

export async function load(url, context, next) {
  if (url.endsWith('.css')) return { format: 'module', source: '', shortCircuit: true };
  const isModule = /\/node_modules\/.*(\.esm\.js$|\/esm\/)/.test(url);
  return next(url, isModule ? { ...context, format: 'module' } : context);
}

// This file is both: what registers the hooks, and the hooks.
if (!new URL(import.meta.url).searchParams.has('hooks')) {
  register('./loader.js?hooks', import.meta.url);
}
