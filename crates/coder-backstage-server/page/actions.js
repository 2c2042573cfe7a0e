// What a person can do with a workspace, and the question that some of it needs first.

import { ask, newKey } from './api.js';

const $ = id => document.getElementById(id);
const isOneOf =
  (...states) =>
  ({ availability }) =>
    states.includes(availability);
const running = isOneOf('online', 'unhealthy');

/** Each action: what the button says, the request, and when there is the button. */
const ACTIONS = [
  { verb: 'start', text: 'Start', offer: isOneOf('offline', 'failed', 'dormant') },
  { verb: 'stop', text: 'Stop', offer: isOneOf('online', 'unhealthy', 'failed') },
  { verb: 'restart', text: 'Restart', offer: running },
  { verb: 'update', text: 'Update', offer: ({ outdated }) => outdated },
  {
    verb: 'extend',
    text: 'One hour more',
    body: () => ({ minutes: 60 }),
    offer: workspace => running(workspace) && Boolean(workspace.deadline),
  },
  {
    verb: 'favorite',
    text: 'Mark as favourite',
    method: 'PUT',
    offer: ({ mine, favorite }) => mine && !favorite,
  },
  {
    verb: 'unfavorite',
    path: 'favorite',
    text: 'No favourite any more',
    method: 'DELETE',
    offer: ({ mine, favorite }) => mine && favorite,
  },
  {
    verb: 'sleep',
    path: 'dormant',
    text: 'Put to sleep',
    method: 'PUT',
    offer: workspace => !workspace.dormantAt && isOneOf('online', 'offline')(workspace),
  },
  {
    verb: 'wake',
    path: 'dormant',
    text: 'Wake',
    method: 'DELETE',
    offer: ({ dormantAt }) => Boolean(dormantAt),
  },
  {
    verb: 'rename',
    path: '',
    text: 'Rename',
    method: 'PATCH',
    question: name => `The new name of ${name}`,
    body: answer => ({ name: answer }),
    offer: ({ renamable }) => renamable,
  },
  {
    verb: 'delete',
    path: '',
    text: 'Delete',
    method: 'DELETE',
    question: name => `Type ${name} to delete it with everything in it`,
    expected: answer => answer,
    offer: () => true,
  },
];

/** The actions that a workspace offers now. */
export function actionsOf(workspace) {
  const isGoing = isOneOf('deleting', 'deleted')(workspace);
  return isGoing ? [] : ACTIONS.filter(({ offer }) => offer(workspace));
}

/** Does it, and returns the workspace as it is then; nothing when the person thought better of it. */
export async function act(action, { id, name }, environment) {
  const { verb, path = verb, method = 'POST', question, body, expected } = action;
  const answer = question && (await answerTo(question(name), action.text));
  if (question && !answer) {
    return undefined;
  }
  // With the name that the page shows, nothing happens to a workspace that has another one by now.
  const expectedName = expected ? expected(answer) : name;
  const query = new URLSearchParams({ env: environment, expectedName });
  const target = ['/api/coder/v1/workspaces', id, path].filter(Boolean).join('/');
  return ask(`${target}?${query}`, method, { body: body?.(answer), key: newKey() });
}

/** Asks the person for a text. */
function answerTo(question, text) {
  const dialog = $('question');
  const input = $('question-answer');
  $('question-label').textContent = question;
  $('question-yes').textContent = text;
  input.value = '';
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise(resolve => {
    dialog.addEventListener(
      'close',
      () => resolve(dialog.returnValue === 'yes' ? input.value.trim() : ''),
      { once: true },
    );
  });
}

/** Lets the buttons of the question answer it. */
export function prepareQuestion() {
  $('question-yes').addEventListener('click', () => $('question').close('yes'));
  $('question-no').addEventListener('click', () => $('question').close(''));
  $('question-answer').addEventListener('keydown', event => {
    if (event.key === 'Enter') {
      $('question').close('yes');
    }
  });
}
