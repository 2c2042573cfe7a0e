// What the platform does for the modules `client` and `edge`: `fetch` and `WebSocket`.

/** Words of Node.js for how far a request got, and ours. */
const KINDS = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate',
  EAI_AGAIN: 'unknownHost',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EHOSTUNREACH: 'connect',
  ENETUNREACH: 'connect',
  ENOTFOUND: 'unknownHost',
  EPIPE: 'reset',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate',
  ETIMEDOUT: 'connect',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
};

/** Beginnings of further words. */
const FAMILIES = [
  ['CERT_', 'certificate'],
  ['SELF_SIGNED_', 'certificate'],
  ['UNABLE_TO_', 'certificate'],
  ['ERR_SSL_', 'tls'],
  ['HPE_', 'protocol'],
];

export class Platform {
  #fetch;
  #webSocket;
  #token;

  constructor({ fetch, webSocket, token } = {}) {
    // The global one is looked up at each call: it may be replaced, by a test for instance.
    this.#fetch = fetch ?? ((...request) => globalThis.fetch(...request));
    this.#webSocket = webSocket;
    this.#token = token;
  }

  async token(refused) {
    return typeof this.#token === 'function' ? this.#token(refused) : this.#token;
  }

  send(method, url, headers, body) {
    const request = { method, headers: pairs(headers), body, redirect: 'manual' };
    return new Exchange(this.#fetch, url, request);
  }

  openSocket(url, headers) {
    // `http…` to `ws…`.
    const address = url.replace('http', 'ws');
    if (this.#webSocket !== undefined) {
      return new Socket(this.#webSocket(address, { headers: Object.fromEntries(pairs(headers)) }));
    }
    // In workerd, `fetch` opens them, and they carry headers.
    if ('WebSocketPair' in globalThis) return new UpgradedSocket(this.#fetch, url, pairs(headers));
    // Those of browsers carry none.
    if (headers.length > 0 || typeof globalThis.WebSocket !== 'function') return undefined;
    return new Socket(new WebSocket(address));
  }
}

/** The chunks of a body. */
export class Transfer {
  #reader;

  constructor(stream) {
    this.#reader = stream?.getReader();
  }

  async read() {
    let chunk;
    try {
      chunk = (await this.#reader?.read())?.value;
    } catch (error) {
      throw failure(error);
    }
    return chunk === undefined ? undefined : plain(chunk);
  }

  abort() {
    // It may be the stream of another request, which workerd lets nobody touch.
    Promise.resolve()
      .then(() => this.#reader?.cancel())
      .catch(() => {});
  }
}

class Exchange {
  #controller = new AbortController();
  #answer;
  #body;

  constructor(fetch, url, request) {
    this.#answer = this.#send(fetch, url, request);
    // It may be aborted before anybody waits.
    this.#answer.catch(() => {});
  }

  async #send(fetch, url, request) {
    const { signal } = this.#controller;
    let answer;
    let response;
    // A `fetch` of somebody's own may not heed the signal.
    const aborted = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    try {
      answer = Promise.resolve(fetch(url, { ...request, signal }));
      response = await Promise.race([answer, aborted]);
      // Between the answer and this line there was a turn.
      signal.throwIfAborted();
    } catch (error) {
      // The answer has come or will come, and nobody reads it.
      if (signal.aborted) answer?.then(letGo).catch(() => {});
      throw failure(error);
    }
    let parts;
    try {
      parts = { ...answered(response), type: response.type };
    } catch {
      answer.then(letGo).catch(() => {});
      throw { kind: 'protocol', reason: '`fetch` gave no `Response`' };
    }
    const { status, headers, body, type } = parts;
    if (type === 'opaqueredirect') {
      const reason = 'the answer is a redirect, and the browser does not show where to';
      throw { kind: 'protocol', reason };
    }
    this.#body = body;
    return { status, headers, response };
  }

  answer() {
    return this.#answer;
  }

  async read() {
    return this.#body?.read();
  }

  abort() {
    this.#controller.abort();
    this.#body?.abort();
  }
}

class Socket {
  #socket;
  #opened;
  #messages = [];
  /** The size of the messages that wait, in UTF-16 units. */
  #waiting = 0;
  #isOver = false;
  #wake = () => {};

  constructor(socket) {
    this.#socket = socket;
    socket.addEventListener('message', event => {
      this.#receive(typeof event?.data === 'string' ? event.data : undefined);
    });
    socket.addEventListener('close', event => {
      const code = Number.isInteger(event?.code) ? event.code : NO_CODE;
      this.#end(code === NOT_CLOSED ? { failure: BROKEN } : { code });
    });
    socket.addEventListener('error', () => this.#end({ failure: BROKEN }));
    this.#opened = new Promise((resolve, reject) => {
      socket.addEventListener('open', () => resolve());
      socket.addEventListener('error', () => reject(BROKEN));
      socket.addEventListener('close', () => reject({ reason: 'the web socket was closed' }));
    });
    this.#opened.catch(() => {});
  }

  opened() {
    return this.#opened;
  }

  async next() {
    while (this.#messages.length === 0) await new Promise(resolve => (this.#wake = resolve));
    const message = this.#messages.shift();
    this.#waiting -= sizeOf(message);
    if (message.failure !== undefined) throw message.failure;
    return message;
  }

  async read() {}

  abort() {
    this.#messages = [];
    this.#close({ code: 1000 });
  }

  /** A socket cannot be told to wait, so one whose messages are not read fast enough is closed. */
  #receive(text) {
    if (this.#isOver) return;
    const size = sizeOf({ text });
    if (size > MOST_WAITING) this.#close({ failure: TOO_LARGE });
    else if (this.#waiting + size > MOST_WAITING) this.#close({ failure: TOO_FAST });
    else this.#add({ text });
  }

  #close(last) {
    this.#socket.close();
    this.#end(last);
  }

  #end(last) {
    this.#add(last);
    this.#isOver = true;
  }

  #add(message) {
    if (this.#isOver) return;
    this.#messages.push(message);
    this.#waiting += sizeOf(message);
    this.#wake();
  }
}

/** A socket of workerd, whose handshake is a request with headers. */
class UpgradedSocket {
  #exchange;
  #socket;
  #isOver = false;

  constructor(fetch, url, headers) {
    const request = { headers: [...headers, ['upgrade', 'websocket']] };
    this.#exchange = new Exchange(fetch, url, request);
  }

  async opened() {
    const { response, ...refused } = await this.#exchange.answer();
    if (!response.webSocket) return refused;
    this.#socket = new Socket(response.webSocket);
    response.webSocket.accept();
    // Between the answer and this line there was a turn.
    if (this.#isOver) this.#socket.abort();
    return undefined;
  }

  next() {
    return this.#socket.next();
  }

  read() {
    return this.#exchange.read();
  }

  abort() {
    this.#isOver = true;
    this.#socket?.abort();
    this.#exchange.abort();
  }
}

/** The code of a close that nobody has sent (RFC 6455 §7.1.5). */
const NOT_CLOSED = 1006;

/** The code of a close that has none. */
const NO_CODE = 1005;

/** The greatest size of a message, and of those that wait together: 16 Mi, as everywhere. */
const MOST_WAITING = 16 * 1024 * 1024;

/** A message takes space of its own, even an empty one. */
const PER_MESSAGE = 64;

const BROKEN = { reason: 'the web socket broke' };
const TOO_LARGE = { kind: 'tooLarge', reason: 'a message is larger than 16 MiB' };
// The next socket begins behind the messages that were read.
const TOO_FAST = { reason: 'messages came faster than they were read' };

function sizeOf({ text = '' }) {
  return text.length + PER_MESSAGE;
}

/** Lets go of an answer that nobody waits for any more. */
function letGo(response) {
  new Transfer(response.body).abort();
  response.webSocket?.accept();
  response.webSocket?.close();
}

function pairs(flat) {
  return Array.from({ length: flat.length / 2 }, (_, index) =>
    flat.slice(2 * index, 2 * index + 2),
  );
}

/** Reads the parts of an answer of `fetch`. WebAssembly ends for good when one has another type. */
export function answered({ status, headers, body }) {
  if (!Number.isInteger(status) || status < 0 || status > 999) throw new TypeError('no status');
  return { status, headers: flatHeaders(headers), body: new Transfer(body) };
}

/** Writes names and values of headers in turn. */
export function flatHeaders(headers) {
  const flat = [...headers].flat();
  if (flat.every(text => typeof text === 'string')) return flat;
  throw new TypeError('a header is no text');
}

/** Copies bytes, which fails for those that were handed on and for what only looks like bytes. */
function plain(chunk) {
  try {
    if (chunk instanceof Uint8Array) return new Uint8Array(chunk);
  } catch {
    // It is told below.
  }
  throw { kind: 'protocol', reason: 'a chunk of the body is no `Uint8Array`' };
}

/** Reads how far a request got; browsers do not tell. */
function failure(error) {
  try {
    return told(error);
  } catch {
    return { reason: 'the error that `fetch` threw cannot be read' };
  }
}

function told(error) {
  const cause = error?.cause ?? error;
  const code = String(cause?.code ?? '');
  const family = FAMILIES.find(([beginning]) => code.startsWith(beginning));
  const kind = Object.hasOwn(KINDS, code) ? KINDS[code] : family?.[1];
  // The messages of other errors may hold a URL with its query.
  const reason = kind === undefined ? code || (cause?.name ?? typeof cause) : cause.message;
  return { kind, reason: String(reason) };
}
