// One workspace: a row of a card.

import { element, link, sentence, setText, withCode } from './dom.js';

/** How each availability looks. The words beside it come from the server. */
const TONES = {
  online: 'good',
  pending: 'busy',
  stopping: 'busy',
  deleting: 'busy',
  unhealthy: 'warn',
  failed: 'bad',
};

/** The editors on the desktop, for people. Others are not offered. */
const EDITORS = { vsCode: 'VS Code', vsCodeInsiders: 'VS Code Insiders' };

/** Shows `workspace`, as the server describes it, in `row`. What has not changed is not touched. */
export function showWorkspace(row, workspace) {
  const { id, name, owner, template, availability, label, reason, links } = workspace;
  Object.assign(row.dataset, {
    id,
    name,
    owner,
    availability,
    tone: TONES[availability] ?? 'idle',
  });
  setText(row.querySelector('.name'), name);
  setText(row.querySelector('.detail'), [owner, template].filter(Boolean).join(' · '));
  setText(row.querySelector('.label'), label);
  const said = row.querySelector('.reason');
  withCode(said, sentence(reason)).hidden = !reason;
  const wanted = [
    { kind: 'open', text: 'Open', url: links.dashboard },
    ...links.agents.flatMap(agent => agentLinks(agent, links.agents.length > 1)),
  ];
  const list = row.querySelector('.links');
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
