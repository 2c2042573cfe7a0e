// A new app of `create-app`, with what docs/front-end.md says to do, taken from its text: a person signs in
// with Coder, and the page of an entity has the card. The app is installed from the registry that npm is
// configured with, which takes minutes. With `NEW_APP_MODULES=<the folder of an app>`, what is installed there
// is moved to the new app.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  appendFile,
  chmod,
  cp,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { consent, newPerson, startBrowser } from './browser/people.mjs';
import { steps } from './new-app/steps.mjs';
import { packAll } from './pack.mjs';
import { freePort } from './portal.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '../..');
/** A folder below which nothing is installed: what the app does not install is not found. */
const PLACE = join(ROOT, 'target/new-app');
const APP = join(PLACE, 'portal');
const FAKE = process.env.CODER_FAKE ?? join(ROOT, 'target/debug/examples/fake_coder');
const PAGE = readFileSync(join(ROOT, 'docs/front-end.md'), 'utf8');
/** How long a command may take, and the start of the app. */
const MINUTES = 60_000;
const LONGEST_COMMAND = 30 * MINUTES;
const LONGEST_START = 5 * MINUTES;
const run = promisify(execFile);

const running = [];
/** What the commands of the page run with, and where. */
let environment;
let directory = PLACE;
let portal;
let browser;

