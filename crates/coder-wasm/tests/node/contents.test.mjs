// The package has what it should, and nothing else.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const FILE = join(process.env.CODER_CRATES, 'coder-wasm/contents.txt');

test('the files that `npm pack` takes are those of contents.txt', () => {
  const [{ files }] = JSON.parse(readFileSync(join(process.env.CODER_NPM, 'pack.json'), 'utf8'));
  const list = files.map(file => `${file.path}\n`).sort();
  if (process.env.UPDATE_CONTENTS) writeFileSync(FILE, list.join(''));
  assert.equal(list.join(''), readFileSync(FILE, 'utf8'));
});

test('nothing that is packed names a place of the machine that built it', () => {
  const [{ files }] = JSON.parse(readFileSync(join(process.env.CODER_NPM, 'pack.json'), 'utf8'));
  for (const { path } of files) {
    const text = readFileSync(join('node_modules/@coder-backstage/core', path), 'latin1');
    for (const place of [process.env.CODER_CRATES, '/.cargo/', '/registry/src/']) {
      assert.ok(!text.includes(place), `${path} names ${place}`);
    }
  }
});
