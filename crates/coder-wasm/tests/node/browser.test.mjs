// How the module loads where a file is fetched, and what it says before it is loaded.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const WASM = 'node_modules/@coder-backstage/core/wasm';
const url = pathToFileURL(`${WASM}/entity.browser.js`).href;

for (const [module, specifier] of [
  ['entity', '@coder-backstage/core'],
  ['text', '@coder-backstage/core/text'],
  ['client', '@coder-backstage/core/client'],
]) {
  test(`the module ${module} explains what to do when it is not initialized`, async () => {
    const file = pathToFileURL(`${WASM}/${module}.browser.js`).href;
    const { started } = await import(`${file}?never`);
    assert.throws(started, error => {
      assert.equal(error.code, 'notInitialized');
      assert.ok(error.help.startsWith(`call \`await init()\`, imported from '${specifier}'`));
      return true;
    });
  });
}

test('a load that failed can be tried again', async () => {
  const { init, started } = await import(`${url}?again`);
  await assert.rejects(init(new Response('<html>', { status: 404 })));
  assert.throws(started, { code: 'notInitialized' });
  await init(await readFile(`${WASM}/entity.wasm`));
  started();
});

test('a module is loaded from bytes, a compiled module or a response', async () => {
  const bytes = await readFile(`${WASM}/entity.wasm`);
  const compiled = new WebAssembly.Module(bytes);
  const response = () => {
    return new Response(bytes, { headers: { 'content-type': 'application/wasm' } });
  };
  for (const source of [bytes, compiled, response(), Promise.resolve(response())]) {
    const { init, started } = await import(`${url}?${Math.random()}`);
    await init(source);
    started();
  }
});
