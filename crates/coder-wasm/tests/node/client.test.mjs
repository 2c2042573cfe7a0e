// The module `client`, against the fake Coder of the test kit.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  CoderClient,
  CoderError,
  call,
  getBuildInfo,
  getUser,
  getWorkspace,
  getWorkspaceByName,
  init,
  listBuildParameters,
  listTemplates,
  listWorkspaces,
} from '@coder-backstage/core/client';
import { WebSocket } from 'ws';

import { event, serve, startFake } from './fake.mjs';

let fake;
before(async () => (fake = await startFake()));
after(() => fake.stop());

function client(options) {
  return new CoderClient({ url: fake.url, token: fake.token, ...options });
}

const app = {
  deployment: { accessUrl: 'https://coder.example.com' },
  workspaces: { defaultTemplateName: 'devcontainers', repoUrlParamKeys: ['repo'] },
};

function entity(repository = 'payments') {
  const location = `url:https://github.com/acme/${repository}/tree/main/`;
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Component',
    metadata: { name: repository, annotations: { 'backstage.io/source-location': location } },
    spec: { coder: { params: { region: 'us-pittsburgh' } } },
  };
}

test('calls of the API answer with objects in camel case', async () => {
  const coder = client();
  assert.match((await coder.send(getBuildInfo())).version, /^v2\./);
  const { username, email, status } = await coder.send(getUser());
  assert.deepEqual([username, email, status], ['alice', 'alice@example.com', 'active']);
  const [template] = await coder.send(listTemplates());
  assert.equal(template.name, 'devcontainers');
  const { workspaces, count, problems } = await coder.send(listWorkspaces({ filter: 'owner:me' }));
  assert.deepEqual([workspaces.length, count, problems], [2, 2, []]);
  const running = await coder.send(getWorkspace(fake.workspaces.running));
  assert.equal(running.availability.state, 'online');
  assert.equal(running.availability.label, 'Online');
  assert.deepEqual(running.availability.agentStatuses, ['connected']);
  assert.equal(running.agents[0].status, 'connected');
  assert.equal(running.latestBuild.transition, 'start');
  assert.equal((await coder.send(getWorkspaceByName('me', 'running'))).id, running.id);
  const parameters = await coder.send(listBuildParameters(running.latestBuild.id));
  assert.equal(parameters.repo, 'https://github.com/acme/payments');
  const one = await coder.send(listWorkspaces({ limit: 1, offset: 1 }));
  assert.equal(one.workspaces.length, 1);
});

test('a route that has no function of its own is called by its path', async () => {
  const user = await client().send(call('GET', ['users', 'me']));
  assert.equal(user.username, 'alice');
  const { workspaces } = await client().send(
    call('GET', ['workspaces'], { query: { q: 'name:stopped', limit: 5, offset: undefined } }),
  );
  assert.equal(workspaces[0].latest_build.transition, 'stop');
});

test('a request is data, and its answer is read wherever it comes from', async () => {
  const coder = client({ token: undefined });
  const list = listWorkspaces({ filter: 'owner:me' });
  const { method, url, headers, body } = coder.request(list);
  assert.deepEqual([method, body], ['GET', undefined]);
  assert.equal(url, `${fake.url.replace(/\/$/, '')}/api/v2/workspaces?q=owner%3Ame`);
  const own = { ...headers, 'Coder-Session-Token': fake.token };
  const found = await coder.read(list, await fetch(url, { method, headers: own, body }));
  assert.equal(found.workspaces.length, 2);
  const refused = coder.read(list, await fetch(url, { method, headers }));
  await assert.rejects(refused, { name: 'CoderError', code: 'unauthorized', status: 401 });
  const post = coder.request(call('POST', ['x', 'a b'], { body: { a: [1, null] } }));
  assert.deepEqual(post.headers, { 'content-type': 'application/json' });
  assert.deepEqual([post.url.endsWith('/api/v2/x/a%20b'), post.body], [true, '{"a":[1,null]}']);
  assert.throws(() => coder.request(call('GET', ['a/b'])), { code: 'invalidArgument' });
});

