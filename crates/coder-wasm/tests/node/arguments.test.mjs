// Whatever is passed in, in whatever place: the answer is a result or a CoderError.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as entityModule from '@coder-backstage/core';
import * as clientModule from '@coder-backstage/core/client';
import * as edgeModule from '@coder-backstage/core/edge';
import { SqliteStore } from '@coder-backstage/core/sqlite';
import * as textModule from '@coder-backstage/core/text';

const { AssetUrls, CoderDefaults, CoderError, ScmIntegrations } = entityModule;
const { CoderClient } = clientModule;

const circle = {};
circle.self = circle;

const JUNK = {
  undefined: undefined,
  null: null,
  number: 5,
  'no number': NaN,
  bigint: 10n,
  boolean: true,
  symbol: Symbol('junk'),
  text: 'junk',
  'half a pair': '\ud800',
  'empty text': '',
  array: [1],
  'empty array': [],
  object: {},
  circle,
  deep: JSON.parse(`${'['.repeat(3000)}${']'.repeat(3000)}`),
  'a key of objects': JSON.parse('{"__proto__": {"toString": 1}, "constructor": 1}'),
  function: () => 'junk',
  date: new Date(NaN),
  'without a prototype': Object.create(null),
};

const app = { deployment: { accessUrl: 'https://coder.example.com' }, workspaces: {} };
const withTemplate = { ...app, workspaces: { defaultTemplateName: 'x' } };
const entity = { apiVersion: 'x/v1', kind: 'Component', metadata: { name: 'x' } };
const id = '7e8a26cd-5e2d-4d7e-9c3e-0d2c9a0f5a11';

/** A client of a Coder that knows nothing. */
function client() {
  return clientOf(noAnswer);
}

const noAnswer = async () => Response.json({ message: 'no' }, { status: 404 });

function clientOf(fetch, further) {
  return new CoderClient({ url: 'https://coder.example.com', retry: 'never', fetch, ...further });
}

/** What looks like an answer, with other parts. */
function answer(parts) {
  return { status: 200, headers: new Headers(), body: null, arrayBuffer() {}, ...parts };
}

function answeredWith(parts) {
  return clientOf(async () => answer(parts));
}

/** Opens web sockets that tell one event and are closed. */
function telling(type, event) {
  const events = [
    ['open', {}],
    [type, event],
    ['close', { code: 1000 }],
  ];
  return () => ({
    addEventListener(wanted, listener) {
      events.forEach(([name, told], turn) => {
        if (name === wanted) setTimeout(() => listener(told), 5 * turn);
      });
    },
    close() {},
  });
}

function bodyOf(...chunks) {
  return { getReader: () => ({ read: async () => ({ value: chunks.shift() }), cancel() {} }) };
}

const first = stream => stream.next();

