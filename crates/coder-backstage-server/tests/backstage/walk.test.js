// The steps of docs/operating.md, "From an empty machine", in their order and in the words of the page: a
// portal beside a Backstage, on a PostgreSQL and behind nginx. Coder is the fake one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';

import { inBackstage, withAuthAt } from './backend.js';
import { freePort } from './backstage.js';
import { logIn } from './browser.js';
import { startCatalog } from './catalog.js';
import { PROGRAM } from './demo.js';
import { startNginx, withoutNginx } from './nginx.js';

const PAGE = new URL('../../../../docs/operating.md', import.meta.url);
const { CODER_URL: coder, CODER_SESSION_TOKEN: owner, PGHOST, PGPORT } = process.env;
const skip = withoutNginx || (PGHOST ? false : 'there is no PostgreSQL');
const PEOPLE = `
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: alice }
spec: { memberOf: [] }
`;

/** The blocks of the section that a shell takes, in their order. */
async function steps() {
  const page = await readFile(PAGE, 'utf8');
  const [, section] = /\n## From an empty machine\n([^]*?)\n## /.exec(page);
  return [...section.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => block);
}

/** A shell that runs block after block, until one fails. Ask for what a block prints. */
function startShell(directory) {
  const path = `${join(directory, 'bin')}:${process.env.PATH}`;
  const { HOME } = process.env;
  const env = { PATH: path, HOME, PGHOST, PGPORT, PGUSER: 'portal' };
  const shell = spawn('sh', ['-e'], { cwd: directory, env, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise(resolve => shell.once('exit', resolve));
  const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  const END = '--- done';
  const run = async block => {
    shell.stdin.write(`${block}\necho '${END}'\n`);
    const printed = [];
    for (;;) {
      const { value: line, done } = await lines.next();
      assert(!done, `a command of this block failed:\n${block}\n${printed.join('\n')}`);
      if (line === END) return printed.join('\n');
      printed.push(line);
    }
  };
  const stop = async () => {
    shell.stdin.end();
    await ended;
  };
  return { run, stop };
}

describe('the steps of the page from an empty machine', { skip }, () => {
  const undo = [];
  after(async () => {
    for (const step of undo.reverse()) await step();
  });

  it('lead to a portal that people sign in to, beside a Backstage whose plugins know them', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'machine-'));
    undo.push(() => rm(directory, { recursive: true }));
    await mkdir(join(directory, 'bin'));
    await symlink(PROGRAM, join(directory, 'bin', 'coder-backstage'));
    const [port, own] = [await freePort(), await freePort()];
    const portal = `http://localhost:${port}`;
    const token = randomBytes(24).toString('hex');
    // What the page presupposes: a Backstage with its catalog, which is told of the portal.
    const backstage = await startCatalog(PEOPLE, token, inBackstage, withAuthAt(portal));
    undo.push(backstage.stop);
    const addresses = { backstage: new URL(backstage.url).host, server: `127.0.0.1:${own}` };
    // What the page names, and what it is on this machine.
    const names = [
      ['https://coder.example.com', coder.replace(/\/$/, '')],
      ['https://portal.example.com', portal],
      ['http://127.0.0.1:7007', backstage.url],
      ['127.0.0.1:7008', addresses.server],
      ['/etc/coder-backstage', directory],
      ['@localhost/', `@127.0.0.1:${PGPORT}/`],
      ['CODER_SESSION_TOKEN=…', `CODER_SESSION_TOKEN=${owner}`],
      ['BACKSTAGE_CATALOG_TOKEN=…', `BACKSTAGE_CATALOG_TOKEN=${token}`],
    ];
    const shell = startShell(directory);
    undo.push(shell.stop);
    const printed = [];
    const seen = new Set();
    for (let step of await steps()) {
      if (step === 'nginx -s reload\n') {
        undo.push(await startNginx(port, addresses));
        continue;
      }
      for (const [page, here] of names) {
        if (step.includes(page)) seen.add(page);
        step = step.replaceAll(page, () => here);
      }
      if (/ &$/m.test(step)) undo.push(() => shell.run('kill $!\nwait $! || true'));
      printed.push(await shell.run(step));
      // Before somebody is signed in there is nothing to list.
      if (printed.at(-1).includes('outside: ')) {
        const { response } = await logIn({ portal }, 'alice', 'production');
        const headers = { authorization: `Bearer ${response.backstageIdentity.token}` };
        const answer = await fetch(`${portal}/api/whoami/user`, { headers });
        assert.equal((await answer.json()).userEntityRef, 'user:default/alice');
      }
    }
    assert.equal(
      seen.size,
      names.length,
      `the page does not name all of ${names.map(it => it[0])}`,
    );
    const told = printed.join('\n');
    assert.match(told, /the database was empty, and has schema/);
    assert.match(told, /^good {7}outside: /m);
    assert.doesNotMatch(told, /^wrong /m);
    assert.match(printed.at(-1), /alice/, 'the last step lists who is signed in');
  });
});