test('an error tells what went wrong as a word, and the status', async () => {
  const missing = client().send(getWorkspaceByName('me', 'nobody'));
  await assert.rejects(missing, error => {
    assert.ok(error instanceof CoderError);
    assert.deepEqual([error.code, error.status], ['notFound', 404]);
    return true;
  });
  await assert.rejects(client({ token: 'wrong' }).send(getUser()), { code: 'unauthorized' });
  await assert.rejects(client().send(listWorkspaces({ filter: 'a:"' })), { code: 'invalidFilter' });
  await assert.rejects(client().send(getWorkspace('x')), { code: 'invalidArgument' });
  assert.throws(() => client({ url: 'nowhere' }), { code: 'invalidUrl' });
  assert.throws(() => client({ url: 'http://coder.example.com' }), { code: 'invalidUrl' });
  const gone = await serve(() => {});
  gone.stop();
  const unreachable = client({ url: gone.url, timeoutSeconds: 0.1 });
  await assert.rejects(unreachable.send(call('POST', ['x'])), { code: 'unreachable' });
});

test('a token is asked for, and a fresher one when it was refused', async () => {
  const asked = [];
  const token = async refused => {
    asked.push(refused);
    return refused === undefined ? 'stale' : fake.token;
  };
  assert.equal((await client({ token, tokenHeader: 'bearer' }).send(getUser())).username, 'alice');
  assert.deepEqual(asked, [undefined, 'stale']);
  const broken = client({ token: () => Promise.reject(new Error('the keyring is locked')) });
  await assert.rejects(broken.send(getUser()), error => {
    assert.equal(error.code, 'noToken');
    assert.match(error.message, /the keyring is locked/);
    return true;
  });
});

test('a token function may throw anything, and the call still ends', async () => {
  for (const thrown of [undefined, null, 'no', { code: 1 }]) {
    const broken = client({ token: () => Promise.reject(thrown) });
    await assert.rejects(broken.send(getUser()), { code: 'noToken' });
  }
});

test('an error does not repeat a value that may be secret', () => {
  const wrong = [
    () => client({ tokenHeader: 'sEcRet' }),
    () => client().startWorkspace(fake.workspaces.running, { parameters: { api_key: 918273 } }),
  ];
  const told = error => error.code === 'invalidArgument' && !/sEcRet|918273/.test(error.message);
  assert.throws(wrong[0], told);
  return assert.rejects(async () => wrong[1](), told);
});

test('a `fetch` of the caller sends the requests, with the token in its header', async () => {
  const seen = [];
  const own = (url, request) => {
    seen.push([request.method, new URL(url).pathname, new Headers(request.headers)]);
    return fetch(url, request);
  };
  await client({ fetch: own }).send(getUser('alice'));
  const [[method, path, headers]] = seen;
  assert.deepEqual([method, path], ['GET', '/api/v2/users/alice']);
  assert.equal(headers.get('Coder-Session-Token'), fake.token);
});

test('an aborted call drops its request, and is rejected with the reason', async () => {
  const [asked, dropped] = [event(), event()];
  const silent = await serve((request, answer) => {
    answer.on('close', dropped.happen);
    asked.happen();
  });
  const controller = new AbortController();
  const { signal } = controller;
  const sent = client({ url: silent.url }).send(getUser(), { signal });
  await asked.happened;
  controller.abort(new Error('nobody waits'));
  await assert.rejects(sent, { message: 'nobody waits' });
  await dropped.happened;
  await assert.rejects(client().send(getUser(), { signal }), { message: 'nobody waits' });
  silent.stop();
});

test('a `fetch` that does not heed signals is not waited for', async () => {
  const asked = event();
  const deaf = () => {
    asked.happen();
    return new Promise(() => {});
  };
  const controller = new AbortController();
  const sent = client({ fetch: deaf }).send(getUser(), { signal: controller.signal });
  await asked.happened;
  controller.abort();
  await assert.rejects(sent, { name: 'AbortError' });
});

test('an answer that comes after its call was aborted is let go', async () => {
  const [asked, dropped] = [event(), event()];
  let answer;
  const late = () => {
    asked.happen();
    return new Promise(resolve => (answer = resolve));
  };
  const controller = new AbortController();
  const sent = client({ fetch: late }).send(getUser(), { signal: controller.signal });
  await asked.happened;
  controller.abort();
  await assert.rejects(sent, { name: 'AbortError' });
  answer(new Response(new ReadableStream({ cancel: dropped.happen })));
  await dropped.happened;
});

