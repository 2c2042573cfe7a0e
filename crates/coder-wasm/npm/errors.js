/** Says what went wrong, where, and what helps. Everything that this package throws is one. */
export class CoderError extends Error {
  constructor(told) {
    const { code, message, help, path, file, line, column, problems } = told;
    super(message);
    this.name = 'CoderError';
    this.code = code;
    this.help = help;
    this.path = path;
    this.file = file;
    this.line = line;
    this.column = column;
    this.status = told.status;
    this.retryAfterSeconds = told.retryAfterSeconds;
    this.problems = problems ?? [];
  }

  /** Adds the message, which JSON leaves out of an `Error`. */
  toJSON() {
    return { message: this.message, ...this };
  }
}

/** Reads the answer to a call: a text of JSON, `{"ok": …}` or `{"error": …}`. */
export function settle(answer) {
  const { ok, error } = JSON.parse(answer);
  if (error !== undefined) throw new CoderError(error);
  return ok;
}

/** Makes a handle. Its constructor throws the answer to a call. */
export function construct(make) {
  try {
    return make();
  } catch (answer) {
    if (typeof answer !== 'string') throw answer;
    return settle(answer);
  }
}

/** Writes an argument as JSON. */
export function write(what, value) {
  let text;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    const message = `${what} cannot be written as JSON: ${firstLine(cause)}`;
    throw new CoderError({ code: 'invalidArgument', message });
  }
  // What JSON has no words for, such as a function, is nothing.
  return wellFormed(text ?? 'null');
}

/** Replaces halves of surrogate pairs, which no text of Rust can hold, as `toWellFormed` does. */
function wellFormed(json) {
  if (!json.includes('\\ud')) return json;
  // JSON writes whole pairs as they are, so an escape is a half, unless its backslash is escaped.
  return json.replace(/\\(?:ud[89a-f][0-9a-f]{2}|.)/g, escape =>
    escape.length > 2 ? '\\ufffd' : escape,
  );
}

/** Makes a listener that cannot fail what it is told about. */
export function safely(listener) {
  return (...told) => {
    try {
      // What it promises may fail as well.
      Promise.resolve(listener(...told)).catch(() => {});
    } catch {
      // There is nobody left to tell.
    }
  };
}

export function notInitialized(module) {
  return new CoderError({
    code: 'notInitialized',
    message: `${module} was used before its WebAssembly was loaded`,
    help: `call \`await init()\`, imported from '${module}', once when your app starts`,
  });
}

export function notLoaded(module, reason) {
  return new CoderError({
    code: 'notInitialized',
    message: `the WebAssembly of ${module} could not be loaded: ${reason}`,
    help: 'see that the server has the file, or tell `init` where it is: a URL, an answer of `fetch`, or bytes; then call `init` again',
  });
}

/** Reads the first line of what was thrown, which may be anything. Those of a circle draw it. */
export function firstLine(cause) {
  try {
    return String(cause?.message ?? cause).split('\n')[0];
  } catch {
    return 'what was thrown cannot be read';
  }
}

export function disposed(what) {
  return new CoderError({
    code: 'disposed',
    message: `this ${what} was freed and cannot be used any more`,
    help: `make a new ${what}, or call \`free()\` later`,
  });
}
