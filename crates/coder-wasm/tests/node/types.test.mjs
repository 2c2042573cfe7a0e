// The types compile with what a project has, whatever it lacks, and without `skipLibCheck`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

const IMPORTS = ['', '/client', '/edge', '/sqlite', '/text'].map(
  (module, index) => `export * as m${index} from '@coder-backstage/core${module}';\n`,
);

/** What `@types/node` 20 has in place of the types of browsers. */
const NODE = ['AbortSignal', 'ReadableStream', 'Request', 'RequestInit', 'Response', 'URL'].map(
  name => `declare interface ${name} { readonly is${name}: true }\n`,
);

const PROJECTS = {
  'a project for browsers': { lib: ['es2022', 'dom'], text: 'm0.init(new URL("x:y"));' },
  'a project for browsers of tomorrow': {
    lib: ['esnext', 'dom'],
    text: 'using x = new m0.AssetUrls("");',
  },
  'a project for Node.js': { lib: ['es2023'], text: '', globals: NODE.join('') },
};

for (const [name, { lib, text, globals = '' }] of Object.entries(PROJECTS)) {
  test(`the types compile in ${name}`, () => {
    rmSync('plain', { recursive: true, force: true });
    mkdirSync('plain');
    const own = "import * as m0 from '@coder-backstage/core';\n";
    writeFileSync('plain/all.ts', IMPORTS.join(''));
    writeFileSync('plain/use.ts', `${own}${text}\nexport { m0 };\n`);
    writeFileSync('plain/globals.d.ts', globals);
    const compilerOptions = {
      ...{ strict: true, noEmit: true, skipLibCheck: false, lib, types: [] },
      ...{ target: 'es2022', module: 'nodenext', moduleResolution: 'nodenext' },
    };
    writeFileSync('plain/tsconfig.json', JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    const compiler = ['node_modules/typescript/bin/tsc', '--project', 'plain'];
    const { stdout, status } = spawnSync(process.execPath, compiler, { encoding: 'utf8' });
    assert.equal(stdout, '');
    assert.equal(status, 0);
  });
}
