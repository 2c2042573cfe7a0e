import { fields, options, text, textOrNothing } from './arguments.js';
import { settle, write } from './errors.js';
import * as wasm from '#text';

export { CoderError } from './errors.js';
export { init } from '#text';

export function lintCatalogInfo(content, given) {
  wasm.started();
  return settle(wasm.lintCatalogInfo(fileOf(given), text('the text', content))).map(diagnostic);
}

export function readCatalogInfo(content, given) {
  wasm.started();
  const read = settle(wasm.readCatalogInfo(fileOf(given), text('the text', content)));
  return read.map(({ coder, places, ...written }) => ({
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

export function parseEntityRef(reference, given) {
  wasm.started();
  const { defaultKind, defaultNamespace } = options(given);
  const kind = textOrNothing('`defaultKind`', defaultKind);
  const namespace = textOrNothing('`defaultNamespace`', defaultNamespace);
  return settle(wasm.parseEntityRef(text('the reference', reference), kind, namespace));
}

export function stringifyEntityRef(reference) {
  wasm.started();
  const { kind, namespace, name } = fields('the reference', reference);
  const space = textOrNothing('`namespace`', namespace);
  return settle(wasm.stringifyEntityRef(text('`kind`', kind), space, text('`name`', name)));
}

function fileOf(given) {
  const { file = 'catalog-info.yaml' } = options(given);
  return text('`file`', file);
}

function coderSpec({ templateName, mode, params }) {
  return {
    templateName: templateName ?? undefined,
    mode: mode ?? undefined,
    params: Object.fromEntries(params),
  };
}

function writeSources(sources) {
  const { files, environment = {}, config = [], resolvers = [] } = fields('the sources', sources);
  const variables = Object.entries(fields('`environment`', environment)).filter(
    ([, value]) => value !== undefined,
  );
  return write('the files', { files, environment: variables, config, resolvers });
}

function diagnostic(told) {
  const { severity, code, message, help, path, file, line, column, span } = told;
  const { variables = [], includedAt } = told;
  return { severity, code, message, help, path, file, line, column, span, variables, includedAt };
}
