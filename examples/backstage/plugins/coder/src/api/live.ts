import { CoderApiError } from './CoderApi';
import { EventReader } from './events';
import { readLiveEvent, type CoderLiveEvent } from './wire';

/** The longest pause before a broken stream is opened anew, in seconds. */
const LONGEST_PAUSE = 30;

/** The bounds of a pause that the server asks for, in seconds. */
const [SHORTEST_ASKED, LONGEST_ASKED] = [1, 300];

/** The end of a stream: the server's word, a refusal, or no word at all. */
export type StreamEnd =
  | { kind: 'ended'; reason: string; retryAfterSeconds?: number }
  | { kind: 'refused'; status: number; retryAfterSeconds?: number }
  | { kind: 'broken' };

/**
 * Decides what follows the end of a stream: the pause before the next one, in seconds, or `undefined` when
 * another one would end in the same way.
 *
 * @param failures - the number of streams before that ended without an event
 */
export function pauseAfter(end: StreamEnd, failures: number): number | undefined {
  const backoff = Math.min(LONGEST_PAUSE, 2 ** failures);
  const bounded = (seconds = backoff) => Math.min(LONGEST_ASKED, Math.max(SHORTEST_ASKED, seconds));
  switch (end.kind) {
    case 'ended':
      return end.reason === 'signedOut' ? undefined : bounded(end.retryAfterSeconds);
    case 'refused':
      if (end.status === 429 || end.status >= 500) return bounded(end.retryAfterSeconds);
      return undefined;
    case 'broken':
      return backoff;
    default:
      return end satisfies never;
  }
}

/** What the reader of the live stream needs of its surroundings. */
export interface LiveSeams {
  /** Asks for the stream, after the event of this id if there is one. */
  open(lastEventId: string | undefined, signal: AbortSignal): Promise<Response>;
  /** Waits, and returns early when the signal is aborted. */
  sleep(seconds: number, signal: AbortSignal): Promise<void>;
}

/**
 * Reads the live stream until `signal` is aborted, and opens it anew when it breaks.
 *
 * A stream that was given up for good ends with an event `end`, whose reason is `signedOut` or `refused`.
 */
export async function watchLive(
  seams: LiveSeams,
  options: { signal: AbortSignal; onEvent: (event: CoderLiveEvent) => void },
): Promise<void> {
  const { signal, onEvent } = options;
  const position: { id?: string } = {};
  let failures = 0;
  while (!signal.aborted) {
    let sawEvent = false;
    const end = await readStream(seams, position, signal, event => {
      sawEvent = true;
      if (event.type !== 'end') onEvent(event);
    });
    if (signal.aborted) return;
    failures = sawEvent ? 0 : failures + 1;
    const pause = pauseAfter(end, failures);
    if (pause === undefined) {
      onEvent({ type: 'end', reason: isSignOut(end) ? 'signedOut' : 'refused' });
      return;
    }
    await seams.sleep(pause, signal);
  }
}

function isSignOut(end: StreamEnd): boolean {
  return end.kind === 'ended' || (end.kind === 'refused' && end.status === 401);
}

async function readStream(
  seams: LiveSeams,
  position: { id?: string },
  signal: AbortSignal,
  onEvent: (event: CoderLiveEvent) => void,
): Promise<StreamEnd> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  try {
    const response = await seams.open(position.id, signal);
    reader = response.body?.getReader();
    if (!reader) return { kind: 'broken' };
    const decoder = new TextDecoder();
    const events = new EventReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { kind: 'broken' };
      for (const { name, data, id } of events.take(decoder.decode(value, { stream: true }))) {
        if (id !== undefined) position.id = id;
        const event = readLiveEvent(name, JSON.parse(data));
        if (event) onEvent(event);
        if (event?.type === 'end') return { kind: 'ended', ...event };
      }
    }
  } catch (error) {
    if (error instanceof CoderApiError && error.status !== undefined) {
      const { status, retryAfterSeconds } = error;
      return { kind: 'refused', status, retryAfterSeconds };
    }
    return { kind: 'broken' };
  } finally {
    // A stream that is not read to its end would keep its connection.
    await reader?.cancel().catch(() => undefined);
  }
}
