// All workspaces of the person, whichever entity they belong to.

import { Refused, ask } from './api.js';
import { sentence, setText } from './dom.js';
import { WorkspaceRows } from './workspace.js';

export class Mine {
  #rows;
  #timer;
  #closed = false;

  /** `context` is that of the catalog. */
  constructor(section, context) {
    this.section = section;
    this.context = context;
    const again = () => this.look();
    this.#rows = new WorkspaceRows(section.querySelector('.workspaces'), { ...context, again });
    document.addEventListener('visibilitychange', this.#onVisible);
  }

  async look() {
    clearTimeout(this.#timer);
    let again;
    try {
      const query = new URLSearchParams({ env: this.context.environment });
      const found = await ask(`/api/coder/v1/workspaces?${query}`);
      again = found.pollAfterSeconds;
      if (!this.#closed) {
        this.#rows.show(
          found.workspaces.map(one => ({ ...one, about: one.entityRefs.join(', ') })),
        );
        this.section.dataset.state = found.partial ? 'partial' : 'ready';
        setText(this.section.querySelector('.failure'), found.notices.map(sentence).join(' '));
        setText(this.section.querySelector('.none'), found.count === 0 ? 'You have none yet.' : '');
      }
    } catch (refused) {
      if (!this.#closed) {
        again = this.#fail(refused);
      }
    }
    if (again && !this.#closed) {
      this.#timer = setTimeout(() => document.hidden || this.look(), again * 1000);
    }
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#onVisible);
    this.#rows.close();
  }

  #onVisible = () => document.hidden || this.look();

  #fail(refused) {
    if (refused.isSignedOut) {
      this.context.onSignedOut(refused);
      return undefined;
    }
    this.section.dataset.state = 'failed';
    const told = refused instanceof Refused ? refused.message : 'This list cannot be shown.';
    setText(this.section.querySelector('.failure'), sentence(told));
    return refused.isTransient ? (refused.retryAfterSeconds ?? 15) : undefined;
  }
}
