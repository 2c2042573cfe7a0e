/** Rows in memory: for one process, and gone with it. */
export class MemoryStore {
  #rows = new Map();

  read(keys) {
    return keys.map(key => this.#rows.get(key) ?? null);
  }

  list({ start, end, limit }) {
    const keys = [...this.#rows.keys()].filter(key => key >= start && key < end).sort();
    return keys.slice(0, limit).map(key => ({ key, value: this.#rows.get(key) }));
  }

  commit({ checks, writes }) {
    if (checks.some(({ key, value }) => (this.#rows.get(key) ?? null) !== value)) return false;
    for (const { key, value } of writes) {
      if (value === null) this.#rows.delete(key);
      else this.#rows.set(key, value);
    }
    return true;
  }
}
