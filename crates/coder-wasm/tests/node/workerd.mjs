// Runs a worker in workerd, bundled as wrangler does.
import { spawn } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';

import { build } from 'esbuild';
import workerd from 'workerd';

/** Starts a worker of this text, in a directory of this name. Gives the process and its address. */
export async function startWorker(directory, contents) {
  rmSync(directory, { recursive: true, force: true });
  await build({
    stdin: { contents, resolveDir: '.' },
    outfile: `${directory}/worker.js`,
    bundle: true,
    format: 'esm',
    conditions: ['workerd'],
    // Asked for by what a module for Node imports, which must not be part of this bundle.
    platform: 'neutral',
    loader: { '.wasm': 'copy' },
    logLevel: 'error',
  });
  const modules = readdirSync(directory)
    .filter(name => name.endsWith('.wasm'))
    .map(name => `(name = "${name}", wasm = embed "${name}"),`);
  writeFileSync(
    `${directory}/config.capnp`,
    `using Workerd = import "/workerd/workerd.capnp";
     const config :Workerd.Config = (
       services = [
         (name = "main", worker = .worker),
         (name = "internet", network = (allow = ["public", "private"])),
       ],
       sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
     );
     const worker :Workerd.Worker = (
       modules = [
         (name = "worker.js", esModule = embed "worker.js"),
         ${modules.join('\n')}
       ],
       compatibilityDate = "2026-01-01",
     );`,
  );
  const options = { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] };
  const arguments_ = ['serve', `${directory}/config.capnp`, '--control-fd=3'];
  const server = spawn(workerd.default, arguments_, options);
  // It tells its port on a pipe.
  const address = await new Promise((resolve, reject) => {
    server.on('exit', code => reject(new Error(`workerd ended with ${code}`)));
    server.stdio[3].on('data', line => {
      const { event, port } = JSON.parse(line);
      if (event === 'listen') resolve(`http://127.0.0.1:${port}`);
    });
  });
  return { server, address };
}
