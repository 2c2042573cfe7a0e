// The whole portal on this machine: the server, the fake Coder of `coder-backstage demo`, a Backstage backend,
// and one origin in front of both, which routes as docs/operating.md says.
import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
 * Starts everything. Ask for the `url` of the portal and of the fake `coder`, and stop it. With `away` the
 * portal reaches Coder no more, until it is `back`.
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
  const wire = new Wire();
  const data = await mkdtemp(join(tmpdir(), 'coder-backstage-portal-'));
  const stop = async () => {
    await Promise.all(running.map(end));
    await wire.away();
    gateway.closeAllConnections();
    await new Promise(resolve => gateway.close(resolve));
    await rm(data, { recursive: true, force: true });
  };
  const log = { RUST_LOG: 'error', ...process.env };
  try {
    // The fake Coder belongs to a demo, whose own portal nobody uses.
    const demo = spawn(PROGRAM, ['demo', '--port=0', '--register'], {
      env: log,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.push(demo);
    const [coder, token] = await linesOf(demo, /fake Coder: +(\S+)/, /SESSION_TOKEN=(\S+)/);
    const app = await register(coder, token, `${url}/api/auth/coder/handler/frame`);
    await wire.lay(new URL(coder));
    const server = spawn(
      PROGRAM,
      ['serve', '--config=app-config.portal.yaml', `--data-dir=${data}`, '--drain=0'],
      {
        cwd: HERE,
        env: {
          ...log,
          PORTAL_URL: url,
          PORTAL_PORT: String(portalPort),
          CODER_DEPLOYMENT_URL: coder,
          CODER_INTERNAL_URL: wire.url,
          CODER_OAUTH_CLIENT_ID: app.id,
          CODER_OAUTH_CLIENT_SECRET: app.secret,
          CODER_INDEX_TOKEN: token,
        },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    running.push(server);
    await answers(`http://localhost:${portalPort}/.backstage/health/v1/readiness`, server);
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
    return { url, coder, stop, away: () => wire.away(), back: () => wire.back() };
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

/** The way from the portal to Coder, which can be closed. */
class Wire {
  #sockets = new Set();
  #server;
  #coder;
  #port = 0;

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Opens the way. */
  async lay(coder) {
    this.#coder = coder;
    this.#server = createSocket(near => {
      const far = connect(Number(this.#coder.port), this.#coder.hostname);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ]) {
        this.#sockets.add(socket);
        socket.pipe(other);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
      }
    });
    await new Promise(resolve => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = this.#server.address().port;
  }

  /** Breaks all connections, and takes no more. */
  async away() {
    const closed = new Promise(resolve => (this.#server ? this.#server.close(resolve) : resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Opens the way again, at the same port, if it is closed. */
  async back() {
    if (!this.#server.listening) await this.lay(this.#coder);
  }
}

/** Registers the portal at the fake Coder, with the token of its owner. */
async function register(coder, token, callback) {
  const headers = { 'coder-session-token': token, 'content-type': 'application/json' };
  const post = async (path, body) => {
    const request = { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await fetch(`${coder}/api/v2/oauth2-provider/apps${path}`, request);
    if (!answer.ok) throw new Error(`the fake Coder answers ${answer.status} to ${path}`);
    return answer.json();
  };
  const { id } = await post('', { name: 'backstage', callback_url: callback, icon: '' });
  const { client_secret_full: secret } = await post(`/${id}/secrets`, {});
  return { id, secret };
}

/** Waits for lines of a process, and returns what each pattern has found. */
async function linesOf(child, ...patterns) {
  const found = new Map();
  const all = new Promise(resolve => {
    createInterface({ input: child.stdout }).on('line', line => {
      for (const pattern of patterns) {
        const match = pattern.exec(line);
        if (match) found.set(pattern, match[1].replace(/\/$/, ''));
      }
      if (found.size === patterns.length) resolve('all');
    });
  });
  if ((await Promise.race([all, ended(child)])) === undefined) {
    throw new Error('coder-backstage ended before it was ready');
  }
  return patterns.map(pattern => found.get(pattern));
}

async function answers(url, child) {
  const gone = ended(child).then(() => 'gone');
  for (;;) {
    const answer = await Promise.race([fetch(url).catch(() => undefined), gone]);
    if (answer === 'gone') throw new Error('a process ended before it was ready');
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
