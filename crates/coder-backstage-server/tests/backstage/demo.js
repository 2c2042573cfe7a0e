// The server under test: `coder-backstage demo`, with a fake Coder on this machine.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BUILT = new URL('../../../../target/debug/coder-backstage', import.meta.url);
/** The program under test. */
export const PROGRAM = process.env.CODER_BACKSTAGE ?? fileURLToPath(BUILT);

/** Starts the demo on a free port. Ask for its `portal` and its `coder`, and stop it. */
export async function startDemo() {
  const child = spawn(PROGRAM, ['demo', '--port=0'], {
    env: { RUST_LOG: 'warn', ...process.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve, reject) => {
    child.once('exit', resolve);
    child.once('error', reject);
  });
  const stop = async () => {
    child.kill();
    await ended;
  };
  const found = {};
  const announced = new Promise(resolve => {
    createInterface({ input: child.stdout }).on('line', line => {
      const [, name, url] = /^ *The (portal|fake Coder): +(\S+)$/.exec(line) ?? [];
      if (name) found[name] = url.replace(/\/$/, '');
      if (found.portal && found['fake Coder']) resolve(true);
    });
  });
  const early = ended.then(() => false);
  if (!(await Promise.race([announced, early]))) {
    throw new Error(`${PROGRAM} ended without saying where it listens`);
  }
  return { portal: found.portal, coder: found['fake Coder'], stop };
}
