// The live states of workspaces: one stream of events for the whole page, read with fetch, because
// an EventSource cannot send the header that the session needs.

import { Refused, refusal, request } from './api.js';

/** The server takes this many workspaces in one stream. */
const MOST = 64;

/** How long to wait for further rows before the stream is opened anew, in milliseconds. */
const GATHER = 200;

export class Live {
  #rows = new Map();
  #open = '';
  #timer;
  #abort;

  /** `context` is `{ environment, onSignedOut(refused) }`. */
  constructor(context) {
    this.context = context;
  }

  /** Lets `row` be told what happens to the workspace of this id: `tell(event, data)`. */
  follow(id, row) {
    const rows = this.#rows.get(id) ?? new Set();
    this.#rows.set(id, rows.add(row));
    this.#gather();
  }

  leave(id, row) {
    const rows = this.#rows.get(id);
    rows?.delete(row);
    if (rows?.size === 0) {
      this.#rows.delete(id);
    }
    this.#gather();
  }

  close() {
    this.#rows.clear();
    this.#open = '';
    clearTimeout(this.#timer);
    this.#abort?.abort();
  }

  #gather(wait = GATHER) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#listen(), wait);
  }

  async #listen() {
    const wanted = [...this.#rows.keys()].sort().slice(0, MOST).join(',');
    if (wanted === this.#open) {
      return;
    }
    this.#abort?.abort();
    this.#open = wanted;
    if (!wanted) {
      return;
    }
    const abort = new AbortController();
    this.#abort = abort;
    const wait = await this.#read(wanted, abort.signal);
    if (abort.signal.aborted) {
      return;
    }
    this.#open = '';
    if (wait !== undefined) {
      this.#gather(wait * 1000);
    }
  }

  /** Reads a stream to its end. Returns the seconds after which to open another one, if at all. */
  async #read(workspaces, signal) {
    const query = new URLSearchParams({ env: this.context.environment, workspaces });
    try {
      const answer = await request(`/api/coder/v1/live?${query}`, {
        headers: { Accept: 'text/event-stream' },
        signal,
      });
      if (!answer.ok) {
        throw await refusal(answer);
      }
      return await this.#tell(answer.body.pipeThrough(new TextDecoderStream()));
    } catch (error) {
      if (!signal.aborted && error instanceof Refused && error.isSignedOut) {
        this.context.onSignedOut(error);
        return undefined;
      }
      return error.retryAfterSeconds ?? 5;
    }
  }

  /** Tells the rows each event of a stream. */
  async #tell(texts) {
    const reader = texts.getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return 1;
      }
      const events = (rest + value).split('\n\n');
      rest = events.pop();
      for (const { name, data } of events.map(event).filter(({ data }) => data)) {
        if (name === 'end') {
          return data.reason === 'signedOut' ? 0 : (data.retryAfterSeconds ?? 5);
        }
        const workspace = name === 'workspace' ? data.id : data.workspace;
        for (const row of this.#rows.get(workspace) ?? []) {
          row.tell(name, data);
        }
      }
    }
  }
}

/** The name and the data of an event (WHATWG HTML §9.2.6). Comments have none. */
function event(text) {
  const lines = text.split('\n');
  const field = name =>
    lines.filter(line => line.startsWith(name)).map(line => line.slice(name.length).trimStart());
  const data = field('data:').join('\n');
  return { name: field('event:')[0], data: data && JSON.parse(data) };
}
