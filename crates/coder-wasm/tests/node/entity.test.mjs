// What the package does beyond the recorded behaviour: errors, links, handles.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import {
  AssetUrls,
  CoderDefaults,
  CoderError,
  ScmIntegrations,
  availability,
  compileCoderConfig,
  init,
  readWorkspaces,
  workspaceLinks,
} from '@coder-backstage/core';

const app = {
  deployment: { accessUrl: 'https://coder.example.com' },
  workspaces: { defaultTemplateName: 'devcontainers', repoUrlParamKeys: ['repo'] },
};

const entity = {
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: {
    name: 'payments',
    annotations: { 'backstage.io/source-location': 'url:https://github.com/acme/pay/tree/main/' },
  },
  spec: { type: 'service', coder: { mode: 'auto', params: { zone: 'b', cpu: 4, go: '1.20' } } },
};

function workspace(name) {
  const fixtures = join(process.env.CODER_CRATES, 'coder-workspaces/tests/fixtures');
  return JSON.parse(readFileSync(join(fixtures, `workspace_${name}.json`), 'utf8'));
}

function thrown(call) {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof CoderError && error instanceof Error, String(error));
    return error;
  }
  return assert.fail('nothing was thrown');
}

test('an entity compiles to its configuration, in the order that its parameters are written', () => {
  const config = new CoderDefaults(app).compileEntity(entity);
  assert.deepEqual(config, {
    mode: 'auto',
    creationUrl:
      'https://coder.example.com/templates/devcontainers/workspace?mode=auto&param.zone=b' +
      '&param.cpu=4&param.go=1.20&param.repo=https%3A%2F%2Fgithub.com%2Facme%2Fpay',
    templateName: 'devcontainers',
    repoUrl: 'https://github.com/acme/pay',
    repoUrlParamKeys: ['repo'],
    params: { zone: 'b', cpu: '4', go: '1.20', repo: 'https://github.com/acme/pay' },
    isReadingEntityData: true,
    accessUrl: 'https://coder.example.com',
    incompatible: undefined,
    repositoryProblem: undefined,
    notices: [],
  });
  assert.deepEqual(Object.keys(config.params), ['zone', 'cpu', 'go', 'repo']);
});

test('an answer is the caller’s alone: what is done to it changes no later one', () => {
  const defaults = new CoderDefaults(app);
  const wrong = { ...entity, spec: { coder: { params: { zone: 'b' }, x: 1 } } };
  for (const ask of [
    () => defaults.compileEntity(wrong),
    () => defaults.compile({ params: { zone: 'b' }, x: 1 }),
    () => defaults.compile(undefined, undefined),
  ]) {
    const [first, second] = [ask(), ask()];
    const before = structuredClone(second);
    Object.assign(first, { mode: 'x' });
    first.params.zone = 'changed';
    first.notices.forEach(notice => (notice.path = 'changed'));
    if (first.incompatible) first.incompatible.code = 'changed';
    assert.deepEqual(second, before);
    assert.deepEqual(ask(), before);
  }
  assert.equal(defaults.compile(undefined, '').repoUrl, undefined);
  assert.ok(defaults.compile(undefined, '').repositoryProblem);
  assert.equal(defaults.compile(undefined, undefined).repositoryProblem, undefined);
});

