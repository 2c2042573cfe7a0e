// jsdom has neither streams nor encoders.
// eslint-disable-next-line no-restricted-imports
import { ReadableStream } from 'stream/web';
// eslint-disable-next-line no-restricted-imports
import { TextDecoder, TextEncoder } from 'util';
import { CoderApiError } from './CoderApi';
import { pauseAfter, watchLive } from './live';
import { readLiveEvent, type CoderLiveEvent } from './wire';

Object.assign(globalThis, { TextDecoder, TextEncoder });

describe('pauseAfter', () => {
  it('opens another stream after a break, later each time', () => {
    const pauses = [0, 1, 2, 3, 9].map(failures => pauseAfter({ kind: 'broken' }, failures));
    expect(pauses).toEqual([1, 2, 4, 8, 30]);
  });

  it('waits as long as the server asks', () => {
    const end = { kind: 'ended', reason: 'shutdown', retryAfterSeconds: 5 } as const;
    expect(pauseAfter(end, 0)).toBe(5);
    expect(pauseAfter({ kind: 'refused', status: 503, retryAfterSeconds: 7 }, 0)).toBe(7);
  });

  it.each([
    [0, 1],
    [3_000_000, 300],
  ])('waits 1 s to 5 min where the server asks for %i s', (retryAfterSeconds, pause) => {
    const end = { kind: 'ended', reason: 'shutdown', retryAfterSeconds } as const;
    expect(pauseAfter(end, 0)).toBe(pause);
    expect(pauseAfter({ kind: 'refused', status: 429, retryAfterSeconds }, 0)).toBe(pause);
  });

  it.each([400, 401, 403, 404])('gives up when the stream is refused with %i', status => {
    expect(pauseAfter({ kind: 'refused', status }, 0)).toBeUndefined();
  });

  it('gives up when the person is signed out', () => {
    expect(pauseAfter({ kind: 'ended', reason: 'signedOut' }, 0)).toBeUndefined();
  });
});

describe('watchLive', () => {
  const GONE = 'event: gone\nid: 4\ndata: {"workspace":"a"}\n\n';
  const SIGNED_OUT = 'event: end\ndata: {"reason":"signedOut"}\n\n';

  it('goes on after the last event when a stream breaks', async () => {
    const { seen, asked, slept } = await watch([GONE, SIGNED_OUT]);
    expect(asked).toEqual([undefined, '4']);
    expect(slept).toEqual([1]);
    expect(seen).toEqual([
      { type: 'gone', id: 'a' },
      { type: 'end', reason: 'signedOut' },
    ]);
  });

  it('tells a refusal as the end, and asks no more', async () => {
    const { seen, asked } = await watch([new CoderApiError('sign in again', 401)]);
    expect(asked).toHaveLength(1);
    expect(seen).toEqual([{ type: 'end', reason: 'signedOut' }]);
  });

  it('asks no more once it is aborted', async () => {
    const { asked } = await watch([GONE, GONE, GONE], 2);
    expect(asked).toHaveLength(2);
  });

  it('closes a stream that it cannot read', async () => {
    const cancel = jest.fn();
    const broken = new ReadableStream({
      start: stream => stream.enqueue(new TextEncoder().encode('event: gone\ndata: {\n\n')),
      cancel,
    });
    await watch([broken, SIGNED_OUT]);
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  async function watch(answers: (string | Error | ReadableStream)[], abortAfter = 99) {
    const [seen, asked, slept]: [CoderLiveEvent[], (string | undefined)[], number[]] = [[], [], []];
    const controller = new AbortController();
    const open = async (id: string | undefined) => {
      asked.push(id);
      const answer = answers[asked.length - 1];
      if (answer instanceof Error) throw answer;
      const body =
        typeof answer === 'string'
          ? ReadableStream.from([new TextEncoder().encode(answer)])
          : answer;
      return { body } as unknown as Response;
    };
    const sleep = async (seconds: number) => {
      slept.push(seconds);
      if (slept.length >= abortAfter) controller.abort();
    };
    await watchLive({ open, sleep }, { signal: controller.signal, onEvent: it => seen.push(it) });
    return { seen, asked, slept };
  }
});

describe('readLiveEvent', () => {
  const state = {
    name: 'dev',
    owner: 'alice',
    template: 't',
    availability: 'online',
    label: 'Online',
  };

  it('reads a workspace with the words of the lists', () => {
    const data = { ...state, id: 'a', action: 'open', buildNumber: 3 };
    expect(readLiveEvent('workspace', data)).toMatchObject({
      workspace: { id: 'a', action: 'open', buildNumber: 3, reason: null },
    });
  });

  it('knows by its workspace what an event is about', () => {
    const lines = [{ id: 1, level: 'info', text: 'Planning' }];
    expect(readLiveEvent('gone', { workspace: 'a' })).toEqual({ type: 'gone', id: 'a' });
    expect(readLiveEvent('log', { workspace: 'a', build: 'b', lines })).toEqual({
      ...{ type: 'log', id: 'a', source: 'b', lines },
    });
  });

  it('leaves out an event that it does not know', () => {
    expect(readLiveEvent('news', {})).toBeUndefined();
  });
});
