// The module at the edge: bundled as wrangler does, and run by workerd.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startWorker } from './workerd.mjs';

const WORKER = `
  import { availability, compileCoderConfig, init } from '@coder-backstage/core';

  const app = {
    deployment: { accessUrl: 'https://coder.example.com' },
    workspaces: { defaultTemplateName: 'dev', repoUrlParamKeys: ['repo'] },
  };

  export default {
    async fetch(request) {
      await init();
      try {
        const { spec, page } = await request.json();
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
