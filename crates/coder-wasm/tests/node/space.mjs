// What takes the space in a module of WebAssembly: bytes of code by crate, and bytes of data.

/** How many crates are told; the rest is summed up. */
const MOST = 12;

export function space(bytes) {
  const reader = new Reader(bytes);
  const { sizes, names, imports, data } = reader.sections();
  const crates = new Map();
  sizes.forEach((size, index) => {
    const crate = crateOf(names.get(index + imports) ?? '');
    crates.set(crate, (crates.get(crate) ?? 0) + size);
  });
  const sorted = [...crates].sort(([, a], [, b]) => b - a);
  const rest = sorted.slice(MOST).reduce((sum, [, size]) => sum + size, 0);
  return { ...Object.fromEntries(sorted.slice(0, MOST)), others: rest, data };
}

/** Returns the crate that a mangled name belongs to; of an implementation, that of its type. */
function crateOf(name) {
  const modern = /C[0-9A-Za-z]*_(\d+)([a-z]\w*)/.exec(name);
  if (name.startsWith('_R') && modern) return modern[2].slice(0, Number(modern[1]));
  const [path] = /(?<=^_ZN\d+)\D.*/.exec(name) ?? [name];
  const written = path.replaceAll('..', '::').replace(/\$[A-Za-z0-9]+\$/g, '<');
  const crate = /(?:^|[<_ ])([a-z][a-z_0-9]*?)(?=::|\d)/.exec(written)?.[1];
  return crate?.replace(/^_+/, '') ?? 'exports';
}

/** Reads the binary format of WebAssembly 1.0, as far as sizes and names need it. */
class Reader {
  #at = 8;

  constructor(bytes) {
    this.bytes = bytes;
  }

  sections() {
    const found = { sizes: [], names: new Map(), imports: 0, data: 0 };
    while (this.#at < this.bytes.length) {
      const [id, size] = [this.bytes[this.#at++], this.#number()];
      const end = this.#at + size;
      if (id === 0 && this.#text() === 'name') this.#names(end, found.names);
      if (id === 2) found.imports = this.#number();
      if (id === 10) found.sizes = this.#code();
      if (id === 11) found.data = size;
      this.#at = end;
    }
    return found;
  }

  #code() {
    return Array.from({ length: this.#number() }, () => {
      const size = this.#number();
      this.#at += size;
      return size;
    });
  }

  #names(end, names) {
    while (this.#at < end) {
      const [id, size] = [this.bytes[this.#at++], this.#number()];
      const next = this.#at + size;
      if (id === 1) {
        for (let left = this.#number(); left > 0; left--) names.set(this.#number(), this.#text());
      }
      this.#at = next;
    }
  }

  #text() {
    const length = this.#number();
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at).toString('utf8');
  }

  #number() {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = this.bytes[this.#at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
      shift += 7;
    }
  }
}
