// The packages as `npm publish` would send them, in a project that has nothing else of this folder: what
// they name is in them, what they import is declared, and their entries load.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { builtinModules, createRequire } from 'node:module';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

import { PACKAGES, pack } from './pack.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const run = promisify(execFile);

/** A project below this folder: packages that are in the registry are found in the workspace. */
const PROJECT = join(HERE, 'target/packed');
const INSTALLED = join(PROJECT, 'node_modules');

before(async () => {
  await rm(PROJECT, { recursive: true, force: true });
  await Promise.all(PACKAGES.map(install));
  await writeFile(join(PROJECT, 'package.json'), '{ "name": "packed", "private": true }');
});

/** Packs a package, and unpacks it into the project. */
async function install({ directory, name }) {
  const manifest = () => readFileSync(join(directory, 'package.json'), 'utf8');
  const before = manifest();
  const to = join(INSTALLED, name);
  await mkdir(to, { recursive: true });
  const archive = await pack({ directory, name });
  assert.equal(manifest(), before);
  await run('tar', ['-xzf', archive, '--strip-components=1', '-C', to]);
}

const manifestOf = name => JSON.parse(readFileSync(join(INSTALLED, name, 'package.json'), 'utf8'));

/** The files that a part of a manifest names. */
function filesOf(part) {
  if (part === undefined) return [];
  if (typeof part === 'string') return [part];
  // `backstage` names the type of the default export.
  const { backstage: _, ...rest } = part;
  return Object.values(rest).flatMap(filesOf);
}

/** The packages that the files of a package import, in code and in types. */
function importsOf(name) {
  const files = readdirSync(join(INSTALLED, name, 'dist'), { recursive: true });
  const texts = files
    .filter(file => /\.(js|d\.ts)$/.test(file))
    .map(file => readFileSync(join(INSTALLED, name, 'dist', file), 'utf8'));
  const imported = texts.flatMap(text => [
    ...text.matchAll(/^(?:import|export)\b[^'"\n]*?from ['"]([^'"]+)['"]/gm),
    ...text.matchAll(/\b(?:require|import)\(['"]([^'"]+)['"]\)/g),
  ]);
  return new Set(
    imported
      .map(([, specifier]) => specifier)
      .filter(it => !it.startsWith('.') && !it.startsWith('node:') && !builtinModules.includes(it))
      .map(it => it.match(/^(@[^/]+\/)?[^/]+/)[0]),
  );
}

for (const { name } of PACKAGES) {
  test(`${name} has the files that it names, its license and its README`, () => {
    const { main, types, module, exports, configSchema } = manifestOf(name);
    const files = [main, types, module, configSchema, exports].flatMap(filesOf);
    assert.ok(files.length >= 2);
    for (const file of [...files, 'LICENSE', 'README.md']) {
      assert.ok(existsSync(join(INSTALLED, name, file)), `${name} has no ${file}`);
    }
    assert.doesNotMatch(`${main} ${types} ${JSON.stringify(exports)}`, /src\//);
  });

  test(`${name} declares what it imports`, () => {
    const { dependencies, peerDependencies } = manifestOf(name);
    const declared = [name, ...Object.keys({ ...dependencies, ...peerDependencies })];
    assert.deepEqual(
      [...importsOf(name)].filter(it => !declared.includes(it)),
      [],
    );
  });
}

test('the packages of backends load in Node.js', () => {
  const require = createRequire(join(PROJECT, 'index.js'));
  for (const name of ['plugin-backend', 'plugin-auth-backend-module']) {
    const specifier = `@coder-backstage/${name}`;
    assert.ok(require.resolve(specifier).startsWith(INSTALLED), require.resolve(specifier));
    assert.equal(require(specifier).default.$$type, '@backstage/BackendFeature');
  }
});

test('the package of apps is whole', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: "export { default, CoderWorkspacesCard } from '@coder-backstage/plugin';",
      resolveDir: PROJECT,
    },
    bundle: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    external: ['@backstage/*', '@coder-backstage/core', '@material-ui/*', '@tanstack/*', 'react*'],
  });
  assert.match(outputFiles[0].text, /CoderWorkspacesCard/);
});

test('TypeScript finds the types of all', async () => {
  const file = join(PROJECT, 'index.ts');
  await writeFile(
    file,
    `import app, { type CoderWorkspace } from '@coder-backstage/plugin';
import backend, { createWorkspaceAction } from '@coder-backstage/plugin-backend';
import auth, { authModule } from '@coder-backstage/plugin-auth-backend-module';
export const id: CoderWorkspace['id'] = app.id + String([auth, authModule, backend]);
// @ts-expect-error a portal is needed, so the types are there
createWorkspaceAction();
`,
  );
  const tsc = join(HERE, 'node_modules/typescript/bin/tsc');
  const options = '--noEmit --strict --skipLibCheck --moduleResolution bundler --module es2022';
  await run(process.execPath, [tsc, ...options.split(' '), file], { cwd: PROJECT }).catch(error =>
    assert.fail(error.stdout),
  );
});
