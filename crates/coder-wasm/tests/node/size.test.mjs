// The modules are as small as they were, and below a limit.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import { space } from './space.mjs';

/** What a module may take on its way to a browser, in bytes after gzip, whatever it was before. */
const LIMITS = { entity: 205_000, text: 303_000, client: 482_000, edge: 1_310_000 };
/** Compilers move a little. */
const TOLERANCE = 0.02;

const FILE = join(process.env.CODER_CRATES, 'coder-wasm/sizes.json');
const measured = Object.fromEntries(Object.keys(LIMITS).map(module => [module, measure(module)]));
if (process.env.UPDATE_SIZES) writeFileSync(FILE, `${JSON.stringify(measured, null, 2)}\n`);
const known = JSON.parse(readFileSync(FILE, 'utf8'));

function measure(module) {
  const bytes = readFileSync(`node_modules/@coder-backstage/core/wasm/${module}.wasm`);
  const named = readFileSync(join(process.env.CODER_NPM, `${module}.named.wasm`));
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
    // Before it is made small; after that, functions have no names.
    space: space(named),
  };
}

for (const [module, limit] of Object.entries(LIMITS)) {
  const { gzip, raw, brotli } = measured[module];

  test(`${module}: ${raw} bytes, ${gzip} after gzip, ${brotli} after brotli, are what they were`, () => {
    for (const [how, bytes] of Object.entries({ raw, gzip, brotli })) {
      const before = known[module][how];
      const off = Math.abs(bytes - before) / before;
      const update = 'if it is meant, run UPDATE_SIZES=1 cargo xtask test --only npm';
      assert.ok(off <= TOLERANCE, `${how}: ${bytes} bytes, before ${before}; ${update}`);
    }
  });

  test(`${module} takes no more than ${limit} bytes after gzip`, () => {
    assert.ok(gzip <= limit, `${gzip} bytes`);
  });
}