test('what an entity lacks is told, with what to do', () => {
  const bare = { ...entity, metadata: { name: 'x' }, spec: {} };
  const config = new CoderDefaults(app).compileEntity(bare);
  assert.equal(config.incompatible.code, 'noRepository');
  assert.match(config.repositoryProblem, /add the first, like `url:https:/);
});

test('a mistake in `spec.coder` is a notice with its path, and the rest counts', () => {
  const config = compileCoderConfig(app, { mode: 'banana', templtName: 'x', params: { a: 1 } });
  assert.equal(config.mode, 'manual');
  assert.equal(config.params.a, '1');
  assert.deepEqual(
    config.notices.map(notice => notice.path),
    ['spec.coder.mode', 'spec.coder.templtName'],
  );
  assert.match(
    config.notices[0].message,
    /^`spec.coder.mode` is `banana` and is ignored; it must be/,
  );
});

test('every mistake of an app config is told at once, each with its path', () => {
  const wrong = {
    deployment: { accessUrl: 'http://coder.example' },
    workspaces: { defaultMode: 'x' },
  };
  const error = thrown(() => compileCoderConfig(wrong, undefined, undefined));
  assert.equal(error.code, 'invalidConfig');
  assert.equal(error.name, 'CoderError');
  assert.equal(error.path, 'deployment.accessUrl');
  const paths = error.problems.map(problem => problem.path);
  assert.deepEqual(paths, ['deployment.accessUrl', 'workspaces.defaultMode']);
  assert.doesNotMatch(error.message, /passed in by the program/);
});

test('what is no entity, no workspace and no JSON is told as such', () => {
  const defaults = new CoderDefaults(app);
  for (const wrong of [undefined, null, 5, [], 'entity']) {
    assert.equal(thrown(() => defaults.compileEntity(wrong)).code, 'invalidEntity');
  }
  assert.equal(thrown(() => defaults.compileEntity({ ...entity, kind: 5 })).path, 'kind');
  assert.equal(thrown(() => availability({ name: 'x' })).code, 'invalidArgument');
  assert.equal(thrown(() => readWorkspaces('<html>')).code, 'invalidArgument');
  assert.equal(thrown(() => new AssetUrls('nowhere')).code, 'invalidUrl');
  const cycle = {};
  cycle.cycle = cycle;
  assert.equal(thrown(() => compileCoderConfig(app, cycle)).code, 'invalidArgument');
  assert.equal(thrown(() => compileCoderConfig(undefined)).path, 'deployment.accessUrl');
});

test('texts may hold every character, halves of a pair become U+FFFD', () => {
  const config = compileCoderConfig(app, { params: { 'ключ 🔑': 'naïve 🚀', half: '\ud83d' } });
  assert.deepEqual(config.params, { 'ключ 🔑': 'naïve 🚀', half: '\ufffd' });
  const workspaces = [{ ...workspace('running'), name: 'naïve 🚀 \ud83d' }];
  // `JSON.stringify` escapes a half; a text may hold it as it is.
  const text = JSON.stringify({ workspaces }).replace('\\ud83d', '\ud83d');
  assert.deepEqual(
    readWorkspaces(text).workspaces.map(({ name }) => name),
    ['naïve 🚀 \ufffd'],
  );
});

test('a host name may be of any script, as in a browser', () => {
  const { repoUrl } = compileCoderConfig(app, undefined, 'https://git.bücher.example/a/b');
  assert.equal(repoUrl, 'https://git.xn--bcher-kva.example/a/b');
  const url = new CoderDefaults({ ...app, deployment: { accessUrl: 'https://Кодер.example' } });
  assert.equal(url.compile().accessUrl, new URL('https://Кодер.example').origin);
  for (const refused of [
    'https://a\u0301.xn--a',
    'https://\u0301a.example',
    'https://a.\u{e0000}%',
  ]) {
    assert.throws(() => new URL(refused));
    assert.equal(thrown(() => new AssetUrls(refused)).code, 'invalidUrl', refused);
  }
});

test('a search covers every spelling of the repository', () => {
  const plan = new CoderDefaults(app).searchPlan(entity);
  assert.equal(plan.queries.length, 1);
  assert.match(plan.queries[0], /^owner:me param:"repo=https:\/\/github.com\/acme\/pay" /);
  assert.match(plan.queries[0], /param:"repo=git@github.com:acme\/pay.git"/);
  assert.deepEqual([plan.compare, plan.narrow, plan.problems], [undefined, undefined, []]);
  const everyone = new CoderDefaults(app).searchPlan(entity, { owner: 'everyone' });
  assert.doesNotMatch(everyone.queries[0], /owner:/);
  const bare = { ...entity, metadata: { name: 'x' } };
  assert.equal(thrown(() => new CoderDefaults(app).searchPlan(bare)).code, 'notSearchable');
});

test('a creation link says what it is asked to', () => {
  const defaults = new CoderDefaults(app);
  const link = defaults.creationLink(entity, { name: 'pay-dev', preset: 'EU', lock: ['zone'] });
  const query = new URL(link.url).searchParams;
  assert.equal(query.get('name'), 'pay-dev');
  assert.equal(query.get('disable_params'), 'zone');
  assert.match(link.markdown, /^\[!\[Open in Coder\]/);
  assert.equal(
    thrown(() => defaults.creationLink(entity, { name: 'a b' })).code,
    'invalidArgument',
  );
  assert.equal(thrown(() => defaults.creationLink(entity, { reuse: 'a:"' })).code, 'invalidFilter');
  const none = new CoderDefaults({ ...app, workspaces: {} });
  assert.equal(none.creationLink(entity), undefined);
});

test('a workspace tells its state, and leads to its apps', () => {
  const now = new Date('2030-01-01T00:00:00Z');
  const running = availability(workspace('running'), { now });
  assert.equal(running.state, 'online');
  assert.equal(running.reason, undefined);
  const failed = availability(workspace('failed'), { now });
  assert.equal(failed.action, 'retry');
  assert.match(failed.reason, /^its last start failed/);
  const hosts = { accessUrl: 'https://coder.example.com', wildcardHostname: '*.apps.example.com' };
  const links = workspaceLinks(workspace('running'), hosts);
  assert.match(links.dashboard, /^https:\/\/coder.example.com\/@/);
  assert.ok(links.agents[0].editors.some(({ editor }) => editor === 'vsCode'));
});

test('integrations tell the system of a host of your own', () => {
  const scm = new ScmIntegrations({
    gitlab: [{ host: 'git.example.com', apiBaseUrl: 'https://git.example.com/api/v4' }],
  });
  assert.equal(scm.integrationOf('https://git.example.com/a/b'), 'gitlab');
  const page = 'url:https://git.example.com/group/sub/pay/-/tree/main/';
  const metadata = { name: 'x', annotations: { 'backstage.io/source-location': page } };
  const config = new CoderDefaults(app, scm).compileEntity({ ...entity, metadata });
  assert.equal(config.repoUrl, 'https://git.example.com/group/sub/pay');
});

test('an error as JSON has its message and the rest', () => {
  const error = thrown(() => new CoderDefaults({ deployment: {}, workspaces: 5 }));
  const written = JSON.parse(JSON.stringify(error));
  const { name, code, help, path, file, line, column, message, problems } = error;
  const told = { name, code, help, path, file, line, column, message, problems };
  assert.deepEqual(written, JSON.parse(JSON.stringify(told)));
  assert.ok(written.message.length > 0);
  assert.ok(written.problems.length > 0);
});

test('a result is the caller’s own, and may be changed', () => {
  const defaults = new CoderDefaults(app);
  const { repoUrlParamKeys, params } = defaults.compileEntity(entity);
  repoUrlParamKeys.push('changed');
  params.changed = 'changed';
  const again = defaults.compileEntity(entity);
  assert.deepEqual(again.repoUrlParamKeys, ['repo']);
  assert.equal(again.params.changed, undefined);
});

test('a handle that was freed says so, and freeing twice is nothing', () => {
  const defaults = new CoderDefaults(app);
  defaults.free();
  defaults.free();
  const error = thrown(() => defaults.compile());
  assert.equal(error.code, 'disposed');
  assert.match(error.help, /make a new CoderDefaults/);
});

test('in Node the module is ready when it is imported, and `init` does nothing', async () => {
  assert.equal(await init(), undefined);
});
