import { environmentOf } from './module';
import { handlerConfig } from './config';
import { readPopup } from './identity';

describe('the environment of a login', () => {
  it.each([
    ['/handler/frame/two', ['one', 'two'], 'one', 'two'],
    ['/handler/frame', ['one'], undefined, 'one'],
    ['/handler/frame', ['one', 'two'], 'two', 'two'],
    ['/handler/frame/', ['one', 'two'], undefined, 'one'],
  ])(
    'at %s of %j is that of its path, the only one, or the usual one',
    (path, all, usual, environment) => {
      expect(environmentOf(path, all, usual)).toBe(environment);
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

  it('has what it needs of app-config, without the secrets of others', () => {
    expect(JSON.stringify(handlerConfig(config))).not.toMatch(/secret|another/);
    expect(handlerConfig(config)).toMatchObject({ coder: config.coder, app: config.app });
  });

  it('leaves the sign-in to Backstage', () => {
    expect(handlerConfig(config).auth).toEqual({
      environment: 'production',
      providers: { coder: { production: { clientId: 'id' } } },
    });
  });
});

describe('the page of the popup', () => {
  it('tells what it posts, and to whom', () => {
    const message = encodeURIComponent(JSON.stringify({ type: 'authorization_response' }));
    const html = `<script>decodeURIComponent('${message}') decodeURIComponent('https%3A%2F%2Fa.example')</script>`;
    expect(readPopup(html)).toEqual({
      message: { type: 'authorization_response' },
      origin: 'https://a.example',
    });
  });

  it('that is another one tells nothing', () => {
    expect(readPopup('<p>not found</p>')).toBeUndefined();
  });
});
