// Every recorded case of the originals' behaviour, through the package: it answers what Rust does.
import { describe, test } from 'node:test';

import {
  AssetUrls,
  CoderDefaults,
  CoderError,
  ScmIntegrations,
  availability,
  compileCoderConfig,
  pollAfterSeconds,
  portalUrls,
  readWorkspaces,
} from '@coder-backstage/core';
import { parseAllDocuments } from 'yaml';

import { cases, fail, hold } from './recordings.mjs';

/** Runs a set, without the cases whose names match what JavaScript cannot say. */
function holds(crate, set, run, except = []) {
  describe(set, () => {
    for (const recorded of cases(crate, set)) {
      const left = except.find(([pattern]) => pattern.test(recorded.name));
      test(recorded.name, { skip: left?.[1] }, () => hold(run, recorded));
    }
  });
}

/** Turns an error of the package into the kind that the recordings have for it. */
function orFail(kind, call) {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof CoderError)) throw error;
    return fail(kind);
  }
}

const compile = input => {
  const app = input.appConfig ?? JSON.parse(input.appConfigJson);
  const compiled = orFail('ConfigError', () => compileCoderConfig(app, spec(input), input.repoUrl));
  const { mode, creationUrl, templateName, repoUrl, isReadingEntityData } = compiled;
  const { repoUrlParamKeys, params } = compiled;
  return {
    mode,
    creationUrl,
    templateName,
    repoUrl,
    isReadingEntityData,
    repoUrlParamKeys,
    params,
    paramOrder: Object.keys(params),
    queryPairs: creationUrl && [...new URL(creationUrl).searchParams],
  };
};

holds('coder-workspaces', 'compile_config', compile, [
  [/^template\/lone-surrogate$/, 'a half of a surrogate pair is U+FFFD on its way to Rust'],
  [/^order\/proto-in-app$/, 'what a file may not say, an object may'],
  [
    /^yaml\/(octal-0o14|float-version|numeric-key|nan-inf-scalar-template|yaml11-directive)$/,
    'the reader of YAML has forgotten the text of a number before an object gets here',
  ],
]);

function spec({ rawYaml, rawYamlJson, catalogInfoYaml }) {
  if (rawYaml !== undefined) return rawYaml;
  if (rawYamlJson !== undefined) return JSON.parse(rawYamlJson);
  if (catalogInfoYaml === undefined) return undefined;
  // As Backstage's catalog reads it.
  const document = parseAllDocuments(catalogInfoYaml).find(one => one.toJSON() !== null);
  if (document === undefined || document.errors.length > 0) return fail('YamlError');
  const entity = document.toJSON();
  if (typeof entity !== 'object' || Array.isArray(entity)) return fail('YamlError');
  return entity.spec?.coder;
}

// Past every schedule and deadline in the recordings.
const now = new Date('2100-01-01T00:00:00Z');

holds('coder-workspaces', 'availability', ({ workspace, workspaces }) => {
  if (workspace === undefined) return ofList(workspaces);
  const usable = orFail('Unreadable', () => availability(workspace, { now }));
  const [card] = readWorkspaces(JSON.stringify({ workspaces: [workspace] }), { now }).workspaces;
  return {
    availability: usable.state,
    label: usable.label,
    statusLightOn: usable.isLit,
    agentStatuses: usable.agentStatuses,
    refetchIntervalMs: milliseconds(usable.pollAfterSeconds),
    iconFallbackLetter: card.iconLetter,
  };
});

function ofList(workspaces) {
  if (workspaces === null) {
    return { availability: [], refetchIntervalMs: pollAfterSeconds() * 1000 };
  }
  const page = readWorkspaces(JSON.stringify({ workspaces }), { now });
  if (page.unreadable.length > 0) return fail('Unreadable');
  return {
    availability: page.workspaces.map(card => card.availability.state),
    refetchIntervalMs: page.pollAfterSeconds * 1000,
  };
}

function milliseconds(seconds) {
  return seconds === undefined ? false : seconds * 1000;
}

holds('coder-config', 'source_location', ({ entity, integrations, location, originLocation }) => {
  const scm = orFail('Error', () => new ScmIntegrations(integrations));
  const read = structuredClone(entity);
  if (location !== undefined) {
    const computed = orFail('TypeError', () => scm.annotationsOf(location, originLocation));
    read.metadata ??= {};
    if (read.metadata.annotations !== null) {
      read.metadata.annotations = { ...computed, ...read.metadata.annotations };
    }
  }
  const annotations = read.metadata?.annotations;
  const found = orUndefined(() => scm.repositoryOf(read));
  if (found === undefined) {
    return {
      annotations,
      modelSourceLocation: { error: { kind: 'TypeError' } },
      locationTargetUrl: null,
      integrationType: null,
      repoUrl: null,
    };
  }
  const { sourceLocation, cloneUrl } = found;
  const named = annotations?.['backstage.io/source-location'];
  const missing = !named && !annotations?.['backstage.io/managed-by-location'];
  const target = named ? sourceLocation?.target : undefined;
  return {
    annotations,
    modelSourceLocation:
      sourceLocation === undefined
        ? { error: { kind: missing ? 'Error' : 'TypeError' } }
        : { ok: sourceLocation },
    locationTargetUrl: target,
    integrationType: target && scm.integrationOf(target),
    repoUrl: cloneUrl,
  };
});

function orUndefined(call) {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof CoderError)) throw error;
    return undefined;
  }
}
