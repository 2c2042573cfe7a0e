import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** A PostgreSQL of the tests' own. */
export interface Postgres {
  connection: { host: string; port: number; user: string; database: string };
  stop(): Promise<void>;
}

/** Finds the directory of `initdb`: Debian keeps the server's programs off the path. */
function findPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const ofDebian = versions.map(version => join(debian, version, 'bin'));
  const ofPath = (process.env.PATH ?? '').split(delimiter);
  return [...ofDebian, ...ofPath].find(directory => existsSync(join(directory, 'initdb')));
}

const PROGRAMS = findPrograms();

/** Whether this machine has a PostgreSQL. */
export const hasPostgres = PROGRAMS !== undefined;

/** Starts a PostgreSQL, which listens on a socket in a temporary directory. */
export async function startPostgres(): Promise<Postgres> {
  const programs = PROGRAMS ?? '';
  const directory = await mkdtemp(join(tmpdir(), 'rows-'));
  const owner = await ownerOf(directory);
  const options = { cwd: directory, ...owner };
  const initdb = ['--pgdata=data', '--username=portal', '--auth=trust', '--encoding=UTF8'];
  // Letters have the order of a language, as in most databases.
  const language = ['--locale-provider=icu', '--icu-locale=en', '--locale=C', '--no-sync'];
  await promisify(execFile)(join(programs, 'initdb'), [...initdb, ...language], options);
  const settings = ['listen_addresses=', `unix_socket_directories=${directory}`, 'fsync=off'];
  const args = ['-D', 'data', ...settings.flatMap(setting => ['-c', setting])];
  const server = spawn(join(programs, 'postgres'), args, {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const stopped = new Promise<void>(resolve => server.once('exit', () => resolve()));
  const log: string[] = [];
  const ready = new Promise<boolean>(resolve => {
    createInterface({ input: server.stderr }).on('line', line => {
      log.push(line);
      if (line.includes('ready to accept connections')) resolve(true);
    });
  });
  if (!(await Promise.race([ready, stopped]))) {
    throw new Error(`PostgreSQL did not start: ${log.join('\n')}`);
  }
  return {
    connection: { host: directory, port: 5432, user: 'portal', database: 'postgres' },
    async stop() {
      server.kill('SIGINT');
      await stopped;
      await rm(directory, { recursive: true });
    },
  };
}

/** Gives the directory to a user who is not root, whom PostgreSQL refuses. */
async function ownerOf(directory: string): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const home = '/var/lib/postgresql';
  const { uid, gid } = existsSync(home) ? await stat(home) : { uid: 65534, gid: 65534 };
  await chown(directory, uid, gid);
  return { uid, gid };
}
