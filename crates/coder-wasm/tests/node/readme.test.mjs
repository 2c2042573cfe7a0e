// The examples of the README: they run, they are short, and TypeScript takes them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const README = readFileSync('node_modules/@coder-backstage/core/README.md', 'utf8');
const CODE = [...README.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
// That of a portal, which needs files, is run by docs.test.mjs.
const EXAMPLES = CODE.filter(code => !code.includes('createHandler'));

/** What each example prints. */
const PRINTED = [
  [
    'https://coder.example.com/templates/devcontainers/workspace?mode=manual' +
      '&param.repo_url=https%3A%2F%2Fgithub.com%2Facme%2Fpayments',
  ],
  ['pauls-workspace: Online, next: open', 'look again in 60 s'],
  [{ cpu: '8', region: 'eu-helsinki', repo_url: 'https://gitlab.com/acme/shop/payments' }],
  [
    'warning in line 4, column 47: `spec.coder.templatesName` is not known and ignored',
    'templatesName: did you mean `templateName`?',
  ],
  ['searching', 'reusing', 'pauls-workspace: found, Online'],
];

const ANSWERS = {
  '/api/catalog/entities/by-name/component/default/payments': JSON.stringify({
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Component',
    metadata: {
      name: 'payments',
      annotations: {
        'backstage.io/source-location': 'url:https://github.com/acme/payments/tree/main/docs/',
      },
    },
    spec: { type: 'service' },
  }),
  '/api/proxy/coder/api/v2/workspaces?q=owner:me': list(),
  '/catalog-info.yaml': `apiVersion: backstage.io/v1alpha1
kind: API
metadata: { name: payments }
spec: { type: grpc, lifecycle: "🚀", coder: { templatesName: dev }, owner: a, definition: x }
`,
};

function list() {
  return JSON.stringify({ count: 1, workspaces: [pauls()] });
}

function pauls() {
  const file = 'coder-workspaces/tests/fixtures/workspace_running.json';
  const workspace = JSON.parse(readFileSync(join(process.env.CODER_CRATES, file), 'utf8'));
  workspace.name = 'pauls-workspace';
  delete workspace.latest_build.deadline;
  return workspace;
}

/** The portal's answers, and those of the Coder behind its proxy. */
function answer(url) {
  const [, route] = url.split('https://portal.example.com/api/proxy/coder/api/v2');
  if (route === undefined) return new Response(ANSWERS[url]);
  const text = route.startsWith('/workspaces?') ? list() : JSON.stringify(pauls());
  return new Response(text, { headers: { 'content-type': 'application/json' } });
}

mkdirSync('examples', { recursive: true });
const files = EXAMPLES.map((code, index) => {
  const file = resolve('examples', `example${index}.mjs`);
  writeFileSync(file, code);
  return file;
});

test('each example has about ten lines, and says what it prints', () => {
  assert.equal(EXAMPLES.length, PRINTED.length);
  for (const code of EXAMPLES) assert.ok(code.trim().split('\n').length <= 14, code);
});

for (const [index, file] of files.entries()) {
  test(`example ${index + 1} prints what the README promises`, async context => {
    const printed = [];
    context.mock.method(globalThis, 'fetch', async url => answer(url));
    context.mock.method(console, 'log', line => printed.push(line));
    await import(pathToFileURL(file).href);
    assert.deepEqual(printed, PRINTED[index]);
  });
}

test('TypeScript takes the examples as they stand', () => {
  const options = '--noEmit --strict --allowJs --checkJs --module nodenext --target es2022';
  const lib = '--lib es2022,dom,esnext.disposable --types';
  const tsc = spawnSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', ...options.split(' '), ...lib.split(' '), '', ...files],
    { encoding: 'utf8' },
  );
  assert.equal(tsc.status, 0, tsc.stdout + tsc.stderr);
});
