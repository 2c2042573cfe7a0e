// Arguments that are not what the types say. WebAssembly would take them for something else.
import { CoderError } from './errors.js';

/** Makes the error of an argument that cannot be used. */
export function invalid(message, help) {
  return new CoderError({ code: 'invalidArgument', message, help });
}

/** Takes a text. */
export function text(what, value) {
  if (typeof value === 'string') return value;
  throw invalid(`${what} must be a string, and is ${kindOf(value)}`);
}

/** Takes a text, or nothing. */
export function textOrNothing(what, value) {
  return value === undefined || value === null ? undefined : text(what, value);
}

/** Takes a text, a number or a boolean, and gives it as a text. */
export function asText(what, value) {
  if (['string', 'number', 'bigint', 'boolean'].includes(typeof value)) return String(value);
  throw invalid(`${what} must be a string, a number or a boolean, and is ${kindOf(value)}`);
}

/** Takes an object that has methods. */
export function withMethods(what, value, names, help) {
  const missing = names.filter(name => typeof value?.[name] !== 'function');
  if (missing.length === 0) return value;
  throw invalid(`${what} has no ${missing.map(name => `\`${name}\``).join(', ')}`, help);
}

/** Takes an object whose fields are read. */
export function fields(what, value) {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw invalid(`${what} must be an object, and is ${kindOf(value)}`);
}

/** Takes an object of options, or nothing. */
export function options(value) {
  return value === undefined || value === null ? {} : fields('the last argument', value);
}

/** Takes a function, or nothing. */
export function functionOrNothing(what, value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'function') return value;
  throw invalid(`${what} must be a function, and is ${kindOf(value)}`);
}

/** Takes an `AbortSignal`, or nothing. */
export function signalOrNothing(value) {
  if (value === undefined || value === null) return undefined;
  const methods = ['throwIfAborted', 'addEventListener', 'removeEventListener'];
  if (methods.every(name => typeof value[name] === 'function')) return value;
  throw invalid(`\`signal\` must be an AbortSignal, and is ${kindOf(value)}`);
}

/** Reads parts of an object of the platform, which may be anything that looks like one. */
export function readAs(expected, read) {
  try {
    return read();
  } catch {
    throw invalid(expected);
  }
}

/** Takes a moment: milliseconds since 1970, or a `Date`. */
export function moment(value) {
  const milliseconds = value instanceof Date ? value.getTime() : value;
  if (typeof milliseconds === 'number' && !Number.isNaN(milliseconds)) return milliseconds;
  throw invalid(`\`now\` must be a Date or a number of milliseconds, and is ${kindOf(value)}`);
}

function kindOf(value) {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Date) return 'a Date without a time';
  if (Number.isNaN(value)) return 'not a number';
  return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}
