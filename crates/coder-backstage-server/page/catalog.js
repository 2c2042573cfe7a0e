// The entities, and the card of workspaces that belongs to each.

import { Refused, ask, newKey } from './api.js';
import { element, fromTemplate, link, sentence, setText, withCode } from './dom.js';
import { WorkspaceRows } from './workspace.js';

/** What has happened to the workspace that was opened. */
const OUTCOMES = {
  found: 'Running already:',
  joined: 'Starting already:',
  started: 'Starting',
  created: 'Creating',
};

/** The entities of the catalog, each with a card that keeps itself up to date. */
export class Catalog {
  #cards = [];

  /** `context` is `{ environment, live, announce(text), onSignedOut(refused) }`. */
  constructor(list, context) {
    this.list = list;
    this.context = context;
    document.addEventListener('visibilitychange', this.#onVisible);
  }

  /** Asks for the entities and shows their cards, which then look for their workspaces. */
  async open() {
    this.list.setAttribute('aria-busy', 'true');
    const { items } = await ask('/api/coder/v1/entities');
    this.#cards = items.map(entity => new Card(entity, this.context));
    this.list.replaceChildren(...this.#cards.map(card => card.element));
    this.list.setAttribute('aria-busy', 'false');
    for (const card of this.#cards) {
      card.look();
    }
    return items.length;
  }

  close() {
    document.removeEventListener('visibilitychange', this.#onVisible);
    for (const card of this.#cards) {
      card.close();
    }
    this.#cards = [];
    this.list.replaceChildren();
  }

  /** Someone who comes back, perhaps from creating a workspace, sees what is there now. */
  #onVisible = () => {
    if (!document.hidden) {
      for (const card of this.#cards) {
        card.look();
      }
    }
  };
}

class Card {
  #timer;
  #asking = false;
  #closed = false;
  #rows;

  constructor(entity, context) {
    this.entity = entity;
    this.context = context;
    this.element = fromTemplate('entity-template');
    const title = entity.title || entity.name;
    this.title = title;
    this.element.dataset.entityRef = entity.entityRef;
    this.#state = 'loading';
    const id = `entity-${entity.entityRef.replace(/[^a-z0-9]+/gi, '-')}`;
    this.#part('h2').id = id;
    this.element.setAttribute('aria-labelledby', id);
    this.#text('.ref', entity.entityRef);
    this.#text('h2', title);
    this.#text('.description', entity.description);
    for (const name of this.element.querySelectorAll('.unseen.name')) {
      name.textContent = ` for ${title}`;
    }
    const repository = this.#part('.repository');
    repository.hidden = !link(repository.firstElementChild, entity.repositoryUrl);
    repository.firstElementChild.textContent = withoutScheme(entity.repositoryUrl);
    const again = () => this.look();
    this.#rows = new WorkspaceRows(this.#part('.workspaces'), { ...context, again });
    this.#part('.work').addEventListener('click', () => this.#work());
    this.#part('.again').addEventListener('click', async () => {
      await this.look();
      if (this.#part('.failure').hidden) {
        this.#part('h2').focus();
      }
    });
  }

  /** Looks for the entity's workspaces, and again when the server says that it is worth it. */
  async look() {
    if (this.#asking || this.#closed) {
      return;
    }
    clearTimeout(this.#timer);
    this.#asking = true;
    let again;
    try {
      const found = await ask(this.#path('workspaces'));
      if (!this.#closed) {
        this.#show(found);
        again = found.pollAfterSeconds;
      }
    } catch (refused) {
      if (!this.#closed) {
        again = this.#fail(refused);
      }
    } finally {
      this.#asking = false;
    }
    if (again && !this.#closed) {
      // A page that nobody sees asks nothing; it looks when it is seen again.
      this.#timer = setTimeout(() => document.hidden || this.look(), again * 1000);
    }
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#rows.close();
  }

  /** Opens a workspace: one that is there, or a new one. */
  async #work() {
    const button = this.#part('.work');
    if (button.ariaDisabled === 'true') {
      return;
    }
    button.ariaDisabled = 'true';
    try {
      const { outcome, workspace } = await ask(this.#path('open'), 'POST', { key: newKey() });
      this.context.announce(`${OUTCOMES[outcome]} ${workspace.name} of ${this.title}.`);
      await this.look();
    } catch (refused) {
      this.#fail(refused);
    } finally {
      button.ariaDisabled = null;
    }
  }

  #path(below) {
    const { kind, namespace, name } = this.entity;
    const path = [kind.toLowerCase(), namespace, name, below].map(encodeURIComponent).join('/');
    const query = new URLSearchParams({ env: this.context.environment });
    return `/api/coder/v1/entities/${path}?${query}`;
  }

  #show(found) {
    this.#state = found.partial ? 'partial' : 'ready';
    this.#part('.loading').hidden = true;
    this.#part('.failure').hidden = true;
    this.#part('.partial').hidden = !found.partial;
    const create = this.#part('.create');
    create.hidden = !link(create, found.creationUrl);
    create.title = found.templateName ? `From the template ${found.templateName}` : '';
    const none = found.repositoryUrl
      ? 'None of your workspaces is made for this repository yet.'
      : 'Its workspaces cannot be told from others.';
    this.#text('.none', found.workspaces.length === 0 && !found.partial ? none : '');
    const notices = this.#part('.notices');
    notices.replaceChildren(...found.notices.map(text => withCode(element('li'), text)));
    notices.hidden = found.notices.length === 0;
    this.#part('.work').hidden = !found.templateName;
    this.#rows.show(found.workspaces);
  }

  /** Says why, keeps what was known, and gives the seconds after which to try again by itself. */
  #fail(refused) {
    if (refused.isSignedOut) {
      this.context.onSignedOut(refused);
      return undefined;
    }
    this.#state = 'failed';
    this.#part('.loading').hidden = true;
    const told = refused instanceof Refused;
    if (!told) {
      console.error(refused);
    }
    const message = told ? refused.message : 'This page cannot show what the server answered.';
    withCode(this.#part('.failure p'), sentence(message));
    this.#part('.failure').hidden = false;
    return refused.isTransient ? (refused.retryAfterSeconds ?? 15) : undefined;
  }

  set #state(state) {
    this.element.dataset.state = state;
  }

  #part(selector) {
    return this.element.querySelector(selector);
  }

  #text(selector, text) {
    setText(this.#part(selector), text);
  }
}

function withoutScheme(url) {
  return (url ?? '').replace(/^[a-z]+:\/\//, '').replace(/\.git$/, '');
}
