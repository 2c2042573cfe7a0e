// Every recorded case of the originals' behaviour, through the package: it answers what Rust does.
import { describe, test } from 'node:test';

import {
  AssetUrls,
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

/** Runs a set. `instead` has the answers that differ, since objects and numbers are JavaScript's. */
function holds(crate, set, run, instead = {}) {
  describe(set, () => {
    for (const recorded of cases(crate, set)) {
      const differs = instead[recorded.name];
      const expected = differs ? differs(recorded.expected) : recorded.expected;
      test(recorded.name, () => hold(run, { ...recorded, expected }));
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

/** Replaces a text wherever an answer has it. */
const replaced = (from, to) => expected =>
  JSON.parse(JSON.stringify(expected).replaceAll(from, to));

holds('coder-workspaces', 'compile_config', compile, {
  // A half of a surrogate pair is U+FFFD on its way to Rust.
  'template/lone-surrogate': () => ({
    ok: {
      mode: 'manual',
      creationUrl: 'https://c.example/templates/a%EF%BF%BDb/workspace?mode=manual',
      templateName: 'a\ufffdb',
      repoUrl: null,
      isReadingEntityData: true,
      repoUrlParamKeys: ['repo'],
      params: {},
      paramOrder: [],
      queryPairs: [['mode', 'manual']],
    },
  }),
  // The reader of YAML has forgotten the text of a number before an object gets here.
  'yaml/octal-0o14': replaced('0o14', '12'),
  'yaml/float-version': replaced('1.20', '1.2'),
  'yaml/yaml11-directive': expected => replaced('012', '10')(replaced('yes', 'true')(expected)),
  // JSON has no word for what is not finite.
  'yaml/nan-inf-scalar-template': replaced('.inf', 'devcontainers'),
});

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

const ROUTE = '/coder';

holds('coder-workspaces', 'url_sync', input => {
  const discovery = new Discovery(input);
  switch (input.op) {
    case 'sync': {
      const [initial, urls] = [discovery.initial(), discovery.urls(0)];
      const notifications = JSON.stringify(initial) === JSON.stringify(urls) ? 0 : 1;
      const { apiRoute, assetsRoute } = urls;
      return {
        initial,
        apiEndpoint: apiRoute,
        assetsEndpoint: assetsRoute,
        cached: urls,
        notifications,
      };
    }
    case 'sequence':
      return sequence(discovery);
    case 'icons': {
      const urls = discovery.urls(0);
      const assets = orFail('Error', () => new AssetUrls(urls.assetsRoute));
      const query = input.byRepo
        ? 'owner%3Ame+param%3A%22k%3Dhttps%3A%2F%2Fx.example%2Fr%22'
        : 'owner%3Ame';
      const requestUrl = `${urls.apiRoute}/api/v2/workspaces?q=${query}`;
      return { icons: input.icons.map(icon => assets.icon(icon)), requestUrl };
    }
    case 'iconFetch': {
      const assets = orFail('Error', () => new AssetUrls(discovery.urls(0).assetsRoute));
      const url = assets.icon(input.src);
      const ours = url !== undefined && assets.owns(url);
      const { sessionToken, backstageToken } = input;
      return {
        url,
        coderSessionToken: ours ? sessionToken : null,
        authorization: ours && backstageToken ? `Bearer ${backstageToken}` : null,
      };
    }
    case 'emoji': {
      const assets = orFail('Error', () => new AssetUrls(discovery.urls(0).assetsRoute));
      return assets.isEmoji(input.url);
    }
  }
});

function sequence(discovery) {
  let cached = discovery.initial();
  const [values, notifications] = [[], []];
  discovery.answers.forEach((answer, step) => {
    if (answer === null) {
      values.push({ error: { kind: 'Error' } });
      return;
    }
    const urls = discovery.urls(step);
    values.push(urls.apiRoute);
    if (JSON.stringify(urls) === JSON.stringify(cached)) return;
    cached = urls;
    // Nobody hears what comes after unsubscribing.
    if (step < discovery.unsubscribeAt) notifications.push(urls);
  });
  return { values, notifications, cached };
}

/** Plays Backstage: its configuration, and what its discovery tells about the proxy. */
class Discovery {
  constructor({ appConfig, discovery, urlPrefixes, unsubscribeAt = Infinity }) {
    const baseUrl = appConfig.backend?.baseUrl ?? fail('Error');
    if (typeof baseUrl !== 'string' || baseUrl === '') fail('TypeError');
    this.baseUrl = baseUrl;
    this.prefix = urlPrefixes?.proxyPrefix ?? '/api/proxy';
    this.answers = discovery ?? [fromConfig(appConfig, baseUrl)];
    this.unsubscribeAt = unsubscribeAt;
  }

  /** Before discovery was asked: below the backend. */
  initial() {
    return this.#of(this.baseUrl.replace(/\/+$/, '') + this.prefix);
  }

  urls(step) {
    return this.#of(this.answers[step] ?? fail('Error'));
  }

  #of(proxy) {
    return portalUrls(proxy, { prefix: this.prefix, route: ROUTE });
  }
}

/** Backstage's `FrontendHostDiscovery`. */
function fromConfig(appConfig, baseUrl) {
  let found = pattern(`${baseUrl.replace(/\/+$/, '')}/api/{{pluginId}}`);
  for (const { target, plugins } of appConfig.discovery?.endpoints ?? []) {
    // A target for this process alone is none for browsers.
    const written = typeof target === 'string' ? target : target?.external;
    if (!written) continue;
    const known = pattern(written);
    if (plugins?.includes('proxy')) found = known;
  }
  return found;
}

/** Backstage's `UrlPatternDiscovery`, for the plugin `proxy`. */
function pattern(text) {
  const filled = text.replace(/{{\s*pluginId\s*}}/g, 'proxy');
  if (!URL.canParse(filled)) return fail('Error');
  const url = new URL(filled);
  return url.search || url.hash || filled.endsWith('/') ? fail('Error') : filled;
}
