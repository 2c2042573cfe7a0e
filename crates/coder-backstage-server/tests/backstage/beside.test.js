// A Backstage and this server under one host name, behind nginx as docs/beside-backstage.md has it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startBackend } from './backend.js';
import { freePort } from './backstage.js';
import { logIn } from './browser.js';
import { startServer } from './catalog.js';
import { startNginx, withoutNginx } from './nginx.js';

const { CODER_URL: url, CODER_SESSION_TOKEN: token } = process.env;
assert(url && token, 'the fake Coder of `cargo xtask test --only backstage` is not there');
const PEOPLE = `
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: alice }
spec: { memberOf: [] }
`;
const CATALOG = `
catalog:
  rules: [{ allow: [User] }]
  locations: [{ type: file, target: people.yaml }]
`;

let portal;
let backstage;
let server;
let stopNginx;

describe('a Backstage and this server behind one nginx', { skip: withoutNginx }, () => {
  before(async () => {
    const port = await freePort();
    portal = `http://localhost:${port}`;
    const files = { 'people.yaml': PEOPLE };
    [backstage, server] = await Promise.all([
      startBackend({ portal }),
      startServer({ url, token }, '{}', { more: CATALOG, files, front: portal }),
    ]);
    const addresses = { backstage: new URL(backstage.url).host, server: server.address };
    stopNginx = await startNginx(port, addresses);
  });

  after(async () => {
    await stopNginx?.();
    await server?.stop();
    await backstage?.stop();
  });

  it('signs people in with Coder, and the plugins of Backstage know them', async () => {
    const { response } = await logIn({ portal }, 'alice');
    const headers = { authorization: `Bearer ${response.backstageIdentity.token}` };
    const answer = await fetch(`${portal}/api/whoami/user`, { headers });
    const ALICE = 'user:default/alice';
    assert.deepEqual(await answer.json(), { userEntityRef: ALICE, ownershipEntityRefs: [ALICE] });
  });

  it('lets nobody in without a token', async () => {
    assert.equal((await fetch(`${portal}/api/whoami/user`)).status, 401);
  });
});
