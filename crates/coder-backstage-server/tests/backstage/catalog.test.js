// A portal whose catalog is a Backstage backend signs people in with nothing but configuration.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { logIn } from './browser.js';
import { startCatalog, startServer } from './catalog.js';

const { CODER_URL: url, CODER_SESSION_TOKEN: token } = process.env;
assert(url && token, 'the fake Coder of `cargo xtask test --only backstage` is not there');
const CODER = { url, token };
const TOKEN = 'a-static-token-of-external-access';
// Nothing in Alice's own entity names a group: the catalog derives what the groups say.
const ENTITIES = `
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: alice }
spec: { memberOf: [] }
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: payments }
spec: { type: team, children: [], members: [alice] }
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: auditors, namespace: finance }
spec: { type: team, children: [], members: [default/alice] }
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: checkout }
spec: { type: service, lifecycle: production, owner: payments }
`;
const OWNERSHIP = ['user:default/alice', 'group:default/payments', 'group:finance/auditors'];

let backstage;
let server;

before(async () => {
  backstage = await startCatalog(ENTITIES, TOKEN);
  await backstage.until('user/default/alice', ({ relations }) => relations?.length === 2);
  await backstage.until('component/default/checkout', ({ relations }) => relations?.length === 1);
  const catalog = `{ type: backstage, baseUrl: '${backstage.url}', token: ${TOKEN} }`;
  server = await startServer(CODER, `{ catalog: ${catalog} }`);
});

after(async () => {
  await server?.stop();
  await backstage?.stop();
});

/** What the popup of a login at this portal posts to its opener. */
const signIn = (username, { portal } = server) => logIn({ portal }, username);

/** What the holder of an identity token is told. */
async function ask(path, token) {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${server.portal}/api/${path}`, { headers })).json();
}

describe('a portal whose catalog is a Backstage backend', () => {
  it('signs a person in as the User entity of that catalog, with all its groups', async () => {
    const { token } = (await signIn('alice')).response.backstageIdentity;
    const { sub } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
    assert.equal(sub, 'user:default/alice');
    const { claims } = await ask('auth/v1/userinfo', token);
    assert.equal(claims.sub, sub);
    assert.deepEqual(claims.ent.toSorted(), OWNERSHIP.toSorted());
  });

  it('refuses a person that the catalog does not know', async () => {
    const { error, response } = await signIn('bob');
    assert.equal(response, undefined);
    assert.match(error.message, /verify that your catalog contains the expected User entities/);
  });

  it('lists the entities of that catalog', async () => {
    const { token } = (await signIn('alice')).response.backstageIdentity;
    const { items } = await ask('coder/v1/entities', token);
    assert.deepEqual(
      items.map(({ entityRef }) => entityRef),
      ['component:default/checkout'],
    );
  });

  it('says that the catalog is not available when Backstage refuses its token', async () => {
    const catalog = `{ type: backstage, baseUrl: '${backstage.url}', token: another-token }`;
    const stranger = await startServer(CODER, `{ catalog: ${catalog} }`);
    try {
      const { error } = await signIn('alice', stranger);
      assert.match(error.message, /the catalog is not available/);
    } finally {
      await stranger.stop();
    }
  });
});
