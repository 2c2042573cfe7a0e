// What TypeScript says about uses of the module `client`.
import type { CoderAppConfig } from '@coder-backstage/core';
import {
  CoderClient,
  call,
  getUser,
  getWorkspace,
  listBuildParameters,
  listWorkspaces,
  type LogLine,
  type Operation,
  type Progress,
  type Workspace,
  type Workspaces,
} from '@coder-backstage/core/client';

/** Whether two types are the same one; `any` is no other type. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

const coder = new CoderClient({
  url: 'https://coder.example.com',
  token: async refused => (refused === undefined ? 'a token' : undefined),
  tokenHeader: 'bearer',
  fetch,
  webSocket: url => new WebSocket(url),
});

// A socket of npm's `ws`, as `@types/ws` 8.18 has it.
interface WsEvents {
  open: { type: string; target: WsSocket };
  error: { error: any; message: string; type: string; target: WsSocket };
  close: { wasClean: boolean; code: number; reason: string; type: string; target: WsSocket };
  message: { data: string | Uint8Array; type: string; target: WsSocket };
}
declare class WsSocket {
  constructor(address: string, options?: { headers?: { [name: string]: string } });
  addEventListener<K extends keyof WsEvents>(
    type: K,
    listener: ((event: WsEvents[K]) => void) | { handleEvent(event: WsEvents[K]): void },
    options?: { once?: boolean },
  ): void;
  close(code?: number, data?: string | Uint8Array): void;
}
new CoderClient({
  url: 'https://coder.example.com',
  webSocket: (address, options) => new WsSocket(address, options),
});
// @ts-expect-error a web socket is closed some time
new CoderClient({ url: 'https://coder.example.com', webSocket: () => ({ addEventListener() {} }) });

// @ts-expect-error there is no such header
new CoderClient({ url: 'https://coder.example.com', tokenHeader: 'cookie' });

// The answer has the type of the operation.
const list = await coder.send(listWorkspaces({ filter: 'owner:me' }));
same<typeof list, Workspaces>(true);
same<(typeof list.workspaces)[number]['availability']['state'], import('@coder-backstage/core').AvailabilityState>(true);
const workspace: Promise<Workspace> = coder.send(getWorkspace('x'));
const parameters = await coder.send(listBuildParameters('x'));
same<typeof parameters, Readonly<Record<string, string>>>(true);
// @ts-expect-error a user is no workspace
const wrong: Operation<Workspace> = getUser();
const value = await coder.send(call('POST', ['x'], { body: { a: [1, null] } }));
// @ts-expect-error nobody knows what it is
value.name;
// @ts-expect-error there is no such method
call('FETCH', ['x']);

// A request goes into a `fetch` as it is.
const { url, ...request } = coder.request(getUser());
const init: RequestInit = request as { method: string; body?: string };
same<Awaited<ReturnType<typeof coder.read<Workspaces>>>, Workspaces>(true);

const { signal } = new AbortController();
for await (const line of coder.buildLogs('x', { after: 5, signal })) same<typeof line, LogLine>(true);
for await (const one of coder.watchWorkspace('x')) same<typeof one, Workspace>(true);

const app: CoderAppConfig = { deployment: { accessUrl: 'https://x.example' }, workspaces: {} };
const entity = { apiVersion: 'x', kind: 'x', metadata: { name: 'x' } };
using payments = coder.workspacesOf(entity, app);
const { outcome } = await payments.open({ preset: 'EU', onProgress: told => show(told), signal });
same<typeof outcome, 'found' | 'joined' | 'started' | 'created'>(true);
await payments.open({ name: 'pay', another: true });
// @ts-expect-error another workspace needs a name
await payments.open({ another: true });
for await (const found of payments.watch()) same<typeof found, Workspaces>(true);

function show(progress: Progress): string {
  switch (progress.kind) {
    case 'searching':
      return '';
    case 'creating':
      return progress.name;
    case 'log':
      return progress.line.output;
    case 'unanswered':
      return progress.message;
    case 'reusing':
    case 'waiting':
      return progress.workspace.name;
  }
}

export { init, url, workspace, wrong };
