// The package in an empty Vite project and in an empty webpack project, and both pages' scripts at once in
// Chromium, under a strict content security policy.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

import { createLogger, build as vite } from 'vite';
import webpack from 'webpack';

const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].find(
  name => spawnSync(name, ['--version']).status === 0,
);

const built = { vite: resolve('built/vite'), webpack: resolve('built/webpack') };
rmSync('built', { recursive: true, force: true });

function files(directory) {
  return readdirSync(directory, { recursive: true });
}

test('Vite builds a page with it, without a warning', async () => {
  const warnings = [];
  const customLogger = createLogger('warn');
  customLogger.warn = warning => warnings.push(warning);
  await vite({
    customLogger,
    configFile: false,
    build: {
      outDir: built.vite,
      target: 'es2022',
      rollupOptions: { input: resolve('main.js'), output: { entryFileNames: 'main.js' } },
    },
    base: '/vite/',
    define: { BUNDLER: '"vite"' },
    worker: { format: 'es' },
  });
  assert.deepEqual(warnings, []);
  const wasm = files(built.vite).filter(file => file.endsWith('.wasm'));
  assert.ok(wasm.length > 0, 'the WebAssembly is beside the page, not inside of it');
});

test('webpack builds a page with it, without a warning', async () => {
  const stats = await promisify(webpack)({
    mode: 'production',
    devtool: 'source-map',
    entry: './main.js',
    output: { path: built.webpack, publicPath: '/webpack/' },
    plugins: [new webpack.DefinePlugin({ BUNDLER: '"webpack"' })],
    performance: { hints: false },
  });
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  assert.deepEqual({ errors, warnings }, { errors: [], warnings: [] });
  const wasm = files(built.webpack).filter(file => file.endsWith('.wasm'));
  assert.ok(wasm.length > 0, 'the WebAssembly is beside the page, not inside of it');
});

const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' };
const PAGE = `<!doctype html><body>
  <script type="module" src="/vite/main.js"></script>
  <script defer src="/webpack/main.js"></script>`;

/** Serves both scripts in one page; gives what each tells. */
async function serve() {
  const told = [];
  let all;
  const done = new Promise(resolve => (all = resolve));
  const server = createServer(async (request, response) => {
    response.setHeader('content-security-policy', POLICY);
    const [, bundler, ...path] = new URL(request.url, 'http://localhost').pathname.split('/');
    if (bundler === 'told') {
      let text = '';
      for await (const chunk of request) text += chunk;
      if (told.push(JSON.parse(text)) === 2) all(told);
      response.end();
    } else if (bundler === '') {
      response.setHeader('content-type', 'text/html').end(PAGE);
    } else if (built[bundler] && !path.includes('..')) {
      const file = join(built[bundler], ...path);
      response.setHeader('content-type', TYPES[extname(file)] ?? 'text/plain');
      response.end(readFileSync(file));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return { server, done };
}

test('Chromium runs it under a strict policy, in a worker, and loaded twice', async context => {
  const { server, done } = await serve();
  const profile = mkdtempSync(join(tmpdir(), 'coder-chromium-'));
  const browser = spawn(CHROMIUM, [
    ...['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run'],
    ...[`--user-data-dir=${profile}`, `http://127.0.0.1:${server.address().port}/`],
  ]);
  context.after(async () => {
    browser.kill();
    await new Promise(resolve => browser.on('exit', resolve));
    server.close();
    server.closeAllConnections();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  });
  const told = await done;
  told.sort((one, other) => one.bundler.localeCompare(other.bundler));
  const expected = bundler => ({ page: 'dev', worker: 0, bundler });
  assert.deepEqual(told, ['vite', 'webpack'].map(expected));
});

after(() => rmSync('built', { recursive: true, force: true }));
