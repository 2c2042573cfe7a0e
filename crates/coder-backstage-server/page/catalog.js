// The entities, and the card of workspaces that belongs to each.

import { Refused, ask } from "./api.js";

/** How each availability looks. The words beside it come from the server. */
const TONES = {
  online: "good",
  pending: "busy",
  stopping: "busy",
  deleting: "busy",
  unhealthy: "warn",
  failed: "bad",
};

/** The editors on the desktop, for people. Others are not offered. */
const EDITORS = { vsCode: "VS Code", vsCodeInsiders: "VS Code Insiders" };

/** The schemes a link may have: the web's, and those of the editors. */
const SCHEMES = /^(https?|vscode|vscode-insiders):$/;

/** The entities of the catalog, each with a card that keeps itself up to date. */
export class Catalog {
  #cards = [];

  /** `context` is `{ environment, announce(text), onSignedOut(refused) }`. */
  constructor(list, context) {
    this.list = list;
    this.context = context;
    document.addEventListener("visibilitychange", this.#onVisible);
  }

  /** Asks for the entities and shows their cards, which then look for their workspaces. */
  async open() {
    this.list.setAttribute("aria-busy", "true");
    const { items } = await ask("/api/coder/v1/entities");
    this.#cards = items.map((entity) => new Card(entity, this.context));
    this.list.replaceChildren(...this.#cards.map((card) => card.element));
    this.list.setAttribute("aria-busy", "false");
    for (const card of this.#cards) {
      card.look();
    }
    return items.length;
  }

  close() {
    document.removeEventListener("visibilitychange", this.#onVisible);
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
  #known;

  constructor(entity, context) {
    this.entity = entity;
    this.context = context;
    this.element = fromTemplate("entity-template");
    const title = entity.title || entity.name;
    this.title = title;
    this.element.dataset.entityRef = entity.entityRef;
    this.#state = "loading";
    const id = `entity-${entity.entityRef.replace(/[^a-z0-9]+/gi, "-")}`;
    this.#part("h2").id = id;
    this.element.setAttribute("aria-labelledby", id);
    this.#text(".ref", entity.entityRef);
    this.#text("h2", title);
    this.#text(".description", entity.description);
    for (const name of this.element.querySelectorAll(".unseen.name")) {
      name.textContent = ` for ${title}`;
    }
    const repository = this.#part(".repository");
    repository.hidden = !link(repository.firstElementChild, entity.repositoryUrl);
    repository.firstElementChild.textContent = withoutScheme(entity.repositoryUrl);
    this.#part(".again").addEventListener("click", async () => {
      await this.look();
      if (this.#part(".failure").hidden) {
        this.#part("h2").focus();
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
      const { kind, namespace, name } = this.entity;
      const path = [kind.toLowerCase(), namespace, name].map(encodeURIComponent).join("/");
      const query = new URLSearchParams({ env: this.context.environment });
      const found = await ask(`/api/coder/v1/entities/${path}/workspaces?${query}`);
      if (!this.#closed) {
        this.#show(found);
        again = found.lookAgainAfterSeconds;
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
  }

  #show(found) {
    this.#state = found.partial ? "partial" : "ready";
    this.#part(".loading").hidden = true;
    this.#part(".failure").hidden = true;
    this.#part(".partial").hidden = !found.partial;
    const create = this.#part(".create");
    create.hidden = !link(create, found.creationUrl);
    create.title = found.templateName ? `From the template ${found.templateName}` : "";
    const none = found.repositoryUrl
      ? "None of your workspaces is made for this repository yet."
      : "Its workspaces cannot be told from others.";
    this.#text(".none", found.workspaces.length === 0 && !found.partial ? none : "");
    const notices = this.#part(".notices");
    notices.replaceChildren(...found.notices.map((text) => withCode(element("li"), text)));
    notices.hidden = found.notices.length === 0;
    this.#showWorkspaces(found.workspaces);
  }

  /** A row stays the same element as long as its workspace is there, and is moved only if it must. */
  #showWorkspaces(workspaces) {
    const list = this.#part(".workspaces");
    const focused = document.activeElement;
    const rows = new Map([...list.children].map((row) => [row.dataset.id, row]));
    workspaces.forEach((workspace, place) => {
      const row = rows.get(workspace.id) ?? fromTemplate("workspace-template");
      showWorkspace(row, workspace);
      if (list.children[place] !== row) {
        list.insertBefore(row, list.children[place] ?? null);
      }
    });
    while (list.children.length > workspaces.length) {
      list.lastElementChild.remove();
    }
    if (list.contains(focused)) {
      focused.focus({ preventScroll: true });
    }
    this.#announceChanges(workspaces);
  }

  #announceChanges(workspaces) {
    const known = this.#known;
    this.#known = new Map(workspaces.map(({ id, label }) => [id, label]));
    if (known) {
      for (const { id, name, label } of workspaces) {
        if (known.get(id) !== label) {
          this.context.announce(`Workspace ${name} of ${this.title}: ${label.replace("…", "")}.`);
        }
      }
    }
  }

  /** Says why, keeps what was known, and gives the seconds after which to try again by itself. */
  #fail(refused) {
    if (refused.isSignedOut) {
      this.context.onSignedOut(refused);
      return undefined;
    }
    this.#state = "failed";
    this.#part(".loading").hidden = true;
    const told = refused instanceof Refused;
    if (!told) {
      console.error(refused);
    }
    const message = told ? refused.message : "This page cannot show what the server answered.";
    withCode(this.#part(".failure p"), sentence(message));
    this.#part(".failure").hidden = false;
    return refused.isTransient ? (refused.retryAfterSeconds ?? 15) : undefined;
  }

  set #state(state) {
    this.element.dataset.state = state;
  }

  #part(selector) {
    return this.element.querySelector(selector);
  }

  /** An element without text is not there. */
  #text(selector, text) {
    setText(this.#part(selector), text);
  }
}

function showWorkspace(row, workspace) {
  const { id, name, owner, template, availability, label, reason, links } = workspace;
  Object.assign(row.dataset, { id, name, owner, availability, tone: TONES[availability] ?? "idle" });
  setText(row.querySelector(".name"), name);
  setText(row.querySelector(".detail"), [owner, template].filter(Boolean).join(" · "));
  setText(row.querySelector(".label"), label);
  const said = row.querySelector(".reason");
  withCode(said, sentence(reason)).hidden = !reason;
  const wanted = [
    { kind: "open", text: "Open", url: links.dashboard },
    ...links.agents.flatMap((agent) => agentLinks(agent, links.agents.length > 1)),
  ];
  const list = row.querySelector(".links");
  const shown = JSON.stringify(wanted);
  if (list.dataset.shown !== shown) {
    const focused = list.contains(document.activeElement) && document.activeElement.className;
    list.dataset.shown = shown;
    list.replaceChildren(...wanted.flatMap((one) => linkItem(one, name)));
    if (focused) {
      list.querySelector(`a.${focused}, a`)?.focus({ preventScroll: true });
    }
  }
}

/** The ways into an agent. Only a workspace with several of them needs their names. */
function agentLinks({ name, terminal, editors, apps }, named) {
  const links = [
    { kind: "terminal", text: "Terminal", url: terminal },
    ...apps.map((app) => ({ kind: "app", text: app.name, url: app.url })),
    ...editors.map(({ editor, url }) => ({ kind: "editor", text: EDITORS[editor], url })),
  ];
  return links
    .filter(({ text, url }) => text && url)
    .map((link) => (named ? { ...link, text: `${link.text} (${name})` } : link));
}

function linkItem({ kind, text, url }, workspace) {
  const anchor = element("a", text);
  anchor.className = kind;
  anchor.rel = "noopener noreferrer";
  anchor.target = "_blank";
  if (!link(anchor, url)) {
    return [];
  }
  const more = element("span", `: workspace ${workspace} (opens in a new tab)`);
  more.className = "unseen";
  anchor.append(more);
  const item = element("li");
  item.append(anchor);
  return [item];
}

/** Lets `anchor` lead to `url`, if it is one to follow. */
function link(anchor, url) {
  const follow = Boolean(url) && URL.canParse(url) && SCHEMES.test(new URL(url).protocol);
  if (follow) {
    anchor.href = url;
  } else {
    anchor.removeAttribute("href");
  }
  return follow;
}

function withoutScheme(url) {
  return (url ?? "").replace(/^[a-z]+:\/\//, "").replace(/\.git$/, "");
}

function fromTemplate(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

function element(name, text = "") {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** The server's messages begin in lower case; what is in backticks stays as it is. */
function sentence(text = "") {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The server's messages have what people wrote in backticks. */
function withCode(target, text) {
  const parts = text.split("`");
  target.replaceChildren(...parts.map((part, i) => (i % 2 && i < parts.length - 1 ? element("code", part) : part)));
  return target;
}

function setText(target, text) {
  target.hidden = !text;
  if (target.textContent !== (text ?? "")) {
    target.textContent = text ?? "";
  }
}
