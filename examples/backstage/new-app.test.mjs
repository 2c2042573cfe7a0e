// A new app of `create-app`, with what docs/front-end.md says to do, taken from its text: it signs in with
// Coder, and the page of an entity has the card.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { appendFile, chmod, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { consent, newPerson, startBrowser } from './browser/people.mjs';
import { steps } from './new-app/steps.mjs';
import { PACKED, packAll } from './pack.mjs';
import { freePort } from './portal.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '../..');
const PLACE = join(HERE, 'target/new-app');
const APP = join(PLACE, 'portal');
const FAKE =
  process.env.CODER_FAKE ??
  fileURLToPath(new URL('../../target/debug/examples/fake_coder', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/front-end.md'), 'utf8');
const run = promisify(execFile);

const running = [];
/** What the commands of the page run with. */
let environment;
let portal;
let browser;

before(async () => {
  await rm(PLACE, { recursive: true, force: true });
  await mkdir(PLACE, { recursive: true });
  await symlink(ROOT, join(PLACE, 'coder-backstage'), 'dir');
  await packAll();
  assert.ok(PACKED.startsWith(HERE));
  environment = { ...process.env, ...(await settings()) };
  for (const step of steps(PAGE, 'A new app, step by step')) await follow(step);
});

after(async () => {
  await browser?.close();
  running.forEach(end);
});

/** What the machine of a test needs: free ports, versions, and a `yarn` that the new app brings along. */
async function settings() {
  const [app, backend] = [await freePort(), await freePort()];
  portal = { url: `http://localhost:${app}` };
  const bin = join(PLACE, 'bin');
  await mkdir(bin);
  await writeFile(
    join(bin, 'yarn'),
    `#!/bin/sh\nexec node "${APP}"/.yarn/releases/yarn-*.cjs "$@"\n`,
  );
  await chmod(join(bin, 'yarn'), 0o755);
  const coder = await startCoder(`http://localhost:${backend}/api/auth/coder/handler/frame`);
  return {
    PATH: `${bin}:${process.env.PATH}`,
    BACKSTAGE_APP_NAME: 'portal',
    APP_CONFIG_app_baseUrl: JSON.stringify(portal.url),
    APP_CONFIG_backend_baseUrl: JSON.stringify(`http://localhost:${backend}`),
    APP_CONFIG_backend_listen_port: String(backend),
    APP_CONFIG_backend_cors_origin: JSON.stringify(portal.url),
    BROWSER: 'none',
    npm_config_yes: 'true',
    ...(await settingsOfYarn()),
    ...coder,
  };
}

async function settingsOfYarn() {
  const registry = await run('npm', ['config', 'get', 'registry'], { cwd: HERE });
  const { overrides } = JSON.parse(await readFile(join(HERE, 'package.json'), 'utf8'));
  const versions = { ...overrides };
  for (const name of NATIVE) {
    const manifest = join(HERE, 'node_modules', name, 'package.json');
    versions[name] = JSON.parse(await readFile(manifest, 'utf8')).version;
  }
  return {
    BACKSTAGE_RELEASE: JSON.stringify(versions),
    YARN_NPM_REGISTRY_SERVER: registry.stdout.trim(),
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    // No script of a package runs. What has to be compiled is copied from the workspace.
    YARN_ENABLE_SCRIPTS: 'false',
    YARN_HTTP_RETRY: '10',
    YARN_HTTP_TIMEOUT: '300000',
    YARN_NETWORK_CONCURRENCY: '10',
  };
}

/** The packages that are compiled on this machine. */
const NATIVE = ['better-sqlite3', 'isolated-vm'];

/** Starts the fake Coder with an application for this callback URL. Returns what the page exports. */
async function startCoder(callback) {
  const fake = spawn(FAKE, { stdio: ['pipe', 'pipe', 'inherit'] });
  running.push(fake);
  const lines = createInterface({ input: fake.stdout })[Symbol.asyncIterator]();
  const line = async () => JSON.parse((await lines.next()).value);
  const { url } = await line();
  fake.stdin.write(`register ${callback}\n`);
  const { clientId, clientSecret } = await line();
  return {
    CODER_URL: url.replace(/\/$/, ''),
    CODER_OAUTH_CLIENT_ID: clientId,
    CODER_OAUTH_CLIENT_SECRET: clientSecret,
    CODER_SESSION_KEY: randomBytes(32).toString('base64'),
  };
}

/** Does what a block of the page says. */
async function follow(step) {
  if (step.kind === 'command') return command(step);
  const file = join(APP, step.file);
  if (step.where === undefined) return writeFile(file, step.text);
  if (step.where === 'end') return appendFile(file, step.text);
  const before = await readFile(file, 'utf8');
  const parts = before.split(step.line);
  assert.equal(parts.length, 2, `${step.file} has \`${step.line}\` once`);
  const [above, below] = parts;
  const text = step.text.trimEnd();
  const added = step.where === 'below' ? `${step.line}\n${text}` : `${text}\n${step.line}`;
  return writeFile(file, above + added + below);
}

async function command({ text }) {
  if (text.startsWith('cd ')) return undefined;
  const [, variable] = /^export (\w+)=/.exec(text) ?? [];
  if (variable !== undefined) return assert.ok(environment[variable], `a value of ${variable}`);
  if (text === 'yarn start') return start();
  if (text === 'yarn install') await prepareYarn();
  const isInApp = !text.includes('create-app') && !text.startsWith('cp ');
  return shell(text, isInApp ? APP : PLACE);
}

async function shell(text, cwd) {
  console.log(`$ ${text}`);
  try {
    return await run('sh', ['-c', text], { cwd, env: environment, maxBuffer: 1 << 28 });
  } catch (error) {
    throw new Error(`${text}\n${error.stdout}\n${error.stderr}`, { cause: error });
  }
}

/**
 * Pins the release of Backstage, as a lock file would, and leaves out what the registry does not have: a
 * registry may have no more than some versions of a package.
 */
async function prepareYarn() {
  await cp(join(HERE, 'new-app/yarn-release.cjs'), join(APP, '.yarn/release.cjs'));
  await appendFile(join(APP, '.yarnrc.yml'), '\nplugins:\n  - path: .yarn/release.cjs\n');
  for (;;) {
    const resolve = shell('yarn install --mode=update-lockfile', APP);
    const output = await resolve.then(
      () => '',
      error => error.message,
    );
    if (output === '') return;
    const missing = [...output.matchAll(/(@[\w-]+\/[\w-]+)@npm:\S+ No candidates found/g)];
    const names = missing.map(([, name]) => name);
    assert.ok(names.length > 0, output);
    console.log(`the registry has no version of ${names.join(', ')} that fits: left out`);
    for (const name of names) await leaveOut(name);
  }
}

/** Takes a package out of the app: it is named in package.json, and added to the backend. */
async function leaveOut(name) {
  for (const part of ['app', 'backend']) {
    const file = join(APP, 'packages', part, 'package.json');
    const manifest = JSON.parse(await readFile(file, 'utf8'));
    delete manifest.dependencies[name];
    await writeFile(file, JSON.stringify(manifest, undefined, 2));
  }
  const index = join(APP, 'packages/backend/src/index.ts');
  const text = await readFile(index, 'utf8');
  const adds = new RegExp(`backend\\.add\\(\\s*import\\('${name}'\\),?\\s*\\);\n`, 'g');
  await writeFile(index, text.replace(adds, ''));
}

/** Copies what was compiled, and starts the app and the backend. */
async function start() {
  for (const [name, file] of COMPILED) {
    const to = join(APP, 'node_modules', name, file);
    await mkdir(dirname(to), { recursive: true });
    await cp(join(HERE, 'node_modules', name, file), to);
  }
  const log = process.env.LOG ? 'inherit' : 'ignore';
  const child = spawn('yarn', ['start'], {
    cwd: APP,
    env: environment,
    detached: true,
    stdio: ['ignore', log, 'inherit'],
  });
  running.push(child);
  const gone = new Promise(resolve => child.once('exit', () => resolve('gone')));
  const backend = JSON.parse(environment.APP_CONFIG_backend_baseUrl);
  for (const url of [`${backend}/.backstage/health/v1/readiness`, portal.url]) {
    for (;;) {
      const answer = await Promise.race([fetch(url).catch(() => undefined), gone]);
      assert.notEqual(answer, 'gone', '`yarn start` ended before it was ready');
      if (answer?.ok) break;
      await new Promise(resolve => setTimeout(resolve, 500));
    }
  }
}

const COMPILED = [
  ['better-sqlite3', 'build/Release/better_sqlite3.node'],
  ['isolated-vm', 'out/isolated_vm.node'],
];

/** Ends a process, with those that it has started. */
function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid);
  } catch {
    child.kill();
  }
}

test('a person signs in to a new app with Coder, and sees the card of an entity', async () => {
  browser = await startBrowser();
  const { page } = await newPerson(browser, portal);
  // The first page of a development server is compiled when it is asked for.
  page.setDefaultTimeout(120_000);
  await page.goto('/catalog/default/component/payments');
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('button', { name: 'Sign In' }).click(),
  ]);
  await consent(popup, 'alice');
  const card = page.getByRole('region', { name: 'Coder Workspaces' });
  await card.getByText('Online', { exact: true }).waitFor();
  assert.equal(await card.getByRole('listitem').count(), 2);
});
