import { settle, write } from './errors.js';
import * as wasm from '#text';

export { CoderError } from './errors.js';
export { init } from '#text';

export function lintCatalogInfo(text, { file = 'catalog-info.yaml' } = {}) {
  wasm.started();
  return settle(wasm.lintCatalogInfo(file, text)).map(diagnostic);
}

export function readCatalogInfo(text, { file = 'catalog-info.yaml' } = {}) {
  wasm.started();
  return settle(wasm.readCatalogInfo(file, text)).map(({ coder, places, ...written }) => ({
    ...written,
    coder: coder ? coderSpec(coder) : undefined,
    places: new Map(places),
  }));
}

export function lintAppConfig(sources) {
  wasm.started();
  return settle(wasm.lintAppConfig(writeSources(sources))).map(diagnostic);
}

export function loadAppConfig(sources) {
  wasm.started();
  const loaded = settle(wasm.loadAppConfig(writeSources(sources)));
  return {
    config: loaded.config ?? undefined,
    sources: loaded.sources,
    files: loaded.files,
    diagnostics: loaded.diagnostics.map(diagnostic),
  };
}

export function parseEntityRef(reference, { defaultKind, defaultNamespace } = {}) {
  wasm.started();
  return settle(wasm.parseEntityRef(reference, defaultKind, defaultNamespace));
}

export function stringifyEntityRef({ kind, namespace, name }) {
  wasm.started();
  return settle(wasm.stringifyEntityRef(kind, namespace, name));
}

function coderSpec({ templateName, mode, params }) {
  return {
    templateName: templateName ?? undefined,
    mode: mode ?? undefined,
    params: Object.fromEntries(params),
  };
}

function writeSources({ files, environment = {}, config = [], resolvers = [] }) {
  const variables = Object.entries(environment).filter(([, value]) => value !== undefined);
  return write('the files', { files, environment: variables, config, resolvers });
}

function diagnostic(told) {
  const { severity, code, message, help, path, file, line, column, span } = told;
  const { variables = [], includedAt } = told;
  return { severity, code, message, help, path, file, line, column, span, variables, includedAt };
}
