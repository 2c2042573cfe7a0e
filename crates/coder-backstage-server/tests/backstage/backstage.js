// Starts Backstage backends in this process, without a database server and without their logs.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createBackend } from '@backstage/backend-defaults';
import { coreServices, createServiceFactory } from '@backstage/backend-plugin-api';
import { ConfigReader } from '@backstage/config';

const silence = {
  child: () => silence,
  debug() {},
  error: (message, error) => console.error(message, error ?? ''),
  info() {},
  warn() {},
};

/** A service of the backend that is this value. */
export function service(ref, value) {
  return createServiceFactory({ service: ref, deps: {}, factory: () => value });
}

/**
 * Starts a backend with these plugins and services. `configure` gets its URL and a directory for
 * its files, and returns its app-config beyond that. Ask for its `url`, and stop it.
 */
export async function startBackstage(features, configure) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const directory = await mkdtemp(join(tmpdir(), 'backstage-'));
  const { backend: more, ...config } = await configure({ url, directory });
  // Its own keys, for what its plugins say to each other, need no database then.
  const keys = { type: 'static', static: { keys: [await keyPair(directory)] } };
  config.backend = {
    ...more,
    baseUrl: url,
    listen: { host: 'localhost', port },
    auth: { ...more?.auth, pluginKeyStore: keys },
  };
  const backend = createBackend();
  backend.add(service(coreServices.rootConfig, new ConfigReader(config)));
  backend.add(service(coreServices.rootLogger, silence));
  features.forEach(feature => backend.add(feature));
  await backend.start();
  const stop = async () => {
    await backend.stop();
    await rm(directory, { recursive: true });
  };
  return { url, stop };
}

async function keyPair(directory) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [publicKeyFile, privateKeyFile] = ['public.pem', 'private.pem'].map(name =>
    join(directory, name),
  );
  await writeFile(publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(privateKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return { publicKeyFile, privateKeyFile, keyId: 'plugins' };
}

/** A port that nothing listens at. */
export async function freePort() {
  const server = createServer();
  await new Promise(resolve => server.listen(0, 'localhost', resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}
