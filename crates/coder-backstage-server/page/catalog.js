// The entities, and the card of workspaces that belongs to each.

import { ask } from "./api.js";

/** How each availability looks. The words beside it come from the server. */
const TONES = {
  online: "good",
  pending: "busy",
  stopping: "busy",
  deleting: "busy",
  unhealthy: "warn",
  failed: "bad",
};

/** The schemes a link may have: the web's, and those of editors that Coder opens workspaces in. */
const SCHEMES = /^(https?|vscode|vscode-insiders|cursor|windsurf|zed|jetbrains|jetbrains-gateway):$/;

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
    this.#part(".again").addEventListener("click", () => this.look());
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
      : "Without a repository there is nothing to find workspaces by.";
    this.#text(".none", found.workspaces.length === 0 && !found.partial ? none : "");
    const notices = this.#part(".notices");
    notices.replaceChildren(...found.notices.map((text) => withCode(element("li"), text)));
    notices.hidden = found.notices.length === 0;
    this.#showWorkspaces(found.workspaces);
  }

  /** Rows are kept as long as their workspace is there, so that focus stays where it is. */
  #showWorkspaces(workspaces) {
    const list = this.#part(".workspaces");
    const rows = new Map([...list.children].map((row) => [row.dataset.id, row]));
    list.replaceChildren(
      ...workspaces.map((workspace) => {
        const row = rows.get(workspace.id) ?? fromTemplate("workspace-template");
        showWorkspace(row, workspace);
        return row;
      }),
    );
    this.#announceChanges(workspaces);
  }

  #announceChanges(workspaces) {
    const known = this.#known;
    this.#known = new Map(workspaces.map(({ id, label }) => [id, label]));
    if (known) {
      for (const { id, name, label } of workspaces) {
        if (known.get(id) !== label) {
          this.context.announce(`Workspace ${name} of ${this.title}: ${label}.`);
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
    withCode(this.#part(".failure p"), refused.message);
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
  withCode(said, reason ?? "").hidden = !reason;
  const wanted = [
    { kind: "open", text: "Open", url: links.dashboard },
    { kind: "terminal", text: "Terminal", url: links.terminal },
    ...links.apps.map((app) => ({ kind: "app", text: app.name, url: app.url })),
  ];
  const list = row.querySelector(".links");
  const shown = JSON.stringify(wanted);
  if (list.dataset.shown !== shown) {
    list.dataset.shown = shown;
    list.replaceChildren(...wanted.flatMap((one) => linkItem(one, name)));
  }
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
