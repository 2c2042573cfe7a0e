// The modules at the edge: bundled as wrangler does, and run by workerd.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startWorker } from './workerd.mjs';

const WORKER = `
  import { availability, compileCoderConfig, init } from '@coder-backstage/core';
  import { CoderClient, getUser } from '@coder-backstage/core/client';
  import { lintCatalogInfo } from '@coder-backstage/core/text';

  const app = {
    deployment: { accessUrl: 'https://coder.example.com' },
    workspaces: { defaultTemplateName: 'dev', repoUrlParamKeys: ['repo'] },
  };

  export default {
    async fetch(request) {
      await init();
      try {
        const { spec, page, text, user } = await request.json();
        if (text !== undefined) return Response.json(lintCatalogInfo(text));
        if (user !== undefined) {
          const fetch = async () => Response.json(user);
          const coder = new CoderClient({ url: app.deployment.accessUrl, fetch });
          return Response.json(await coder.send(getUser()));
        }
        return Response.json(compileCoderConfig(app, spec, page));
      } catch ({ name, code, path }) {
        return Response.json({ name, code, path }, { status: 500 });
      }
    },
  };
`;

let [server, address] = [undefined, undefined];

before(async () => {
  ({ server, address } = await startWorker('edge', WORKER));
});

after(() => server?.kill());

async function ask(body) {
  const answer = await fetch(address, { method: 'POST', body: JSON.stringify(body) });
  return answer.json();
}

test('a text is read there, and its places count as JavaScript does', async () => {
  const [{ message, span }] = await ask({ text: '# 🚀\na: [1' });
  assert.equal(message, "unclosed bracket '['");
  assert.deepEqual(span, { start: 8, end: 9 });
});

test('Coder is asked there, with the clock, the timers and the randomness of the edge', async () => {
  const user = { id: '7e8a26cd-5e2d-4d7e-9c3e-0d2c9a0f5a11', username: 'alice', email: '' };
  assert.equal((await ask({ user })).username, 'alice');
});

test('a worker has the module when it starts', async () => {
  const page = 'https://git.bücher.example/a/b/-/tree/main';
  const { creationUrl, repoUrl } = await ask({ spec: { params: { cpu: 4 } }, page });
  assert.equal(repoUrl, 'https://git.xn--bcher-kva.example/a/b');
  assert.match(
    creationUrl,
    /^https:\/\/coder.example.com\/templates\/dev\/workspace\?mode=manual&param.cpu=4/,
  );
});

test('a mistake is a CoderError there as well', async () => {
  const { notices } = await ask({ spec: { mode: 'banana' } });
  assert.equal(notices[0].path, 'spec.coder.mode');
});
