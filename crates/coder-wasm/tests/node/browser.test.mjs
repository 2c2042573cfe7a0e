// How the module loads where a file is fetched, and what it says before it is loaded.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const WASM = 'node_modules/@coder-backstage/core/wasm';
const errors = pathToFileURL('node_modules/@coder-backstage/core/errors.js').href;
// The module itself would load the WebAssembly.
const { CoderError } = await import(errors);
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

const OTHERS = {
  null: null,
  'a number': 5,
  'a symbol': Symbol('x'),
  'an object': {},
  'a URL that is none': 'nowhere:',
  'a place where nothing answers': new URL('http://127.0.0.1:1/entity.wasm'),
  'an answer that is missing': new Response('<html>', { status: 404 }),
  'a page': new Response('<html>', { headers: { 'content-type': 'text/html' } }),
  'a page that says to be WebAssembly': new Response('<html>', {
    headers: { 'content-type': 'application/wasm' },
  }),
  'an answer that was read': await readAnswer(),
  'a promise that fails': { then: (_, reject) => reject(new Error('offline')) },
  'a promise that fails with nothing': { then: (_, reject) => reject() },
  'bytes of something else': new Uint8Array([1, 2, 3]),
  'an empty module': new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])),
};

async function readAnswer() {
  const answer = new Response('x');
  await answer.text();
  return answer;
}

test('a load that failed says why and what to do, and can be tried again', async () => {
  const { init, started } = await import(`${url}?again`);
  for (const [what, source] of Object.entries(OTHERS)) {
    await assert.rejects(init(source), error => {
      assert.ok(error instanceof CoderError, `${what}: ${error?.stack}`);
      assert.equal(error.code, 'notInitialized');
      assert.match(
        error.message,
        /^the WebAssembly of @coder-backstage\/core could not be loaded: ./,
      );
      assert.match(error.help, /call `init` again/);
      return true;
    });
    assert.throws(started, { code: 'notInitialized' });
  }
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