test('an answer that is read ends where an answer that is sent for does', async () => {
  const cancelled = event();
  let pulled = 0;
  const source = {
    pull(controller) {
      if (++pulled > 64) controller.error(new Error('64 MiB were read'));
      else controller.enqueue(new Uint8Array(1024 * 1024));
    },
    cancel: cancelled.happen,
  };
  const endless = () => new Response(new ReadableStream(source, { highWaterMark: 0 }));
  const coder = client({ fetch: endless });
  const tooLarge = error => {
    assert.equal(error.code, 'unreachable');
    assert.match(error.message, /coder's answer is larger than is read/);
    return true;
  };
  await assert.rejects(coder.read(getUser(), endless()), tooLarge);
  await cancelled.happened;
  assert.ok(pulled <= 2, `${pulled} MiB`);
  await assert.rejects(coder.send(getUser()), tooLarge);
});

test('a redirect is not followed, since the token would travel with it', async () => {
  const elsewhere = await serve((request, answer) => {
    answer.writeHead(302, { location: 'https://login.example.com/' });
    answer.end();
  });
  await assert.rejects(client({ url: elsewhere.url }).send(getUser()), error => {
    assert.deepEqual([error.code, error.status], ['unexpectedAnswer', 302]);
    assert.match(error.message, /redirect to `https:\/\/login.example.com`/);
    return true;
  });
  elsewhere.stop();
  // As browsers show it.
  const hidden = Object.defineProperty(new Response(), 'type', { value: 'opaqueredirect' });
  const browser = client({ fetch: async () => hidden });
  await assert.rejects(browser.send(getUser()), error => {
    assert.equal(error.code, 'unreachable');
    assert.match(error.message, /the answer is a redirect/);
    return true;
  });
});

test('a call that is over leaves no timer, for which Node.js would wait', async () => {
  const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
  const fetch = async () => Response.json({ id: fake.workspaces.running, username: 'alice' });
  const before = timers();
  await client({ fetch }).send(getUser());
  const controller = new AbortController();
  const silent = client({ fetch: () => new Promise(() => {}) });
  const sent = silent.send(getUser(), { signal: controller.signal });
  await new Promise(resolve => setImmediate(resolve));
  assert.ok(timers() > before, 'its deadline');
  controller.abort();
  await assert.rejects(sent);
  await new Promise(resolve => setImmediate(resolve));
  assert.equal(timers(), before);
});

test('a workspace is watched: it comes at once, and when it has changed', async () => {
  const seen = [];
  for await (const workspace of client().watchWorkspace(fake.workspaces.running)) {
    seen.push(workspace.latestBuild.transition);
    if (seen.length === 1) fake.act('stop running');
    if (seen.at(-1) === 'stop') break;
  }
  assert.equal(seen[0], 'start');
  const start = client().startWorkspace(fake.workspaces.running);
  assert.equal((await start).availability.state, 'online');
});

for (const leave of ['left', 'aborted']) {
  test(`a stream that is ${leave} drops its source`, async () => {
    const [asked, dropped] = [event(), event()];
    const live = await serve((request, answer) => {
      answer.on('close', dropped.happen);
      answer.writeHead(200, { 'content-type': 'text/event-stream' });
      answer.write('event: ping\ndata:\n\n');
      asked.happen();
    });
    const controller = new AbortController();
    const { signal } = controller;
    const coder = client({ url: live.url });
    const stream = coder.watchWorkspace(fake.workspaces.running, { signal });
    const next = stream.next();
    await asked.happened;
    if (leave === 'left') {
      await stream.return();
      assert.deepEqual(await next, { done: true, value: undefined });
    } else {
      controller.abort();
      await assert.rejects(next, { name: 'AbortError' });
    }
    await dropped.happened;
    assert.deepEqual(await stream.return(), { done: true, value: undefined });
    live.stop();
  });
}

test('the log of a build is read from its first line to its end', async () => {
  const coder = client();
  const { latestBuild } = await coder.send(getWorkspace(fake.workspaces.running));
  const lines = [];
  for await (const line of coder.buildLogs(latestBuild.id)) lines.push(line);
  assert.ok(lines.length > 1);
  assert.equal(typeof lines[0].stage, 'string');
  const rest = [];
  for await (const line of coder.buildLogs(latestBuild.id, { after: lines[0].id })) rest.push(line);
  assert.deepEqual(rest, lines.slice(1));
});

test('lines that are asked for at once come one after the other', async () => {
  const coder = client();
  const { latestBuild } = await coder.send(getWorkspace(fake.workspaces.running));
  const stream = coder.buildLogs(latestBuild.id);
  const [first, second] = await Promise.all([stream.next(), stream.next()]);
  assert.ok(first.value.id < second.value.id);
  await stream.return();
});

/** A web socket that says one line, and is closed by its peer. */
class Socket extends EventTarget {
  constructor(lines = 1, output = 'over the socket') {
    super();
    const line = { log_level: 'info', stage: 'x', output };
    queueMicrotask(() => {
      this.dispatchEvent(new Event('open'));
      for (let id = 1_000_000; id < 1_000_000 + lines; id++) {
        this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify({ id, ...line }) }));
      }
      this.dispatchEvent(Object.assign(new Event('close'), { code: 1000 }));
    });
  }

  close() {
    this.closed = true;
  }
}

