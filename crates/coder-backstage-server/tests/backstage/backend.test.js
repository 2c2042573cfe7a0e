// Backstage's own backend accepts this portal's identity tokens, and nothing else.
import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';

import * as jose from 'jose';

import { startBackend } from './backend.js';
import { logIn } from './browser.js';
import { startDemo } from './demo.js';

const ALICE = {
  userEntityRef: 'user:default/alice',
  ownershipEntityRefs: ['user:default/alice', 'group:default/pms'],
};

let demo;
let backend;
let token;

before(async () => {
  demo = await startDemo();
  [backend, token] = await Promise.all([
    startBackend(demo),
    logIn(demo, 'alice').then(({ response }) => response.backstageIdentity.token),
  ]);
});

after(async () => {
  await backend?.stop();
  await demo?.stop();
});

async function ask(path, bearer, headers = {}) {
  if (bearer !== undefined) headers = { authorization: `Bearer ${bearer}`, ...headers };
  const response = await fetch(`${backend.url}/api/${path}`, { headers });
  const text = await response.text();
  return { status: response.status, body: text && JSON.parse(text), response };
}

/** What our own routes say to the holder of a token. */
async function askPortal(path, bearer) {
  const headers = { authorization: `Bearer ${bearer}` };
  return (await fetch(`${demo.portal}/api/${path}`, { headers })).status;
}

function parts() {
  const [header, payload, signature] = token.split('.');
  const decode = part => JSON.parse(Buffer.from(part, 'base64url'));
  return { header: decode(header), claims: decode(payload), signature };
}

const encode = json => Buffer.from(JSON.stringify(json)).toString('base64url');

/** The limited token that anyone can make from a full one, as Backstage makes it. */
function limited() {
  const { header, claims } = parts();
  const typ = 'vnd.backstage.limited-user';
  const { sub, iat, exp } = claims;
  return [
    encode({ typ, alg: header.alg, kid: header.kid }),
    encode({ sub, iat, exp }),
    claims.uip,
  ].join('.');
}

describe('a Backstage backend whose auth is this portal', () => {
  it('lets nobody in without a token', async () => {
    assert.equal((await ask('whoami/user')).status, 401);
  });

  it('knows the holder of an identity token, and asks us what that person owns', async () => {
    const { status, body } = await ask('whoami/user', token);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body, ALICE);
  });

  it('passes the person on from plugin to plugin, with the proof in the token', async () => {
    const { status, body } = await ask('relay/user', token);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body, { ...ALICE, actor: 'plugin:relay' });
  });

  it('takes the limited token where it is enough, and only there', async () => {
    const enough = await ask('whoami/limited', limited());
    assert.equal(enough.status, 200, JSON.stringify(enough.body));
    assert.deepEqual(enough.body, ALICE);
    assert.equal((await ask('whoami/user', limited())).status, 401);
    assert.equal(await askPortal('auth/v1/userinfo', limited()), 200);
  });

  it('makes the limited token itself, for its cookie', async () => {
    const issued = await ask('whoami/cookie', token);
    assert.equal(issued.status, 200, JSON.stringify(issued.body));
    const [cookie] = issued.response.headers.getSetCookie()[0].split(';');
    assert.equal(cookie, `backstage-auth=${limited()}`);
    const { status, body } = await ask('whoami/limited', undefined, { cookie });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body, ALICE);
    assert.equal((await ask('whoami/user', undefined, { cookie })).status, 401);
  });

  it('finds our keys as a discovery document says', async () => {
    const issuer = `${demo.portal}/api/auth`;
    const found = await fetch(`${issuer}/.well-known/openid-configuration`);
    const { jwks_uri: jwks, userinfo_endpoint: userinfo, ...document } = await found.json();
    assert.equal(document.issuer, issuer);
    assert.equal(userinfo, `${issuer}/v1/userinfo`);
    const keys = jose.createRemoteJWKSet(new URL(jwks));
    const options = { issuer, audience: 'backstage', typ: 'vnd.backstage.user' };
    const { payload } = await jose.jwtVerify(token, keys, options);
    assert.equal(payload.sub, ALICE.userEntityRef);
  });
});

