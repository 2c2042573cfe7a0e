// What the platform does for the module `client`: `fetch`, `WebSocket`, timers, a clock, randomness.

/** The longest time that a timer can run. */
const LONGEST = 2 ** 31 - 1;

/** Words of Node.js for how far a request got, and ours. */
const KINDS = {
  EAI_AGAIN: 'unknownHost',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ENOTFOUND: 'unknownHost',
  UND_ERR_CONNECT_TIMEOUT: 'connect',
};

export class Platform {
  #fetch;
  #webSocket;
  #token;

  constructor({ fetch, webSocket, token }) {
    // The global one is looked up at each call: it may be replaced, by a test for instance.
    this.#fetch = fetch ?? ((...request) => globalThis.fetch(...request));
    this.#webSocket = webSocket;
    this.#token = token;
  }

  now() {
    return Date.now();
  }

  random(length) {
    return crypto.getRandomValues(new Uint8Array(length));
  }

  sleep(milliseconds) {
    return new Timer(Math.min(milliseconds, LONGEST));
  }

  async token(refused) {
    return typeof this.#token === 'function' ? this.#token(refused) : this.#token;
  }

  send(method, url, headers, body) {
    return new Exchange(this.#fetch, url, { method, headers: pairs(headers), body });
  }

  openSocket(url, headers) {
    const open = this.#webSocket ?? withoutHeaders(headers);
    return open && new Socket(open(url, { headers: Object.fromEntries(pairs(headers)) }));
  }
}

/** Sockets of browsers carry no headers. */
function withoutHeaders(headers) {
  if (headers.length > 0 || typeof globalThis.WebSocket !== 'function') return undefined;
  return url => new WebSocket(url);
}

class Timer {
  #id;
  #end;
  #over = new Promise(resolve => (this.#end = resolve));

  constructor(milliseconds) {
    this.#id = setTimeout(this.#end, milliseconds);
  }

  over() {
    return this.#over;
  }

  cancel() {
    clearTimeout(this.#id);
    this.#end();
  }
}

class Exchange {
  #controller = new AbortController();
  #answer;
  #reader;

  constructor(fetch, url, request) {
    this.#answer = this.#send(fetch, url, request);
    // It may be aborted before anybody waits.
    this.#answer.catch(() => {});
  }

  async #send(fetch, url, request) {
    const { signal } = this.#controller;
    let response;
    // A `fetch` of somebody's own may not heed the signal.
    const aborted = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    try {
      response = await Promise.race([
        fetch(url, { ...request, signal, redirect: 'manual' }),
        aborted,
      ]);
    } catch (error) {
      throw failure(error);
    }
    if (response.type === 'opaqueredirect') {
      const reason = 'the answer is a redirect, and the browser does not show where to';
      throw { kind: 'protocol', reason };
    }
    this.#reader = response.body?.getReader();
    return { status: response.status, headers: [...response.headers].flat() };
  }

  answer() {
    return this.#answer;
  }

  async read() {
    try {
      return (await this.#reader?.read())?.value;
    } catch (error) {
      throw failure(error);
    }
  }

  abort() {
    this.#controller.abort();
    this.#reader?.cancel().catch(() => {});
  }
}

class Socket {
  #socket;
  #opened;
  #messages = [];
  #wake = () => {};

  constructor(socket) {
    this.#socket = socket;
    this.#opened = new Promise((resolve, reject) => {
      socket.addEventListener('open', () => resolve());
      socket.addEventListener('error', () => reject({ reason: 'the web socket broke' }));
      socket.addEventListener('close', ({ code }) => {
        reject({ reason: 'the web socket was closed' });
        this.#add({ code });
      });
    });
    this.#opened.catch(() => {});
    socket.addEventListener('message', ({ data }) => {
      this.#add({ text: typeof data === 'string' ? data : undefined });
    });
  }

  opened() {
    return this.#opened;
  }

  async next() {
    while (this.#messages.length === 0) await new Promise(resolve => (this.#wake = resolve));
    const message = this.#messages.shift();
    return message.code === undefined || message.code !== 1006 ? message : fail();
  }

  close() {
    this.#socket.close();
    this.#add({ code: 1000 });
  }

  #add(message) {
    this.#messages.push(message);
    this.#wake();
  }
}

/** A close that nobody has sent: the connection broke. */
function fail() {
  throw { reason: 'the web socket broke' };
}

function pairs(flat) {
  return Array.from({ length: flat.length / 2 }, (_, index) =>
    flat.slice(2 * index, 2 * index + 2),
  );
}

/** Reads how far a request got; browsers do not tell. */
function failure(error) {
  const cause = error?.cause ?? error;
  const code = String(cause?.code ?? '');
  const kind = KINDS[code] ?? (/CERT|SIGNATURE/.test(code) ? 'certificate' : undefined);
  return { kind, reason: String(cause?.message ?? cause) };
}