/** Each function with arguments that it takes. */
const CALLS = {
  compileCoderConfig: [entityModule.compileCoderConfig, app, {}, 'https://github.com/a/b'],
  CoderDefaults: [(...given) => new CoderDefaults(...given), app, new ScmIntegrations()],
  'what looks like integrations': [
    answer => new CoderDefaults(app, { defaults: () => answer }),
    new ScmIntegrations().defaults(JSON.stringify(app)),
  ],
  compile: [(...given) => new CoderDefaults(app).compile(...given), {}, 'https://github.com/a/b'],
  compileEntity: [given => new CoderDefaults(app).compileEntity(given), entity],
  searchPlan: [(...given) => new CoderDefaults(app).searchPlan(...given), entity, {}],
  creationLink: [(...given) => new CoderDefaults(app).creationLink(...given), entity, {}],
  ...Object.fromEntries(
    ['name', 'reuse', 'version', 'preset'].map(option => [
      `${option} of a link`,
      [given => new CoderDefaults(withTemplate).creationLink(entity, { [option]: given }), 'x'],
    ]),
  ),
  'names to lock': [lock => new CoderDefaults(app).creationLink(entity, { lock }), ['x']],
  ScmIntegrations: [given => new ScmIntegrations(given), {}],
  repositoryOf: [given => new ScmIntegrations().repositoryOf(given), entity],
  integrationOf: [given => new ScmIntegrations().integrationOf(given), 'https://github.com/a'],
  annotationsOf: [
    (...given) => new ScmIntegrations().annotationsOf(...given),
    { type: 'url', target: 'https://github.com/a/b' },
    { type: 'url', target: 'https://github.com/a/b' },
  ],
  AssetUrls: [given => new AssetUrls(given), 'https://coder.example.com'],
  icon: [given => new AssetUrls('https://coder.example.com').icon(given), '/icon/x.svg'],
  owns: [given => new AssetUrls('https://coder.example.com').owns(given), '/icon/x.svg'],
  isEmoji: [given => new AssetUrls('https://coder.example.com').isEmoji(given), '/icon/x.svg'],
  portalUrls: [entityModule.portalUrls, 'https://portal.example.com', {}],
  availability: [entityModule.availability, {}, {}],
  moment: [now => entityModule.readWorkspaces('{"workspaces":[]}', { now }), 0],
  readWorkspaces: [entityModule.readWorkspaces, '{"workspaces":[]}', {}],
  pollAfterSeconds: [entityModule.pollAfterSeconds],
  workspaceLinks: [entityModule.workspaceLinks, {}, { accessUrl: 'https://coder.example.com' }],
  iconLetter: [entityModule.iconLetter, 'x'],
  init: [entityModule.init],
  lintCatalogInfo: [textModule.lintCatalogInfo, 'a: 1', { file: 'x' }],
  'a file': [file => textModule.lintCatalogInfo('a: 1', { file }), 'x'],
  readCatalogInfo: [textModule.readCatalogInfo, 'a: 1', {}],
  lintAppConfig: [textModule.lintAppConfig, { files: { 'app-config.yaml': 'a: 1' } }],
  'files of app-config': [files => textModule.lintAppConfig({ files }), {}],
  'an environment': [environment => textModule.lintAppConfig({ files: {}, environment }), {}],
  loadAppConfig: [textModule.loadAppConfig, { files: { 'app-config.yaml': 'a: 1' } }],
  parseEntityRef: [textModule.parseEntityRef, 'component:default/x', {}],
  stringifyEntityRef: [textModule.stringifyEntityRef, { kind: 'a', namespace: 'b', name: 'c' }],
  CoderClient: [given => new CoderClient(given), { url: 'https://coder.example.com' }],
  'a method of a signal': [
    junk => client().send(clientModule.getUser(), { signal: { throwIfAborted() {}, ...junk } }),
    {},
  ],
  'a value of a query': [
    a => client().request(clientModule.call('GET', ['a'], { query: { a } })),
    'x',
  ],
  'a web socket': [
    socket => first(clientOf(noAnswer, { webSocket: () => socket }).buildLogs(id)),
    undefined,
  ],
  SqliteStore: [given => new SqliteStore(given), undefined],
  'a database': [exec => new SqliteStore({ exec }), undefined],
  'a fetch': [fetch => new CoderClient({ url: 'https://coder.example.com', fetch }), fetch],
  send: [(...given) => client().send(...given), clientModule.getUser(), {}],
  'a signal': [signal => client().send(clientModule.getUser(), { signal }), undefined],
  request: [given => client().request(given), clientModule.getUser()],
  read: [
    (operation, answer = new Response('{}')) => client().read(operation, answer),
    clientModule.getUser(),
    undefined,
  ],
  workspacesOf: [(...given) => client().workspacesOf(...given), entity, app, {}],
  watchWorkspace: [(...given) => first(client().watchWorkspace(...given)), id, {}],
  buildLogs: [(...given) => first(client().buildLogs(...given)), id, {}],
  agentLogs: [(...given) => first(client().agentLogs(...given)), id, {}],
  ...Object.fromEntries(
    [
      'waitUntilReady',
      ...['start', 'stop', 'restart', 'update', 'delete'].map(verb => `${verb}Workspace`),
    ].map(name => [name, [(...given) => client()[name](...given), id, {}]]),
  ),
  find: [given => client().workspacesOf(entity, app).find(given), {}],
  open: [given => client().workspacesOf(entity, app).open(given), {}],
  ensure: [
    (...given) =>
      client()
        .workspacesOf(entity, app)
        .ensure(...given),
    'x',
    {},
  ],
  watch: [given => first(client().workspacesOf(entity, app).watch(given)), {}],
  call: [(...given) => client().request(clientModule.call(...given)), 'GET', ['x'], {}],
  getBuildInfo: [clientModule.getBuildInfo],
  ...Object.fromEntries(
    [
      'getUser',
      'getWorkspace',
      'getWorkspaceByName',
      'listBuildParameters',
      'listTemplates',
      'listWorkspaces',
    ].map(name => [name, [(...given) => client().request(clientModule[name](...given)), id, id]]),
  ),
  ...Object.fromEntries(
    ['status', 'headers', 'body', 'type'].map(part => [
      `${part} of an answer`,
      [junk => answeredWith({ [part]: junk }).send(clientModule.getUser()), undefined],
    ]),
  ),
  'the value of a header of an answer': [
    value => answeredWith({ headers: [['x', value]] }).send(clientModule.getUser()),
    'x',
  ],
  'a chunk of an answer': [
    chunk => answeredWith({ body: bodyOf(chunk) }).send(clientModule.getUser()),
    new Uint8Array(1),
  ],
  'an answer of fetch': [answer => clientOf(() => answer).send(clientModule.getUser()), undefined],
  'an error of fetch': [
    error => clientOf(() => Promise.reject(error)).send(clientModule.getUser()),
    undefined,
  ],
  'the code of an error of fetch': [
    code => clientOf(() => Promise.reject({ code })).send(clientModule.getUser()),
    'constructor',
  ],
  'a token': [token => clientOf(noAnswer, { token }).send(clientModule.getUser()), 'x'],
  'a token that is provided': [
    token => clientOf(noAnswer, { token: () => token }).send(clientModule.getUser()),
    'x',
  ],
  ...Object.fromEntries(
    ['status', 'headers', 'body'].map(part => [
      `${part} of an answer to read`,
      [junk => client().read(clientModule.getUser(), answer({ [part]: junk })), undefined],
    ]),
  ),
  createHandler: [edgeModule.createHandler, {}, { login: new edgeModule.MemoryStore() }, {}],
  MemoryStore: [() => new edgeModule.MemoryStore()],
};

