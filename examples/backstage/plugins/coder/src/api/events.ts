/** An event of a `text/event-stream`. */
export interface ServerEvent {
  name: string;
  data: string;
  /** The id to resume after, when the event has one. */
  id: string | undefined;
}

class Draft {
  #name = 'message';
  #data: string[] = [];
  #id: string | undefined;

  add(line: string) {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#name = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
  }

  finish(): ServerEvent | undefined {
    if (this.#data.length === 0) return undefined;
    return { name: this.#name, data: this.#data.join('\n'), id: this.#id };
  }
}

/**
 * Reads a `text/event-stream` piece by piece, as the HTML standard says. A piece may end anywhere, between
 * the two characters of a line end as well.
 */
export class EventReader {
  #rest = '';
  #event = new Draft();

  /** Takes the next piece of the stream. Returns the events that it completes. */
  take(piece: string): ServerEvent[] {
    const text = this.#rest + piece;
    // A line feed may follow in the next piece.
    const end = text.endsWith('\r') ? text.length - 1 : text.length;
    const lines = text.slice(0, end).split(/\r\n|\r|\n/);
    this.#rest = (lines.pop() ?? '') + text.slice(end);
    const events: ServerEvent[] = [];
    for (const line of lines) {
      if (line !== '') {
        this.#event.add(line);
        continue;
      }
      const event = this.#event.finish();
      if (event) events.push(event);
      this.#event = new Draft();
    }
    return events;
  }
}
