import type { JsonObject } from '@backstage/types';
import express from 'express';
import { once } from 'node:events';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chooseEnvironment } from './module';
import { handlerConfig } from './config';
import { passOn } from './express';
import { readPopup } from './identity';

describe('the environment of a login', () => {
  it.each([
    ['two', ['one', 'two'], 'one', 'two'],
    ['frame', ['one'], undefined, 'one'],
    ['frame', ['one', 'two'], 'two', 'two'],
    ['frame', ['one', 'two'], undefined, 'one'],
    [undefined, ['one'], 'one', 'one'],
    [undefined, ['one', 'two'], 'two', 'two'],
    [['one', 'two'], ['one', 'two'], 'two', 'two'],
  ])(
    'of a request that names %j of %j is that one, the only one, or the usual one',
    (named, all, usual, environment) => {
      expect(chooseEnvironment(named, all, usual)).toBe(environment);
    },
  );
});

describe('the configuration of the handler', () => {
  const config = {
    app: { baseUrl: 'https://portal.example.com' },
    backend: { baseUrl: 'https://portal.example.com', database: { connection: 'secret' } },
    auth: {
      environment: 'production',
      session: { secret: 'of another plugin' },
      providers: {
        github: { production: { clientSecret: 'of another provider' } },
        coder: { production: { clientId: 'id', signIn: { resolvers: [] } } },
      },
    },
    coder: { session: { keys: ['key'] } },
  };
  const backstage = {
    issuer: 'https://portal.example.com/api/auth',
    jwksUrl: 'http://localhost:7007/api/auth/.well-known/jwks.json',
  };

  it('has what it needs of app-config, without the secrets of others', () => {
    expect(JSON.stringify(handlerConfig(config, backstage))).not.toMatch(/secret|another/);
    expect(handlerConfig(config, backstage)).toMatchObject({
      coder: config.coder,
      app: config.app,
    });
  });

  it('leaves the sign-in to Backstage', () => {
    expect(handlerConfig(config, backstage).auth).toEqual({
      environment: 'production',
      providers: { coder: { production: { clientId: 'id' } } },
    });
  });

  it("trusts Backstage's tokens, by the keys that app-config names if it names some", () => {
    const trusted = (coder: JsonObject) => handlerConfig({ ...config, coder }, backstage).coder;
    const other = { issuer: 'https://other.example.com/api/auth' };
    const own = { issuer: backstage.issuer, jwksUrl: 'https://keys.example.com/jwks.json' };
    expect(trusted({})).toEqual({ trustedIssuers: [backstage] });
    expect(trusted({ trustedIssuers: [other] })).toEqual({ trustedIssuers: [backstage, other] });
    expect(trusted({ trustedIssuers: [own] })).toEqual({ trustedIssuers: [own] });
  });
});

describe('the page of the popup', () => {
  const page = (message: object) => {
    const text = encodeURIComponent(JSON.stringify(message));
    return `<script>decodeURIComponent('${text}') decodeURIComponent('https%3A%2F%2Fa.example')</script>`;
  };

  it('tells the session, and to whom', () => {
    const session = { profile: {}, providerInfo: { accessToken: 'a', scope: '' } };
    expect(readPopup(page({ type: 'authorization_response', response: session }))).toEqual({
      session,
      origin: 'https://a.example',
    });
  });

  it.each([
    ['tells of a failure', page({ type: 'authorization_response', error: { message: 'no' } })],
    ['is another one', '<p>not found</p>'],
  ])('has no session when it %s', (_, html) => {
    expect(readPopup(html)).toBeUndefined();
  });
});

describe('an answer', () => {
  it('is cancelled when the client has left before it begins', async () => {
    const cancel = jest.fn();
    const endless = new ReadableStream({ pull: it => it.enqueue(new Uint8Array(1)), cancel });
    const app = express();
    const server = app.listen(0);
    const client = get({ port: (server.address() as AddressInfo).port });
    client.on('error', () => {});
    await new Promise((resolve, reject) => {
      app.use((incoming, outgoing) => {
        const handler = async () => {
          client.destroy();
          await once(outgoing, 'close');
          return new Response(endless);
        };
        const pass = passOn(async () => handler, 'http://localhost');
        pass(incoming, outgoing).then(resolve, reject);
      });
    });
    server.close();
    expect(cancel).toHaveBeenCalledTimes(1);
  });
});