describe('a token that was tampered with', () => {
  const other = jose.generateKeyPair('ES256', { extractable: true });
  const sign = async (header, claims, key) =>
    new jose.SignJWT(claims).setProtectedHeader(header).sign(key ?? (await other).privateKey);
  const publicKey = async () => {
    const response = await fetch(`${demo.portal}/api/auth/.well-known/jwks.json`);
    return (await response.json()).keys.find(({ kid }) => kid === parts().header.kid);
  };
  const pem = async () => jose.exportSPKI(await jose.importJWK(await publicKey(), 'ES256'));
  const changed = ({ header, claims }) => {
    const now = parts();
    const text = [
      { ...now.header, ...header },
      { ...now.claims, ...claims },
    ]
      .map(encode)
      .join('.');
    return `${text}.${now.signature}`;
  };
  const secret = text => new TextEncoder().encode(text);
  const hmac = async text => {
    const { header, claims } = parts();
    return sign({ ...header, alg: 'HS256' }, claims, secret(text));
  };

  const tampered = {
    'names another person': () => changed({ claims: { sub: 'user:default/bob' } }),
    'lives longer': () => changed({ claims: { exp: parts().claims.exp + 3600 } }),
    'owns more': () => changed({ claims: { ent: ['group:default/admins'] } }),
    'is said to be of another type': () => changed({ header: { typ: 'JWT' } }),
    'is said to be limited': () => changed({ header: { typ: 'vnd.backstage.limited-user' } }),
    'names a key that is not there': () => changed({ header: { kid: 'another' } }),
    'is not signed': () => changed({ header: { alg: 'none' } }).replace(/[^.]*$/, ''),
    'has another signature': () =>
      token.replace(/.(.{85})$/, (all, rest) => (all[0] === 'A' ? 'B' : 'A') + rest),
    'has no signature': () => token.replace(/[^.]*$/, ''),
    'is signed with a key of its own': () => sign(parts().header, parts().claims),
    'brings its key along': async () => {
      const jwk = await jose.exportJWK((await other).publicKey);
      return sign({ ...parts().header, jwk }, parts().claims);
    },
    'is signed with our public key, as PEM, as a shared secret': async () => hmac(await pem()),
    'is signed with our public key, as JSON, as a shared secret': async () =>
      hmac(JSON.stringify(await publicKey())),
    'is signed with RSA': async () => {
      const { privateKey } = await jose.generateKeyPair('RS256');
      return sign({ ...parts().header, alg: 'RS256' }, parts().claims, privateKey);
    },
    'is only a proof': () => parts().claims.uip,
    'is no token': () => 'nonsense',
  };

  for (const [name, make] of Object.entries(tampered)) {
    it(`${name} and is refused`, async () => {
      const forged = await make();
      assert.notEqual(forged, token);
      for (const path of ['whoami/user', 'whoami/limited', 'relay/user']) {
        const { status, body } = await ask(path, forged);
        assert.equal(status, 401, `${path}: ${JSON.stringify(body)}`);
      }
      for (const path of ['auth/v1/userinfo', 'coder/v1/entities']) {
        assert.equal(await askPortal(path, forged), 401, path);
      }
    });
  }

  it('has a proof for another person, and nobody is passed on or taken in', async () => {
    const [header, , proof] = limited().split('.');
    const { iat, exp } = parts().claims;
    const forged = [header, encode({ sub: 'user:default/bob', iat, exp }), proof].join('.');
    assert.equal((await ask('whoami/limited', forged)).status, 401);
    assert.equal(await askPortal('auth/v1/userinfo', forged), 401);
  });

  it('is as it was, and is accepted', async () => {
    assert.equal((await ask('whoami/user', token)).status, 200);
    assert.equal(await askPortal('auth/v1/userinfo', token), 200);
    assert.equal(await askPortal('coder/v1/entities', token), 200);
  });

  it('has expired, says the backend by its own clock', async () => {
    mock.timers.enable({ apis: ['Date'], now: parts().claims.exp * 1000 - 1 });
    try {
      assert.equal((await ask('whoami/limited', token)).status, 200);
      mock.timers.setTime(parts().claims.exp * 1000);
      assert.equal((await ask('whoami/limited', token)).status, 401);
      assert.equal((await ask('whoami/limited', limited())).status, 401);
    } finally {
      mock.timers.reset();
    }
  });
});
