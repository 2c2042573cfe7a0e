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
export async function ask(path, method = 'GET', { body, key } = {}) {
  const headers = { Accept: 'application/json' };
  if (body) {
    headers['Content-Type'] = 'application/json';
  }
  if (key) {
    headers['Idempotency-Key'] = key;
  }
  const answer = await request(path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) {
    throw await refusal(answer);
  }
  return parse(await answer.text().catch(() => ''));
}

/** The answer to a request with the session of this browser. */
export async function request(path, { headers, ...options }) {
  try {
    return await fetch(path, {
      ...options,
      headers: { ...headers, 'X-Requested-With': 'XMLHttpRequest' },
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
    });
  } catch {
    const message = "The portal's server cannot be reached. Is it still running?";
    throw new Refused(0, 'Unreachable', message);
  }
}

/** The error in an answer. */
export async function refusal(answer) {
  const { name, message } = parse(await answer.text().catch(() => ''))?.error ?? {};
  return new Refused(
    answer.status,
    name ?? 'Error',
    message ?? `The portal's server answered with status ${answer.status}.`,
    Number(answer.headers.get('Retry-After')) || undefined,
  );
}

/** A key of a request, so that one that is sent again is not done again. */
export function newKey() {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  return bytes.map(byte => byte.toString(16).padStart(2, '0')).join('');
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
