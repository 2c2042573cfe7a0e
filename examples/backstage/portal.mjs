// The whole portal on this machine: `coder-backstage demo` with a fake Coder, a Backstage backend, and one
// origin in front of both, which routes as docs/operating.md says.
import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PROGRAM =
  process.env.CODER_BACKSTAGE ??
  fileURLToPath(new URL('../../target/debug/coder-backstage', import.meta.url));

/** The paths that the portal server answers; the backend answers all others. */
const OF_PORTAL =
  /^\/api\/(auth\/coder|auth\/\.well-known|auth\/v1\/userinfo|coder|proxy\/coder)([/?]|$)/;

/**
 * Starts everything. Ask for the `url` of the portal and of the fake `coder`, and stop it.
 *
 * @param {{ port?: number, quiet?: boolean }} options without a port a free one is taken
 */
export async function startPortal({ port = 0, quiet = false } = {}) {
  const [portalPort, backstagePort] = [await freePort(), await freePort()];
  const targets = { portalPort, backstagePort };
  const gateway = createServer((incoming, outgoing) => forward(targets, incoming, outgoing));
  await new Promise((resolve, reject) => {
    gateway.once('error', reject);
    gateway.listen(port, 'localhost', resolve);
  });
  const url = `http://localhost:${gateway.address().port}`;
  const running = [];
  const stop = async () => {
    await Promise.all(running.map(end));
    gateway.closeAllConnections();
    await new Promise(resolve => gateway.close(resolve));
  };
  try {
    const demo = spawn(PROGRAM, ['demo', `--port=${portalPort}`, `--public-url=${url}/`], {
      env: { RUST_LOG: 'warn', ...process.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.push(demo);
    const coder = (await lineOf(demo, /fake Coder: +(\S+)/)).replace(/\/$/, '');
    const backstage = spawn(
      process.execPath,
      [
        '--no-node-snapshot',
        '--require',
        '@backstage/cli/config/nodeTransform.cjs',
        'backend/src/index.ts',
      ],
      {
        cwd: HERE,
        env: {
          ...process.env,
          NODE_ENV: 'development',
          PORTAL_URL: url,
          BACKSTAGE_PORT: String(backstagePort),
          CODER_PORTAL_URL: `http://localhost:${portalPort}`,
          CODER_DEPLOYMENT_URL: coder,
        },
        stdio: ['ignore', quiet ? 'ignore' : 'inherit', 'inherit'],
      },
    );
    running.push(backstage);
    await answers(`${url}/.backstage/health/v1/readiness`, backstage);
    return { url, coder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Passes a request on, with its streams as they are. */
function forward({ portalPort, backstagePort }, incoming, outgoing) {
  const port = OF_PORTAL.test(incoming.url ?? '') ? portalPort : backstagePort;
  const { method, url, headers } = incoming;
  const passed = request({ host: 'localhost', port, method, path: url, headers }, answer => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  passed.on('error', () => {
    if (!outgoing.headersSent) outgoing.writeHead(502);
    outgoing.end();
  });
  outgoing.on('close', () => passed.destroy());
  incoming.pipe(passed);
}

/** Waits for a line of a process, and returns what the pattern has found in it. */
async function lineOf(child, pattern) {
  const found = new Promise(resolve => {
    createInterface({ input: child.stdout }).on('line', line => {
      const match = pattern.exec(line);
      if (match) resolve(match[1]);
    });
  });
  const line = await Promise.race([found, ended(child)]);
  if (line === undefined) throw new Error('coder-backstage ended before it was ready');
  return line;
}

async function answers(url, child) {
  const gone = ended(child).then(() => 'gone');
  for (;;) {
    const answer = await Promise.race([fetch(url).catch(() => undefined), gone]);
    if (answer === 'gone') throw new Error('the Backstage backend ended before it was ready');
    if (answer?.ok) return;
    await new Promise(resolve => setTimeout(resolve, 300));
  }
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('exit', () => resolve(undefined));
    child.once('error', reject);
  });
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise(resolve => child.once('exit', resolve));
  child.kill();
  await gone;
}

export async function freePort() {
  const server = createSocket();
  await new Promise(resolve => server.listen(0, 'localhost', resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const portal = await startPortal({ port: Number(process.env.PORT ?? 3000) });
  console.log(`\n  The portal:      ${portal.url}/`);
  console.log(`  The fake Coder:  ${portal.coder}/`);
  console.log('\n  Sign in as alice or bob. Ctrl-C ends everything.\n');
  process.once('SIGINT', async () => {
    await portal.stop();
    process.exit(0);
  });
}