test('a web socket of the caller carries the token, and is closed when the log has ended', async () => {
  const opened = [];
  const webSocket = (url, { headers }) => {
    const socket = new Socket();
    opened.push({ url: new URL(url), headers, socket });
    return socket;
  };
  const coder = client({ webSocket });
  const { latestBuild } = await coder.send(getWorkspace(fake.workspaces.running));
  const lines = [];
  for await (const line of coder.buildLogs(latestBuild.id)) lines.push(line);
  assert.deepEqual(
    lines.map(({ output }) => output),
    ['over the socket'],
  );
  const [{ url, headers, socket }] = opened;
  assert.equal(url.protocol, 'ws:');
  assert.equal(url.pathname, `/api/v2/workspacebuilds/${latestBuild.id}/logs`);
  assert.equal(headers['coder-session-token'], fake.token);
  assert.equal(socket.closed, true);
});

test('over a real web socket, one of npm’s `ws`, a log comes as over `fetch`, and the socket is closed', async () => {
  const opened = [];
  const webSocket = (url, options) => {
    const socket = new WebSocket(url, options);
    opened.push({ path: new URL(url).pathname, socket });
    return socket;
  };
  const coder = client({ webSocket });
  const { latestBuild } = await coder.send(getWorkspace(fake.workspaces.running));
  const [usual, lines] = [[], []];
  for await (const line of client().buildLogs(latestBuild.id)) usual.push(line);
  for await (const line of coder.buildLogs(latestBuild.id)) lines.push(line);
  assert.ok(lines.length > 1);
  assert.deepEqual(lines, usual);
  const [{ path }] = opened;
  assert.equal(path, `/api/v2/workspacebuilds/${latestBuild.id}/logs`);
  const open = opened.filter(({ socket }) => socket.readyState <= WebSocket.OPEN);
  assert.deepEqual(open, []);
});

for (const [what, lines, code] of [
  ['messages that come faster than they are read close their socket, and the next one goes on', 40],
  ['a message that is too large closes its socket, and ends the stream', 1, 'unreachable'],
]) {
  test(what, async () => {
    const large = 'x'.repeat((40 / lines) * 1024 * 1024);
    const opened = [];
    const webSocket = url => {
      const socket = opened.length === 0 ? new Socket(lines, large) : new Socket();
      opened.push({ after: new URL(url).searchParams.get('after'), socket });
      return socket;
    };
    const coder = client({ webSocket });
    const { latestBuild } = await coder.send(getWorkspace(fake.workspaces.running));
    const read = [];
    const reading = (async () => {
      for await (const line of coder.buildLogs(latestBuild.id)) read.push(line.id);
    })();
    if (code === undefined) {
      await reading;
      assert.equal(opened.length, 2);
      assert.equal(read.length, 15);
      assert.equal(opened[1].after, String(read.at(-1)));
    } else {
      await assert.rejects(reading, { code });
      assert.deepEqual(read, []);
    }
    assert.equal(opened[0].socket.closed, true);
  });
}

test('the workspaces of an entity are those that were made for its repository', async () => {
  const payments = client().workspacesOf(entity(), app);
  const found = await payments.find();
  assert.deepEqual(found.workspaces.map(({ name }) => name).sort(), ['running', 'stopped']);
  assert.equal(found.workspaces[0].name, 'running');
  assert.equal((await payments.find({ limit: 1, owner: 'everyone' })).workspaces.length, 1);
  assert.equal((await payments.find({ filter: 'name:stopped' })).workspaces[0].name, 'stopped');
  assert.equal((await client().workspacesOf(entity('other'), app).find()).workspaces.length, 0);
  const nowhere = { ...app, workspaces: {} };
  const unsearchable = client().workspacesOf(entity(), nowhere).find();
  await assert.rejects(unsearchable, { code: 'notSearchable' });
  assert.throws(() => client().workspacesOf({}, app), { code: 'invalidEntity' });
});

