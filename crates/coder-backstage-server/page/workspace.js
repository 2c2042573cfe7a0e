// Workspaces: the rows of a card.

import { act, actionsOf } from './actions.js';
import { Refused } from './api.js';
import { element, fromTemplate, link, sentence, setText, withCode } from './dom.js';

/** How each availability looks. The words beside it come from the server. */
const TONES = {
  online: 'good',
  pending: 'busy',
  stopping: 'busy',
  deleting: 'busy',
  unhealthy: 'warn',
  failed: 'bad',
};

/** The most lines of a log that a row shows. */
const MOST_LINES = 200;

/** The editors on the desktop, for people. Others are not offered. */
const EDITORS = { vsCode: 'VS Code', vsCodeInsiders: 'VS Code Insiders' };

/** The rows of a list. A row stays the same element as long as its workspace is there. */
export class WorkspaceRows {
  #rows = new Map();

  /** `context` is `{ environment, live, announce(text), onSignedOut(refused), again() }`. */
  constructor(list, context) {
    this.list = list;
    this.context = context;
  }

  /** Shows these workspaces, in this order. A row is moved only if it must be. */
  show(workspaces) {
    const focused = document.activeElement;
    const ids = new Set(workspaces.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (!ids.has(id)) {
        this.#drop(id, row);
      }
    }
    workspaces.forEach((workspace, place) => {
      const { element } = this.#row(workspace);
      if (this.list.children[place] !== element) {
        this.list.insertBefore(element, this.list.children[place] ?? null);
      }
    });
    if (this.list.contains(focused)) {
      focused.focus({ preventScroll: true });
    }
  }

  close() {
    for (const [id, row] of this.#rows) {
      this.#drop(id, row);
    }
  }

  #row(workspace) {
    let row = this.#rows.get(workspace.id);
    if (!row) {
      row = new Row(this.context);
      this.#rows.set(workspace.id, row);
      this.context.live.follow(workspace.id, row);
    }
    row.show(workspace);
    return row;
  }

  #drop(id, row) {
    this.context.live.leave(id, row);
    this.#rows.delete(id);
    row.element.remove();
  }
}

class Row {
  #workspace;
  #lines = [];
  #build;

  constructor(context) {
    this.context = context;
    this.element = fromTemplate('workspace-template');
  }

  /** Shows the workspace, as the server describes it. What has not changed is not touched. */
  show(workspace) {
    this.#workspace = workspace;
    const row = this.element;
    const { id, name, owner, template, availability, label, reason, about, favorite } = workspace;
    const tone = TONES[availability] ?? 'idle';
    Object.assign(row.dataset, {
      id,
      name,
      owner,
      availability,
      tone,
      favorite: Boolean(favorite),
    });
    setText(row.querySelector('.name'), favorite ? `${name} ★` : name);
    setText(row.querySelector('.detail'), [owner, template, about].filter(Boolean).join(' · '));
    setText(row.querySelector('.label'), label);
    const said = row.querySelector('.reason');
    withCode(said, sentence(reason)).hidden = !reason;
    this.#showLinks();
    this.#showActions();
    if (tone !== 'busy') {
      this.#showLog([]);
    }
  }

  /** Takes an event of the live stream. */
  tell(event, data) {
    if (event === 'workspace') {
      this.#update(data);
    } else if (event === 'log') {
      this.#log(data);
    } else if (event === 'gone') {
      this.context.again();
    }
  }

  #update({ name, availability, label, reason, favorite, outdated, dormantAt, deadline }) {
    const known = this.#workspace;
    const live = { name, availability, label, reason, favorite, outdated, dormantAt, deadline };
    this.show({ ...known, ...live });
    if (known.label !== label) {
      this.context.announce(`Workspace ${name}: ${label.replace('…', '')}.`);
    }
    if (known.availability !== availability) {
      // Its links are others now.
      this.context.again();
    }
  }

  #log({ build = this.#build, lines }) {
    const known = build === this.#build ? this.#lines : [];
    this.#build = build;
    const texts = lines.map(({ stage, text }) => (stage ? `${stage}: ${text}` : text));
    this.#showLog([...known, ...texts].slice(-MOST_LINES));
  }

  #showLog(lines) {
    this.#lines = lines;
    const log = this.element.querySelector('.log');
    setText(log, lines.join('\n'));
    log.scrollTop = log.scrollHeight;
  }

  #showActions() {
    const wanted = actionsOf(this.#workspace);
    const list = this.element.querySelector('.actions');
    const shown = wanted.map(({ verb }) => verb).join(' ');
    if (list.dataset.shown !== shown) {
      list.dataset.shown = shown;
      list.replaceChildren(...wanted.map(action => this.#button(action)));
    }
  }

  #button(action) {
    const button = element('button', action.text);
    button.type = 'button';
    button.className = 'quiet';
    button.dataset.action = action.verb;
    const more = element('span', `: workspace ${this.#workspace.name}`);
    more.className = 'unseen';
    button.append(more);
    button.addEventListener('click', () => this.#act(action, button));
    const item = element('li');
    item.append(button);
    return item;
  }

  async #act(action, button) {
    if (button.ariaDisabled === 'true') {
      return;
    }
    button.ariaDisabled = 'true';
    const failure = this.element.querySelector('.failure');
    setText(failure, '');
    try {
      const changed = await act(action, this.#workspace, this.context.environment);
      if (changed) {
        this.show({ about: this.#workspace.about, ...changed });
      }
    } catch (refused) {
      if (refused.isSignedOut) {
        this.context.onSignedOut(refused);
      } else if (refused instanceof Refused) {
        setText(failure, sentence(refused.message));
      } else {
        throw refused;
      }
    } finally {
      button.ariaDisabled = null;
    }
  }

  #showLinks() {
    const { name, links } = this.#workspace;
    const wanted = [
      { kind: 'open', text: 'Open', url: links.dashboard },
      ...links.agents.flatMap(agent => agentLinks(agent, links.agents.length > 1)),
    ];
    const list = this.element.querySelector('.links');
    const shown = JSON.stringify(wanted);
    if (list.dataset.shown !== shown) {
      const focused = list.contains(document.activeElement) && document.activeElement.className;
      list.dataset.shown = shown;
      list.replaceChildren(...wanted.flatMap(one => linkItem(one, name)));
      if (focused) {
        list.querySelector(`a.${focused}, a`)?.focus({ preventScroll: true });
      }
    }
  }
}

/** The ways into an agent. Only a workspace with several of them needs their names. */
function agentLinks({ name, terminal, editors, apps }, named) {
  const links = [
    { kind: 'terminal', text: 'Terminal', url: terminal },
    ...apps.map(app => ({ kind: 'app', text: app.name, url: app.url })),
    ...editors.map(({ editor, url }) => ({ kind: 'editor', text: EDITORS[editor], url })),
  ];
  return links
    .filter(({ text, url }) => text && url)
    .map(link => (named ? { ...link, text: `${link.text} (${name})` } : link));
}

function linkItem({ kind, text, url }, workspace) {
  const anchor = element('a', text);
  anchor.className = kind;
  anchor.rel = 'noopener noreferrer';
  anchor.target = '_blank';
  if (!link(anchor, url)) {
    return [];
  }
  const more = element('span', `: workspace ${workspace} (opens in a new tab)`);
  more.className = 'unseen';
  anchor.append(more);
  const item = element('li');
  item.append(anchor);
  return [item];
}
