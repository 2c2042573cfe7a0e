// Asking this server. The session is a cookie that scripts cannot read; the header beside it is one
// that no other site's form or link can send.

/** The server refused or could not serve a request. */
export class Refused extends Error {
  constructor(status, name, message, retryAfterSeconds) {
    super(message);
    this.status = status;
    this.name = name;
    /** After how many seconds it is worth asking again, where the server said so. */
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Nobody is signed in, or not any more. */
  get isSignedOut() {
    return this.status === 401;
  }

  /** The same question may well be answered a little later. */
  get isTransient() {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

/** The JSON at `path`, or nothing where the answer has none. */
export async function ask(path, method = 'GET') {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: { Accept: 'application/json', 'X-Requested-With': 'XMLHttpRequest' },
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
    });
  } catch {
    const message = "The portal's server cannot be reached. Is it still running?";
    throw new Refused(0, 'Unreachable', message);
  }
  const text = await answer.text().catch(() => '');
  const body = parse(text);
  if (answer.ok) {
    return body;
  }
  const { name, message } = body?.error ?? {};
  const wait = Number(answer.headers.get('Retry-After')) || undefined;
  throw new Refused(
    answer.status,
    name ?? 'Error',
    message ?? `The portal's server answered with status ${answer.status}.`,
    wait,
  );
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