test('the workspaces of an entity are watched, as often as they can have changed', async context => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const payments = client().workspacesOf(entity(), app);
  const controller = new AbortController();
  const seen = [];
  const watched = async () => {
    for await (const found of payments.watch({ signal: controller.signal })) {
      seen.push(found.workspaces.length);
      if (seen.length === 3) controller.abort();
      // The pause begins after this turn.
      else setImmediate(() => context.mock.timers.tick(found.pollAfterSeconds * 1000));
    }
  };
  await assert.rejects(watched(), { name: 'AbortError' });
  assert.deepEqual(seen, [2, 2, 2]);
});

test('a workspace is opened: found, started, or created with the parameters of the entity', async () => {
  const coder = client();
  const payments = coder.workspacesOf(entity(), app);
  const told = [];
  const onProgress = ({ kind }) => told.push(kind);
  const found = await payments.open({ onProgress });
  assert.deepEqual([found.workspace.name, found.outcome], ['running', 'found']);
  assert.ok(told.includes('searching') && told.includes('reusing'), told.join());
  const orders = coder.workspacesOf(entity('orders'), app);
  const created = await orders.open({ parameters: { region: 'eu-paris' }, onProgress });
  assert.deepEqual([created.workspace.name, created.outcome], ['orders', 'created']);
  assert.ok(told.includes('creating') && told.includes('waiting'), told.join());
  const { repo, region } = await coder.send(listBuildParameters(created.workspace.latestBuild.id));
  assert.deepEqual([repo, region], ['https://github.com/acme/orders', 'eu-paris']);
  const again = await orders.ensure('orders', { parameters: { region: 'eu-paris' } });
  assert.deepEqual([again.workspace.id, again.created], [created.workspace.id, false]);
  const fresh = await orders.ensure('orders-2');
  assert.equal(fresh.created, true);
  const broken = orders.open({ name: 'a b' });
  await assert.rejects(broken, { code: 'invalidArgument' });
  const none = coder.workspacesOf(entity('none'), {
    ...app,
    workspaces: { repoUrlParamKeys: ['repo'] },
  });
  await assert.rejects(none.open(), { code: 'notCreatable' });
});

test('a workspace is stopped, started, restarted and deleted, and waited for', async () => {
  const coder = client();
  const id = fake.workspaces.stopped;
  assert.equal((await coder.startWorkspace(id)).availability.state, 'online');
  assert.equal((await coder.waitUntilReady(id)).availability.state, 'online');
  assert.equal((await coder.restartWorkspace(id)).availability.state, 'online');
  assert.equal((await coder.stopWorkspace(id)).availability.state, 'offline');
  await assert.rejects(coder.waitUntilReady(id), error => {
    assert.equal(error.code, 'notReady');
    assert.match(error.message, /the workspace `stopped` is stopped; start it again/);
    return true;
  });
  assert.equal((await coder.deleteWorkspace(id)).availability.state, 'deleted');
});

test('what a listener throws, or promises and fails, is the caller’s own matter', async () => {
  const payments = client().workspacesOf(entity(), app);
  const unhandled = [];
  const note = error => unhandled.push(error);
  process.on('unhandledRejection', note);
  for (const onProgress of [() => assert.fail('a listener'), async () => assert.fail('later')]) {
    assert.equal((await payments.open({ onProgress })).outcome, 'found');
  }
  await new Promise(setImmediate);
  process.off('unhandledRejection', note);
  assert.deepEqual(unhandled, []);
});

test('a client that was freed says so', async () => {
  const coder = client();
  const payments = coder.workspacesOf(entity(), app);
  coder.free();
  payments.free();
  payments.free();
  assert.throws(() => coder.request(getUser()), { code: 'disposed' });
  await assert.rejects(coder.send(getUser()), { code: 'disposed' });
  await assert.rejects(payments.find(), { code: 'disposed' });
});

test('in Node the module is ready when it is imported, and `init` does nothing', async () => {
  assert.equal(await init(), undefined);
});