before(async () => {
  await rm(PLACE, { recursive: true, force: true });
  await mkdir(PLACE, { recursive: true });
  await symlink(ROOT, join(PLACE, 'coder-backstage'), 'dir');
  await packAll();
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
  portal = { url: `http://localhost:${app}`, backend: `http://localhost:${backend}` };
  const bin = join(PLACE, 'bin');
  await mkdir(bin);
  const yarn = `#!/bin/sh\nexec node "${APP}"/.yarn/releases/yarn-*.cjs "$@"\n`;
  await writeFile(join(bin, 'yarn'), yarn);
  await chmod(join(bin, 'yarn'), 0o755);
  return {
    PATH: `${bin}:${process.env.PATH}`,
    // The name that `create-app` asks for.
    BACKSTAGE_APP_NAME: 'portal',
    APP_CONFIG_app_baseUrl: JSON.stringify(portal.url),
    APP_CONFIG_backend_baseUrl: JSON.stringify(portal.backend),
    APP_CONFIG_backend_listen_port: String(backend),
    APP_CONFIG_backend_cors_origin: JSON.stringify(portal.url),
    BROWSER: 'none',
    npm_config_yes: 'true',
    ...(await settingsOfYarn()),
    ...(await startCoder(`${portal.backend}/api/auth/coder/handler/frame`)),
  };
}

async function settingsOfYarn() {
  const registry = await run('npm', ['config', 'get', 'registry'], { cwd: HERE });
  const { overrides } = JSON.parse(await readFile(join(HERE, 'package.json'), 'utf8'));
  const versions = { ...overrides };
  for (const [name] of COMPILED) {
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

/** The packages that are compiled on this machine, and the file that each one becomes. */
const COMPILED = [
  ['better-sqlite3', 'build/Release/better_sqlite3.node'],
  ['isolated-vm', 'out/isolated_vm.node'],
];

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
  if (step.kind === 'command') return command(step.text);
  const file = join(APP, step.file);
  if (step.where === undefined) return writeFile(file, step.text);
  if (step.where === 'end') return appendFile(file, step.text);
  const before = await readFile(file, 'utf8');
  const parts = before.split(`${step.line}\n`);
  assert.equal(parts.length, 2, `${step.file} has the line \`${step.line}\` once`);
  const [above, below] = parts;
  const added = step.where === 'below' ? [step.line, step.text] : [step.text, step.line];
  return writeFile(file, `${above}${added.map(text => `${text.trimEnd()}\n`).join('')}${below}`);
}

async function command(text) {
  const [, variable] = /^export (\w+)=/.exec(text) ?? [];
  if (variable !== undefined) return assert.ok(environment[variable], `a value of ${variable}`);
  if (text.startsWith('cd ')) return (directory = join(directory, text.slice(3)));
  if (text === 'yarn start') return start();
  if (text === 'yarn install') await prepareYarn();
  return shell(text);
}

async function shell(text) {
  const started = Date.now();
  const options = {
    cwd: directory,
    env: environment,
    maxBuffer: 1 << 28,
    timeout: LONGEST_COMMAND,
  };
  try {
    return await run('sh', ['-c', text], options);
  } catch (error) {
    throw new Error(`${text}\n${error.stdout}\n${error.stderr}`, { cause: error });
  } finally {
    took(text, started);
  }
}

function took(what, started) {
  console.log(`${Math.round((Date.now() - started) / 1000)} s: ${what}`);
}

/**
 * Pins the release of Backstage, as a lock file would: each package has the lowest version that fits. Leaves
 * out what the registry does not have, since a registry may have no more than some versions of a package.
 */
async function prepareYarn() {
  await cp(join(HERE, 'new-app/yarn-release.cjs'), join(APP, '.yarn/release.cjs'));
  await appendFile(join(APP, '.yarnrc.yml'), '\nplugins:\n  - path: .yarn/release.cjs\n');
  const versions = JSON.parse(environment.BACKSTAGE_RELEASE);
  for (const [name, range] of await dependenciesOfBackstage()) {
    if (versions[name] !== undefined) continue;
    const lowest = await lowestVersion(name, range);
    if (lowest === undefined) {
      console.log(`The registry has no version of ${name} that fits ${range}: left out.`);
      await leaveOut(name);
    } else {
      versions[name] = lowest;
    }
  }
  environment.BACKSTAGE_RELEASE = JSON.stringify(versions);
  const installed = process.env.NEW_APP_MODULES;
  for (const name of installed ? ['node_modules', 'yarn.lock'] : []) {
    await rename(join(installed, name), join(APP, name));
  }
}

/** Lists the packages of Backstage that the app and the backend name, with their ranges. */
async function dependenciesOfBackstage() {
  const parts = ['app', 'backend'].map(async part => {
    const { dependencies } = JSON.parse(await readFile(manifestOf(part), 'utf8'));
    return Object.entries(dependencies).filter(([name]) => name.startsWith('@backstage/'));
  });
  return (await Promise.all(parts)).flat();
}

const manifestOf = part => join(APP, 'packages', part, 'package.json');

/** Asks the registry for the lowest version within a range. */
async function lowestVersion(name, range) {
  const asked = ['view', `${name}@${range}`, 'version', '--json'];
  const found = await run('npm', asked, { cwd: HERE }).catch(error => {
    if (error.stdout.includes('E404')) return { stdout: '[]' };
    throw error;
  });
  const versions = [JSON.parse(found.stdout || '[]')].flat();
  return versions.sort(byNumbers)[0];
}

const byNumbers = (one, other) => one.localeCompare(other, 'en', { numeric: true });

/** Takes a package out of the app, where its package.json names it, and out of the backend. */
async function leaveOut(name) {
  for (const part of ['app', 'backend']) {
    const file = manifestOf(part);
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
  const started = Date.now();
  const child = spawn('yarn', ['start'], {
    cwd: directory,
    env: environment,
    detached: true,
    stdio: ['ignore', process.env.LOG ? 'inherit' : 'ignore', 'inherit'],
  });
  running.push(child);
  const gone = new Promise(resolve => child.once('exit', () => resolve('gone')));
  for (const url of [`${portal.backend}/.backstage/health/v1/readiness`, portal.url]) {
    for (;;) {
      const answer = await Promise.race([fetch(url).catch(() => undefined), gone]);
      assert.notEqual(answer, 'gone', '`yarn start` ended before it was ready');
      if (answer?.ok) break;
      assert.ok(Date.now() - started < LONGEST_START, `${url} is not ready in time`);
      await new Promise(resolve => setTimeout(resolve, 500));
    }
  }
  took('yarn start', started);
}

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
