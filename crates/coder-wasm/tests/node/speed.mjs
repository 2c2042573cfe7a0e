// What the package takes beside plain JavaScript on the same inputs, in one run. Nothing is asserted:
// machines differ.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  CoderDefaults,
  compileCoderConfig,
  iconLetter,
  readWorkspaces,
} from '@coder-backstage/core';
import * as v from 'valibot';

const appConfig = {
  deployment: { accessUrl: 'https://coder.example.com' },
  workspaces: {
    defaultTemplateName: 'devcontainers',
    defaultMode: 'manual',
    repoUrlParamKeys: ['custom_repo', 'repo_url'],
    params: { repo: 'custom', region: 'eu-helsinki' },
  },
};
const spec = {
  templateName: 'devcontainers',
  mode: 'auto',
  params: { repo: 'custom', region: 'us-pittsburgh' },
};
const url = 'https://github.com/acme/payments/tree/main/';

// What the front end of Coder's Backstage plugin does, with the library that it uses.
const specSchema = v.union([
  v.undefined_(),
  v.object({
    templateName: v.optional(v.string()),
    mode: v.optional(v.union([v.literal('manual'), v.literal('auto')])),
    params: v.optional(v.record(v.string(), v.union([v.string(), v.undefined_()]))),
  }),
]);

function asThePlugin({ deployment, workspaces }, rawSpec, repoUrl) {
  const own = v.parse(specSchema, rawSpec);
  const mode = own?.mode ?? workspaces.defaultMode ?? 'manual';
  const template = own?.templateName ?? workspaces.defaultTemplateName;
  const [query, params] = [new URLSearchParams({ mode }), {}];
  const set = (name, value) => {
    params[name] = value;
    query.set(`param.${name}`, value);
  };
  for (const source of [workspaces.params, own?.params]) {
    for (const [name, value] of Object.entries(source ?? {})) {
      if (typeof value === 'string') set(name, value);
    }
  }
  const cloneUrl = repoUrl?.replace(/\/tree\/[\w._-]+\/?$/, '');
  if (cloneUrl !== undefined) workspaces.repoUrlParamKeys.forEach(name => set(name, cloneUrl));
  const form = template && `${deployment.accessUrl}/templates/${encodeURIComponent(template)}`;
  const creationUrl = form && `${form}/workspace?${query}`;
  const { repoUrlParamKeys } = workspaces;
  return { mode, creationUrl, templateName: template, repoUrl: cloneUrl, repoUrlParamKeys, params };
}

function list(count) {
  const file = 'coder-workspaces/tests/fixtures/workspace_running.json';
  const workspace = JSON.parse(readFileSync(join(process.env.CODER_CRATES, file), 'utf8'));
  const workspaces = Array.from({ length: count }, (_, index) => ({
    ...workspace,
    name: `workspace-${index}`,
  }));
  return JSON.stringify({ count, workspaces });
}

/** The plugin's rule: the state of the build, then those of the agents. */
function labels(text) {
  return JSON.parse(text).workspaces.map(({ name, latest_build: { status, resources } }) => {
    if (status !== 'running') return { name, state: status };
    const agents = resources.flatMap(resource => resource.agents ?? []);
    const unique = [...new Set(agents.map(agent => agent.status))];
    return { name, state: unique.every(one => one === 'connected') ? 'Online' : 'Offline' };
  });
}

/**
 * Microseconds of the processor per call: the fastest of many rounds, since others use the machine
 * as well.
 */
function measure(call, calls) {
  let fastest = Infinity;
  for (let round = 0; round < 30; round++) {
    const start = process.cpuUsage().user;
    for (let index = 0; index < calls; index++) call();
    fastest = Math.min(fastest, (process.cpuUsage().user - start) / calls);
  }
  return fastest;
}

const micros = value => `${value.toFixed(2)} µs`.padStart(14);

function row(what, ours, plain) {
  console.log(
    `${what.padEnd(44)}${micros(ours)}${micros(plain)}${(plain / ours).toFixed(2).padStart(8)} ×`,
  );
}

const defaults = new CoderDefaults(appConfig);
const page = list(1000);
console.log(`${''.padEnd(44)}${'package'.padStart(14)}${'JavaScript'.padStart(14)}`);
// An entity that is not known yet, each time.
let count = 0;
const another = () => ({ ...spec, params: { ...spec.params, number: String(count++) } });
row(
  'compileCoderConfig, a new entity',
  measure(() => compileCoderConfig(appConfig, another(), url), 5000),
  measure(() => asThePlugin(appConfig, another(), url), 5000),
);
row(
  'compileCoderConfig, the same entity again',
  measure(() => compileCoderConfig(appConfig, spec, url), 5000),
  measure(() => asThePlugin(appConfig, spec, url), 5000),
);
row(
  'compileCoderConfig, the same repository alone',
  measure(() => compileCoderConfig(appConfig, undefined, url), 5000),
  measure(() => asThePlugin(appConfig, undefined, url), 5000),
);
row(
  'compileCoderConfig, the same app alone',
  measure(() => compileCoderConfig(appConfig, undefined, undefined), 5000),
  measure(() => asThePlugin(appConfig, undefined, undefined), 5000),
);
const answer = JSON.stringify(defaults.compile(spec, url));
const texts = measure(() => [JSON.stringify(spec), JSON.parse(answer)], 5000);
console.log(`${'of it: both texts of JSON, made and read'.padEnd(44)}${micros(texts)}`);
// A call that does next to nothing with the same text.
const argument = JSON.stringify(spec) + url;
const passed = measure(() => iconLetter(argument), 5000);
console.log(`${'of it: a text passed to WebAssembly and back'.padEnd(44)}${micros(passed)}`);
row(
  `1,000 workspaces of a list (${(page.length / 1e6).toFixed(1)} MB)`,
  measure(() => readWorkspaces(page), 1),
  measure(() => labels(page), 1),
);
