// The page as a whole: who is signed in, and what is shown then.

import { prepareQuestion } from './actions.js';
import { Catalog } from './catalog.js';
import { Live } from './live.js';
import { Mine } from './mine.js';
import { restore, signIn, signInPage, signOut } from './session.js';

const { environment, origin } = document.documentElement.dataset;
const $ = id => document.getElementById(id);

let catalog;
let live;
let mine;
let popup;
let retry;

$('sign-in').addEventListener('click', () => {
  if (popup && !popup.closed) {
    popup.focus();
  } else {
    connect();
  }
});
$('disconnect').addEventListener('click', disconnect);
prepareQuestion();
$('account-picture').addEventListener('error', () => {
  $('account-picture').hidden = true;
});

if (origin && origin !== location.origin) {
  const text = `The portal lives at ${origin}, and signing in works there only.`;
  show('elsewhere');
  problem('This is another address.', text, help('a', 'Open the portal there', { href: origin }));
} else {
  restoreSession(takeRedirectError());
}

/** Looks whether this browser is signed in already. */
async function restoreSession(redirectError) {
  clearTimeout(retry);
  noProblem();
  show('restoring');
  try {
    enter(await restore(environment));
  } catch (refused) {
    if (refused.isSignedOut) {
      show('signed-out');
      if (redirectError) {
        problem('Signing in did not work.', redirectError);
      }
    } else if (refused.isTransient) {
      wait(refused);
    } else {
      show('signed-out');
      problem('Your session cannot be restored.', refused.message);
    }
  }
}

/** The session may be as good as ever; it is only that it cannot be asked for right now. */
function wait(refused) {
  const seconds = refused.retryAfterSeconds ?? 15;
  show('waiting');
  const again = help('button', 'Try again now', { type: 'button', className: 'quiet' });
  again.addEventListener('click', async () => {
    await restoreSession();
    focusOnState();
  });
  problem('One moment.', `${refused.message} Trying again in ${seconds} seconds.`, again);
  retry = setTimeout(restoreSession, seconds * 1000);
}

/** Signs in. Runs in the click, so that the browser lets the window open. */
async function connect() {
  const attempt = signIn(environment);
  popup = attempt.popup;
  noProblem();
  show('signing-in');
  try {
    enter(await attempt.person);
    focusOnState();
  } catch (error) {
    show('signed-out');
    explain(error);
    focusOnState();
  } finally {
    popup = undefined;
  }
}

function explain(error) {
  if (error.kind === 'blocked') {
    const here = help('a', 'Sign in in this window', { href: signInPage(environment) });
    problem(
      error.message,
      'Allow pop-ups for this page and try again, or go on without one.',
      here,
    );
  } else if (error.kind === 'closed') {
    problem(
      error.message,
      'If it showed an error or stayed empty, Coder may be down: try again later.',
    );
  } else {
    problem('Signing in did not work.', error.message);
  }
}

/** Shows the person, and the catalog with that person's workspaces. */
function enter(person) {
  $('account-name').textContent = person.name;
  $('account-ref').textContent = person.entityRef ?? person.email ?? '';
  $('account-initials').textContent = person.initials;
  $('account-picture').hidden = !person.picture;
  if (person.picture) {
    $('account-picture').src = person.picture;
  }
  show('signed-in');
  announce(`Connected as ${person.name}.`);
  openCatalog();
}

async function openCatalog() {
  noProblem();
  close();
  const context = { environment, announce, onSignedOut: refused => leave(refused.message) };
  live = new Live(context);
  mine = new Mine($('mine'), { ...context, live });
  catalog = new Catalog($('entities'), { ...context, live });
  mine.look();
  try {
    const count = await catalog.open();
    $('catalog-summary').textContent =
      `${count} ${count === 1 ? 'entry' : 'entries'} in the catalog`;
  } catch (refused) {
    if (refused.isSignedOut) {
      leave(refused.message);
    } else {
      const again = help('button', 'Try again', { type: 'button', className: 'quiet' });
      again.addEventListener('click', async () => {
        await openCatalog();
        focusOnState();
      });
      problem('The catalog cannot be shown.', refused.message, again);
    }
  }
}

async function disconnect() {
  const button = $('disconnect');
  if (button.ariaDisabled === 'true') {
    return;
  }
  // Not `disabled`: that would take the focus away.
  button.ariaDisabled = 'true';
  try {
    await signOut(environment);
    leave();
    announce('Disconnected.');
  } catch (refused) {
    if (refused.isSignedOut) {
      leave();
    } else {
      problem('Disconnecting did not work.', refused.message);
    }
  } finally {
    button.ariaDisabled = null;
  }
}

/** Shows what someone who is not signed in sees, with the reason when it was not their wish. */
function leave(reason) {
  close();
  show('signed-out');
  noProblem();
  if (reason) {
    problem('You are not signed in any more.', reason);
  }
  focusOnState();
}

function close() {
  for (const part of [live, mine, catalog]) {
    part?.close();
  }
  [live, mine, catalog] = [];
}

function show(state) {
  document.body.dataset.state = state;
  const signedIn = state === 'signed-in';
  const signingIn = state === 'signing-in';
  $('account').hidden = !signedIn;
  $('catalog').hidden = !signedIn;
  $('mine').hidden = !signedIn;
  $('welcome').hidden = !(state === 'signed-out' || signingIn);
  $('restoring').hidden = state !== 'restoring';
  $('sign-in').textContent = signingIn ? 'Go on in the Coder window' : 'Sign in with Coder';
}

function problem(title, text, action) {
  $('problem-title').textContent = title;
  $('problem-text').textContent = text;
  $('problem-help').replaceChildren(...(action ? [action] : []));
  $('problem').hidden = false;
}

function noProblem() {
  $('problem').hidden = true;
}

function help(name, text, properties) {
  const made = Object.assign(document.createElement(name), properties);
  made.id = 'problem-action';
  made.textContent = text;
  return made;
}

/** Puts the focus where to go on: what was pressed is gone. */
function focusOnState() {
  const places = ['problem-action', 'catalog-title', 'sign-in'];
  places
    .map($)
    .find(place => place?.checkVisibility())
    ?.focus();
}

function announce(text) {
  $('status').textContent = text;
}

/** The error a sign-in without popup came back with; it is taken out of the address bar. */
function takeRedirectError() {
  const url = new URL(location.href);
  const error = url.searchParams.get('error');
  if (error !== null) {
    url.searchParams.delete('error');
    history.replaceState(null, '', url);
  }
  return error?.slice(0, 300);
}
