import type { Request as ExpressRequest, Response as ExpressResponse } from 'express';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Handler } from './handler';

/** Headers of one connection, which are not passed on. */
const OF_CONNECTION = ['connection', 'host', 'keep-alive', 'transfer-encoding', 'content-length'];

/**
 * Makes a request of the platform from one of Express. Its URL begins with the URL of the backend, whatever
 * is in front of it.
 */
export function toRequest(incoming: ExpressRequest, baseUrl: string): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value === undefined || OF_CONNECTION.includes(name)) continue;
    for (const one of [value].flat()) headers.append(name, one);
  }
  const { method } = incoming;
  const request: RequestInit & { duplex?: 'half' } = { method, headers };
  if (method !== 'GET' && method !== 'HEAD') {
    // Backstage may have read the body already.
    const isRead = incoming.body !== undefined && incoming.readableEnded;
    request.body = isRead
      ? written(incoming.body, headers)
      : (Readable.toWeb(incoming) as globalThis.ReadableStream);
    request.duplex = 'half';
  }
  return new Request(new URL(incoming.originalUrl, baseUrl), request);
}

/** Sends an answer of the platform with Express. */
export async function send(answer: Response, outgoing: ExpressResponse): Promise<void> {
  outgoing.status(answer.status);
  answer.headers.forEach((value, name) => {
    if (name !== 'set-cookie') outgoing.setHeader(name, value);
  });
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies);
  if (!answer.body) {
    outgoing.end();
    return;
  }
  // Ends a body that nobody waits for any more: of a client that has left already, no event tells.
  if (outgoing.destroyed) {
    await answer.body.cancel();
    return;
  }
  const body = Readable.fromWeb(answer.body as ReadableStream);
  outgoing.on('close', () => body.destroy());
  await new Promise<void>(resolve => {
    body.on('error', () => outgoing.destroy());
    outgoing.on('close', resolve);
    body.pipe(outgoing);
  });
}

/** Makes a handler of Express that answers everything with the handler of the portal. */
export function passOn(get: () => Promise<Handler>, baseUrl: string) {
  return async (incoming: ExpressRequest, outgoing: ExpressResponse) => {
    const handler = await get();
    await send(await handler(toRequest(incoming, baseUrl)), outgoing);
  };
}

/** Writes a body that was read already, in the type that it came in. */
function written(body: Record<string, string>, headers: Headers): string {
  const isForm = headers.get('content-type')?.startsWith('application/x-www-form-urlencoded');
  return isForm ? new URLSearchParams(body).toString() : JSON.stringify(body);
}
