// The module `text`: everything that is wrong with a text, and where, as JavaScript counts.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  CoderError,
  init,
  lintAppConfig,
  lintCatalogInfo,
  loadAppConfig,
  parseEntityRef,
  readCatalogInfo,
  stringifyEntityRef,
} from '@coder-backstage/core/text';

/** Texts of several units and bytes before what is wrong, on its line and on the ones above. */
const BEFORE = ['', '\ufeff', '# é\n', '# 👩‍💻 𝒳\r\n# ü\r\n', '\ufeff# 🚀\r\n'];

function entity(coder, newline = '\n') {
  const lines = [
    'apiVersion: backstage.io/v1alpha1',
    'kind: Component',
    'metadata: { name: payments }',
    `spec: { type: service, lifecycle: "🚀 é", owner: team, coder: ${coder} }`,
    '',
  ];
  return lines.join(newline);
}

/** What an editor underlines, found by the span and by line and column. */
function underlined(text, { line, column, span }) {
  const lines = text.split('\n');
  const begin = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  assert.equal(begin + column - 1, span.start, 'the place and the span are one point');
  return text.slice(span.start, span.end);
}

test('a span marks what is meant, whatever characters and line ends come before it', () => {
  for (const before of BEFORE) {
    for (const newline of ['\n', '\r\n']) {
      const text = before + entity('{ templatesName: dev, mode: "so🚀so" }', newline);
      const told = lintCatalogInfo(text);
      assert.deepEqual(
        told.map(one => underlined(text, one)),
        ['templatesName', '"so🚀so"'],
        JSON.stringify(before),
      );
    }
  }
});

test('a remark is an object with the problem, the remedy and the place apart', () => {
  const text = entity('{ templatesName: dev }');
  const start = text.indexOf('templatesName');
  assert.deepEqual(lintCatalogInfo(text, { file: 'a.yaml' }), [
    {
      severity: 'warning',
      code: 'notice',
      message: '`spec.coder.templatesName` is not known and ignored',
      help: 'did you mean `templateName`?',
      path: 'spec.coder.templatesName',
      file: 'a.yaml',
      line: 4,
      column: start - text.lastIndexOf('\n', start),
      span: { start, end: start + 'templatesName'.length },
      variables: [],
      includedAt: undefined,
    },
  ]);
});

test('each document of a file is told about, and what is no YAML takes no other with it', () => {
  const text = `a: [1\n---\n${entity('{ mode: x }')}---\na: 1\na: 2\n`;
  const told = lintCatalogInfo(text).map(({ severity, code }) => `${severity} ${code}`);
  assert.deepEqual(told, ['error syntax', 'warning notice', 'error duplicateKey']);
});

test('JSON is a catalog file as well', () => {
  const text = JSON.stringify({ kind: 'Component', metadata: { name: 'x' } });
  assert.equal(lintCatalogInfo(text)[0].message, '`apiVersion` is required and missing');
});

test('entities are read with the place of every value, and with the texts of their parameters', () => {
  const text = `# 🚀\n${entity('{ mode: auto, params: { go: 1.20, "a.b": 0x1F, list: [1] } }')}---\nx: 1\n`;
  const [payments, ...others] = readCatalogInfo(text);
  assert.equal(others.length, 0, 'what is no entity is left out');
  assert.equal(payments.entityRef, 'component:default/payments');
  assert.equal(payments.entity.spec.lifecycle, '🚀 é');
  assert.deepEqual(payments.coder, {
    templateName: undefined,
    mode: 'auto',
    params: { go: '1.20', 'a.b': '0x1F' },
  });
  const marked = path => underlined(text, payments.places.get(path));
  assert.equal(marked('metadata.name'), 'payments');
  assert.equal(marked('spec.coder.mode'), 'auto');
  assert.equal(marked('spec.coder.params.go'), '1.20');
  assert.equal(marked('spec.coder.params.list[0]'), '1');
  const [bare] = readCatalogInfo(entity('null'));
  assert.equal(bare.coder, undefined);
});

