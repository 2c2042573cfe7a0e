// nginx as docs/beside-backstage.md shows it, in front of a Backstage and this server.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

// Debian keeps it off the path of users.
const PROGRAM = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx';
const PAGE = new URL('../../../../docs/beside-backstage.md', import.meta.url);

/** Why nginx cannot be had; `false` if it can. */
export const withoutNginx = spawnSync(PROGRAM, ['-v']).error ? 'nginx is not installed' : false;

/** Starts the first example of the page at this port, without TLS. Stop it. */
export async function startNginx(port, { backstage, server }) {
  const directory = await mkdtemp(join(tmpdir(), 'nginx-'));
  const page = await readFile(PAGE, 'utf8');
  let [, example] = /```nginx\n([^]*?)```/.exec(page);
  const replacements = [
    [/listen 443 ssl http2;/, `listen 127.0.0.1:${port};`],
    [/ssl_certificate.*;/, ''],
    [/ssl_certificate_key.*;/, ''],
    [/server_name portal\.example\.com;/, 'server_name localhost;'],
    [/127\.0\.0\.1:7007/, backstage],
    [/127\.0\.0\.1:7008/, server],
    // The port of this machine's portal is none that browsers leave out.
    [/\$host;\n/, '$http_host;\n'],
  ];
  for (const [text, by] of replacements) {
    if (!text.test(example)) throw new Error(`the page has no ${text}`);
    example = example.replace(text, () => by);
  }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    kind => `${kind}_temp_path ${directory}/${kind};`,
  );
  const user = process.getuid() === 0 ? 'user root;' : '';
  const configuration = `${user}
daemon off;
pid ${directory}/nginx.pid;
events { }
http {
access_log off;
${temporary.join('\n')}
${example}
}
`;
  const file = join(directory, 'nginx.conf');
  await writeFile(file, configuration);
  const options = ['-p', directory, '-c', file, '-e', join(directory, 'error.log')];
  const child = spawn(PROGRAM, options, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error('nginx has ended');
    await setTimeout(20);
  }
  return async () => {
    child.kill();
    await ended;
    await rm(directory, { recursive: true });
  };
}

function listens(port) {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
