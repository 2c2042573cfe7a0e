import { EventReader } from './events';

const STREAM =
  ': hello\n\nevent: workspace\nid: 7\ndata: {"a":\ndata: 1}\n\nevent: end\ndata: {}\n\n';
const EVENTS = [
  { name: 'workspace', data: '{"a":\n1}', id: '7' },
  { name: 'end', data: '{}', id: undefined },
];

describe('EventReader', () => {
  it('reads events with several lines of data, and leaves comments out', () => {
    expect(new EventReader().take(STREAM)).toEqual(EVENTS);
  });

  it.each(['\n', '\r\n', '\r'])(
    'reads the same wherever a piece ends, with line ends %j',
    lineEnd => {
      const stream = STREAM.replaceAll('\n', lineEnd);
      for (let cut = 0; cut <= stream.length; cut++) {
        const reader = new EventReader();
        const events = [...reader.take(stream.slice(0, cut)), ...reader.take(stream.slice(cut))];
        // A carriage return at the very end may have a line feed to come.
        expect([...events, ...reader.take(lineEnd === '\r' ? ':' : '')]).toEqual(EVENTS);
      }
    },
  );

  it('keeps an event that has not ended', () => {
    expect(new EventReader().take('event: workspace\ndata: {}\n')).toEqual([]);
  });
});
