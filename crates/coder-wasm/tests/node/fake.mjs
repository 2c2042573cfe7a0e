// Coders for tests: the fake of the test kit in a process of its own, and servers of a few lines.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

/**
 * Starts the fake, of a release if one is given: its URL, a token, ids of workspaces, and what lets
 * something happen.
 */
export async function startFake(release = []) {
  const fake = spawn(process.env.CODER_FAKE, [release].flat(), {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: fake.stdout })[Symbol.asyncIterator]();
  const answer = async () => JSON.parse((await lines.next()).value);
  const act = action => {
    fake.stdin.write(`${action}\n`);
    return answer();
  };
  return { ...(await answer()), act, stop: () => fake.stdin.end() };
}

/** Starts a server of this machine that answers with `answer`. */
export async function serve(answer) {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

/** Makes a promise that is settled from outside. */
export function event() {
  let happen;
  const happened = new Promise(resolve => (happen = resolve));
  return { happen, happened };
}