const FILES = {
  'app-config.yaml': `\ufeffapp: { title: "👩‍💻", baseUrl: 'https://\${HOST}' }
coder: { $include: coder.yaml }
proxy: { endpoints: {} }
`,
  'app-config.production.yaml': "# é\r\nauth: { providers: { coder: '${NOBODY}' } }\r\n",
  'coder.yaml': '# 🚀\nworkspaces: { defaultMode: sometimes, repoUrlParamKey: [repo] }\n',
};

test('app-config is told about as it is merged, each remark in the file that it is about', () => {
  const environment = { BACKSTAGE_ENV: 'production', HOST: 'x.example', NOTHING: undefined };
  const told = lintAppConfig({ files: FILES, environment });
  const at = path => told.find(one => one.path === path);
  const mode = at('coder.workspaces.defaultMode');
  assert.deepEqual([mode.severity, mode.code, mode.file], ['error', 'invalid', 'coder.yaml']);
  assert.equal(underlined(FILES['coder.yaml'], mode), 'sometimes');
  assert.equal(underlined(FILES['app-config.yaml'], mode.includedAt), '{ $include: coder.yaml }');
  const keys = at('coder.workspaces.repoUrlParamKey');
  assert.equal(keys.help, 'did you mean `repoUrlParamKeys`?');
  assert.equal(underlined(FILES['coder.yaml'], keys), 'repoUrlParamKey');
  for (const one of told.filter(one => one.span)) underlined(FILES[one.file], one);
});

test('the files that are named are loaded in their order, as Backstage does', () => {
  const files = { 'a.yaml': 'app: { title: a }', 'b.yaml': 'app: { title: b, port: 1.50 }' };
  const loaded = loadAppConfig({ files, config: ['b.yaml', 'a.yaml'] });
  assert.deepEqual(loaded.config, { app: { title: 'a', port: 1.5 } });
  assert.deepEqual(loaded.files, ['b.yaml', 'a.yaml']);
  assert.deepEqual(loaded.diagnostics, []);
});

test('what stops the loading and what was left out are told with their places', () => {
  const loaded = loadAppConfig({ files: { 'app-config.yaml': "a: '🚀${NOPE}'\nb: 1\n" } });
  assert.deepEqual(loaded.config, { b: 1 });
  assert.deepEqual(loaded.diagnostics[0].span, { start: 3, end: 14 });
  const broken = loadAppConfig({ files: { 'app-config.yaml': 'a: [1' } });
  assert.equal(broken.config, undefined);
  assert.deepEqual(
    broken.diagnostics.map(one => one.code),
    ['syntax'],
  );
  assert.equal(loadAppConfig({ files: {} }).diagnostics[0].code, 'unreadable');
});

test('half of a surrogate pair moves no place', () => {
  const text = `# \ud83d\n${entity('{ mode: x }')}`;
  assert.equal(underlined(text, lintCatalogInfo(text)[0]), 'x');
});

test('references are read and written as the catalog does', () => {
  const context = { defaultKind: 'Component' };
  assert.deepEqual(parseEntityRef('team/Pay', context), {
    kind: 'Component',
    namespace: 'team',
    name: 'Pay',
  });
  assert.equal(stringifyEntityRef({ kind: 'Component', name: 'Pay' }), 'component:default/pay');
  for (const wrong of [
    () => parseEntityRef('pay'),
    () => stringifyEntityRef({ kind: '', name: '' }),
  ]) {
    assert.throws(wrong, error => error instanceof CoderError && error.code === 'invalidEntityRef');
  }
});

test('sources of the wrong form are told as such', () => {
  for (const files of [undefined, { 'app-config.yaml': 5 }]) {
    assert.throws(() => lintAppConfig({ files }), { code: 'invalidArgument' });
  }
});

test('in Node the module is ready when it is imported, and `init` does nothing', async () => {
  assert.equal(await init(), undefined);
});