/** Classes of which no function makes one from arguments. */
const OTHERS = ['CoderError'];

test('no function is forgotten here', () => {
  const names = [entityModule, textModule, clientModule, edgeModule].flatMap(Object.keys);
  const methods = [CoderDefaults, ScmIntegrations, AssetUrls, CoderClient].flatMap(
    ({ prototype }) => Object.getOwnPropertyNames(prototype),
  );
  const known = [...Object.keys(CALLS), ...OTHERS, 'constructor', 'defaults', 'free', 'notices'];
  const missing = [...names, ...methods].filter(name => !known.includes(name));
  assert.deepEqual(missing, []);
});

for (const [name, [call, ...usual]] of Object.entries(CALLS)) {
  test(`${name} takes its arguments, or says what is wrong with them`, async () => {
    for (const place of usual.keys()) {
      for (const [what, junk] of Object.entries(JUNK)) {
        const given = usual.with(place, junk);
        try {
          await call(...given);
        } catch (error) {
          const told = `${what} as argument ${place}: ${error?.stack ?? String(error)}`;
          assert.ok(error instanceof CoderError, told);
          assert.doesNotMatch(error.message, /\n|\bundefined is not\b|is not a function/, told);
        }
      }
    }
  });
}

/** What only looks like bytes, and what is no text of a header. */
const detached = new Uint8Array(8);
structuredClone(detached, { transfer: [detached.buffer] });
const ODD = {
  'headers that are numbers': { headers: new Map([['content-length', 12]]) },
  'headers that are symbols': { headers: [[Symbol('x'), 'x']] },
  'headers that nobody can list': { headers: { 'content-type': 'text/plain' } },
  'a status that is a text': { status: '200' },
  'a body without a reader': { body: (function* () {})() },
  'detached bytes': { body: bodyOf(detached) },
  'a proxy of bytes': { body: bodyOf(new Proxy(new Uint8Array(8), {})) },
  'a chunk of text': { body: bodyOf('{}') },
};

for (const [what, parts] of Object.entries(ODD)) {
  test(`an answer of a fetch of your own with ${what} is no HTTP, and the next one is read`, async () => {
    const answers = [answer(parts), Response.json({ version: 'v2.30.0' })];
    const coder = clientOf(async () => answers.shift());
    await assert.rejects(coder.send(clientModule.getBuildInfo()), error => {
      assert.ok(error instanceof CoderError);
      assert.deepEqual(error.code, 'unreachable');
      assert.match(error.message, /the answer is no HTTP/);
      return true;
    });
    assert.equal((await coder.send(clientModule.getBuildInfo())).version, 'v2.30.0');
  });
}

test('an answer that is no HTTP is let go', async () => {
  let isOver = false;
  const body = { getReader: () => ({ cancel: () => (isOver = true) }) };
  await assert.rejects(answeredWith({ body, status: '200' }).send(clientModule.getUser()));
  await new Promise(setImmediate);
  assert.ok(isOver);
});

test('the events of a web socket may be anything, and the module goes on', async () => {
  for (const junk of Object.values(JUNK)) {
    for (const [type, event] of [
      ['message', junk],
      ['message', { data: junk }],
      ['close', junk],
      ['close', { code: junk }],
    ]) {
      const signal = AbortSignal.timeout(30);
      const coder = clientOf(noAnswer, { webSocket: telling(type, event) });
      await coder
        .buildLogs(id, { signal })
        .next()
        .catch(error => assert.ok(error === signal.reason || error instanceof CoderError, error));
      assert.equal(coder.request(clientModule.getUser()).method, 'GET');
    }
  }
});
