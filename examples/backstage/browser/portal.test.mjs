// The main line, in Chromium: what a person sees and does. With `SCREENSHOTS` in the environment, its
// pictures are written to that directory.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { startPortal } from '../portal.mjs';
import { consent, newPerson, signIn, startBrowser } from './people.mjs';

const PAYMENTS = '/catalog/default/component/payments';
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let portal;
let browser;
/** The sessions of people who have signed in already. */
const sessions = {};

before(async () => {
  portal = await startPortal({ quiet: true });
  browser = await startBrowser();
  for (const username of ['alice', 'bob']) {
    const { page, context } = await newPerson(browser, portal);
    await page.goto('/');
    await signIn(page, username);
    sessions[username] = await context.storageState();
    await context.close();
  }
});

after(async () => {
  await browser?.close();
  await portal?.stop();
});

const cardOf = page => page.getByRole('region', { name: 'Coder Workspaces' });
const itemOf = (page, name) => page.locator(`[data-workspace="${name}"]`);

/** A person who is signed in. Pages that fail in their scripts fail the test. */
async function signedIn(context, username, options) {
  const storageState = sessions[username];
  const person = await newPerson(browser, portal, { storageState, ...options });
  context.after(async () => {
    if (process.env.SCREENSHOTS) await picture(person.page, `after ${context.name}`);
    await person.context.close();
    assert.deepEqual(person.complaints, []);
  });
  return person;
}

/** Opens the tab with everyone's workspaces. Returns its table. */
async function openEveryones(page) {
  await page.goto('/coder');
  await page.getByRole('tab', { name: 'Everyone’s' }).click();
  const table = page.getByRole('region', { name: 'Table of workspaces' });
  await table.locator('[data-workspace="bob/python"]').waitFor();
  return table;
}

/** Chooses the last entry of a menu by the keyboard alone. */
async function chooseLast(page, button) {
  await page.getByRole('button', { name: button }).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.role === 'menuitem');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
}

/** Tells what axe finds within an element. */
async function faults(page, selector) {
  await page.evaluate(axe);
  return page.evaluate(async within => {
    const rules = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] };
    const { violations } = await window.axe.run(within, rules);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }, selector);
}

async function picture(page, name) {
  const directory = process.env.SCREENSHOTS;
  if (!directory) return;
  await mkdir(directory, { recursive: true });
  await page.screenshot({ path: join(directory, `${name}.png`) });
}

/** Waits until a light of the list has come on. */
const isOnline = (page, name) => itemOf(page, name).getByText('Online', { exact: true }).waitFor();

describe('a person at the portal', () => {
  test('signs in to Backstage with Coder, and finds the workspaces of a component', async context => {
    const { page } = await newPerson(browser, portal);
    context.after(() => page.context().close());
    await page.goto(PAYMENTS);
    await page.getByText('Sign in using Coder').waitFor();
    await picture(page, 'sign-in');
    const [popup] = await Promise.all([
      page.waitForEvent('popup'),
      page.getByRole('button', { name: 'Sign In' }).click(),
    ]);
    await consent(popup, 'alice');
    await isOnline(page, 'payments-dev');
    assert.equal(await cardOf(page).getByRole('listitem').count(), 3);
    await picture(page, 'card');
    assert.deepEqual(await faults(page, '[data-coder-card]'), []);
  });

  test('starts a workspace, and sees it come online without a reload', async context => {
    const { page } = await signedIn(context, 'alice');
    await page.goto(PAYMENTS);
    await page.getByRole('button', { name: 'Start payments-2025' }).click();
    await isOnline(page, 'payments-2025');
    await page.getByRole('button', { name: 'Open with, for payments-2025' }).click();
    await page.getByRole('menuitem', { name: 'Terminal' }).waitFor();
  });

  test('opens a component in Coder: a workspace is made, with its log', async context => {
    const { page } = await signedIn(context, 'bob');
    await page.goto(PAYMENTS);
    await cardOf(page).getByText('You have no workspace for this repository yet.').waitFor();
    await page.getByRole('button', { name: 'Open in Coder' }).click();
    await page.getByRole('region', { name: 'Log of the build' }).waitFor();
    await picture(page, 'open-in-coder');
    assert.deepEqual(await faults(page, '[data-coder-card]'), []);
    await page
      .getByRole('button', { name: /^Open payments/ })
      .or(page.getByRole('link', { name: /^Open payments/ }))
      .first()
      .waitFor();
    assert.equal(await cardOf(page).getByRole('listitem').count(), 1);
  });

  test('stops and deletes by the keyboard alone, and is asked first', async context => {
    const { page } = await signedIn(context, 'alice');
    await page.goto('/catalog/default/component/web-shop');
    const name = 'shop';
    await itemOf(page, name).waitFor();
    await chooseLast(page, `Actions for ${name}`);
    const dialog = page.getByRole('dialog', { name: `Delete ${name}?` });
    await dialog.waitFor();
    assert.deepEqual(await faults(page, '[role=dialog]'), []);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await itemOf(page, name).waitFor();
    await chooseLast(page, `Actions for ${name}`);
    await dialog.waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await itemOf(page, name).waitFor({ state: 'detached' });
  });

  test('finds a workspace by a part of its name', async context => {
    const { page } = await signedIn(context, 'alice');
    await page.goto(PAYMENTS);
    await itemOf(page, 'payments-dev').waitFor();
    await page.getByLabel('Search your Coder workspaces').fill('review');
    await itemOf(page, 'payments-dev').waitFor({ state: 'detached' });
    assert.equal(await cardOf(page).getByRole('listitem').count(), 1);
    await page.getByLabel('Search your Coder workspaces').fill('nothing-like-it');
    await page.getByText('No workspace matches “nothing-like-it”.').waitFor();
  });

  test('learns why Coder has nothing for a component', async context => {
    const { page } = await signedIn(context, 'alice');
    await page.goto('/catalog/default/component/handbook');
    await page.locator('[data-coder-card=incompatible]').waitFor();
    assert.match(await cardOf(page).innerText(), /repository/);
  });

  test('sees why a workspace failed, and what to do next', async context => {
    const { page } = await signedIn(context, 'alice');
    await page.goto('/catalog/default/component/python-project');
    await itemOf(page, 'python')
      .getByText(/no capacity left/)
      .waitFor();
    await picture(page, 'failed');
  });

  test('has all workspaces on one page, with the components that they belong to', async context => {
    const { page } = await signedIn(context, 'alice');
    await page.goto('/');
    await page.getByRole('link', { name: 'Coder', exact: true }).click();
    await itemOf(page, 'scratch').waitFor();
    await itemOf(page, 'payments-dev')
      .getByRole('link', { name: /^payments$/i })
      .waitFor();
    await picture(page, 'page');
    assert.deepEqual(await faults(page, '[data-coder-card]'), []);
    await page.getByLabel('State').selectOption('stopped');
    await itemOf(page, 'payments-dev').waitFor({ state: 'detached' });
    await itemOf(page, 'scratch').waitFor();
  });

  test('disconnects in the settings, and signs in again there', async context => {
    const { page } = await signedIn(context, 'alice', { storageState: undefined });
    await page.goto('/');
    await signIn(page, 'alice');
    await page.goto('/settings/auth-providers');
    await page.getByText(/Connected as alice/).waitFor();
    await picture(page, 'settings');
    assert.deepEqual(await faults(page, '[data-coder-settings]'), []);
    await page.getByRole('button', { name: 'Disconnect' }).click();
    // Without Coder nobody is signed in to this portal at all.
    await page.getByText('Sign in using Coder').waitFor();
    await signIn(page, 'alice');
    await page.goto('/settings/auth-providers');
    await page.getByText(/Connected as alice/).waitFor();
  });

  test('is told why a token cannot be linked', async context => {
    const { page } = await signedIn(context, 'alice');
    await page.goto('/settings/auth-providers');
    await page.getByLabel('Token of Coder').fill('no-such-token');
    await page.getByRole('button', { name: 'Link', exact: true }).click();
    await page.getByRole('alert').waitFor();
  });

  test('has two tabs of one session, and both live', async context => {
    const { page, context: profile } = await signedIn(context, 'alice');
    const other = await profile.newPage();
    await other.goto(PAYMENTS);
    await isOnline(other, 'payments-dev');
    await page.goto(PAYMENTS);
    await isOnline(page, 'payments-dev');
  });

  test('keeps the list while Coder is away, is told so, and goes on when it is back', async context => {
    const { page } = await signedIn(context, 'alice');
    await page.goto(PAYMENTS);
    await isOnline(page, 'payments-dev');
    const body = JSON.stringify({
      error: { name: 'ServiceUnavailableError', message: 'Coder does not answer' },
    });
    const away = route => route.fulfill({ status: 503, contentType: 'application/json', body });
    await page.route('**/api/coder/v1/**', away);
    await page.getByRole('button', { name: 'See additional workspace actions' }).click();
    await page.getByRole('menuitem', { name: 'Refresh workspaces list' }).click();
    await page.getByText(/may be out of date: Coder does not answer/).waitFor();
    await itemOf(page, 'payments-dev').waitFor();
    await page.unroute('**/api/coder/v1/**', away);
    await page.getByRole('button', { name: 'See additional workspace actions' }).click();
    await page.getByRole('menuitem', { name: 'Refresh workspaces list' }).click();
    await page.getByText(/may be out of date/).waitFor({ state: 'detached' });
  });

  test('sees that Coder is away, and goes on without a reload when it is back', async context => {
    const { page } = await signedIn(context, 'alice');
    await page.goto(PAYMENTS);
    await isOnline(page, 'payments-dev');
    await portal.away();
    try {
      await page.getByText(/may be out of date: /).waitFor({ timeout: 60_000 });
      await itemOf(page, 'payments-dev').waitFor();
      const other = await page.context().newPage();
      await other.goto('/catalog/default/component/web-shop');
      // A page that has read nothing yet says whose fault it is, and offers another try.
      await other.locator('[data-coder-card=error]').waitFor({ timeout: 60_000 });
      await other.getByRole('button', { name: 'Try again' }).waitFor();
      await portal.back();
      await other.getByRole('button', { name: 'Try again' }).click();
      await other.locator('[data-coder-card=ready]').waitFor({ timeout: 60_000 });
    } finally {
      await portal.back();
    }
    await page.getByText(/may be out of date/).waitFor({ state: 'detached', timeout: 60_000 });
    await isOnline(page, 'payments-dev');
  });

  test('has everyone’s workspaces on the page, filtered, sorted and saved as a file', async context => {
    const { page } = await signedIn(context, 'alice');
    const table = await openEveryones(page);
    await page.getByText(/^Read from Coder/).waitFor();
    await picture(page, 'everyone');
    assert.deepEqual(await faults(page, '[data-coder-everyone]'), []);
    await page.getByLabel('Owner', { exact: true }).selectOption('bob');
    await table.locator('[data-workspace="alice/scratch"]').waitFor({ state: 'detached' });
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export as CSV' }).click(),
    ]);
    const text = await readFile(await download.path(), 'utf8');
    assert.match(text, /"bob"/);
    assert.doesNotMatch(text, /"alice"/);
    await page.getByLabel('Owner', { exact: true }).selectOption('');
    await table.getByRole('button', { name: 'Owner' }).click();
    await page.waitForFunction(() =>
      document.querySelector('tbody tr')?.getAttribute('data-workspace')?.startsWith('bob/'),
    );
    await table.getByRole('link', { name: 'Payments', exact: true }).first().click();
    await page.waitForURL(/component\/payments/);
  });

  test('chooses a preset before a workspace is made', async context => {
    const { page } = await signedIn(context, 'alice');
    await page.goto('/catalog/default/component/web-shop');
    // The test of deletion has left alice without a workspace of this component.
    await cardOf(page).getByText('You have no workspace for this repository yet.').waitFor();
    await page.getByRole('button', { name: 'Open in Coder' }).click();
    const form = page.getByRole('form', { name: 'New workspace of Web' });
    await form.waitFor();
    await picture(page, 'presets');
    assert.deepEqual(await faults(page, '[data-coder-card]'), []);
    await form.getByLabel('Preset').selectOption('America');
    await form.getByRole('button', { name: 'Create and open' }).click();
    await page
      .getByText(/^(Creating|web-shop)/)
      .first()
      .waitFor();
    await cardOf(page).getByRole('listitem').first().waitFor();
  });

  test('uses the card on a phone', async context => {
    const { page } = await signedIn(context, 'alice', { viewport: { width: 360, height: 740 } });
    await page.goto(PAYMENTS);
    await isOnline(page, 'payments-dev');
    const { width } = await cardOf(page).boundingBox();
    const needed = await cardOf(page).evaluate(card => card.scrollWidth);
    assert.ok(needed <= Math.ceil(width), `the card is ${width} wide and needs ${needed}`);
    await cardOf(page).scrollIntoViewIfNeeded();
    await picture(page, 'phone');
    assert.deepEqual(await faults(page, '[data-coder-card]'), []);
    await openEveryones(page);
    const everyones = await page.locator('[data-coder-everyone]').boundingBox();
    assert.ok(
      everyones.x + everyones.width <= 360,
      `the tab ends at ${everyones.x + everyones.width}`,
    );
    await picture(page, 'phone-everyone');
    assert.deepEqual(await faults(page, '[data-coder-everyone]'), []);
  });

  test('reads the card in the dark theme', async context => {
    const { page } = await signedIn(context, 'alice');
    await page.addInitScript(() => localStorage.setItem('theme', 'dark'));
    await page.goto(PAYMENTS);
    await isOnline(page, 'payments-dev');
    await picture(page, 'dark');
    assert.deepEqual(await faults(page, '[data-coder-card]'), []);
    await openEveryones(page);
    assert.deepEqual(await faults(page, '[data-coder-everyone]'), []);
  });

  test('makes a workspace in the scaffolder, and follows the link to it', async context => {
    const { page } = await signedIn(context, 'alice');
    await page.goto('/create/templates/default/coder-workspace');
    await page.getByLabel('Component').click();
    await page
      .getByRole('option', { name: /python/i })
      .first()
      .click();
    await page.getByLabel(/Name of the workspace/).fill('from-template');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('region').waitFor();
    await picture(page, 'scaffolder');
    await page.getByRole('button', { name: 'Review' }).click();
    await page.getByRole('button', { name: 'Create' }).click();
    const link = page.getByRole('link', { name: /Open from-template in Coder/ });
    await link.first().waitFor({ timeout: 40_000 });
    assert.match(await link.first().getAttribute('href'), /@alice\/from-template$/);
  });
});

describe('a person at an app of the legacy system', () => {
  /** The provider of a list that signed the person in: Backstage remembers it. */
  const REMEMBERED = { '@backstage/core:SignInPage:provider': 'coder-auth-provider' };

  /** Lets the browser show the app of the legacy system. */
  const legacy = (page, settings) =>
    page.addInitScript(
      values => Object.entries(values).forEach(([key, it]) => localStorage.setItem(key, it)),
      { system: 'legacy', ...settings },
    );

  for (const provider of ['above', 'below', 'around']) {
    test(`has the card beside the about card, with the provider ${provider} the router`, async context => {
      const { page } = await signedIn(context, 'alice');
      await legacy(page, { ...REMEMBERED, provider });
      await page.goto(PAYMENTS);
      await isOnline(page, 'payments-dev');
      await page.getByText('Takes money from customers and tells the ledger.').first().waitFor();
      if (provider === 'above') await picture(page, 'legacy-card');
      assert.deepEqual(await faults(page, '[data-coder-card]'), []);
      await page.route('**/api/coder/v1/**', route =>
        route.fulfill({ status: 401, contentType: 'application/json', body: '{}' }),
      );
      await page.reload();
      await cardOf(page).getByRole('button', { name: 'Sign in to Coder' }).waitFor();
    });
  }

  test('is led to the form that appConfig names, and not to that of app-config', async context => {
    const { page } = await signedIn(context, 'alice');
    const deployment = { accessUrl: 'https://coder.example.com' };
    const appConfig = { deployment, workspaces: { defaultTemplateName: 'given' } };
    await legacy(page, { ...REMEMBERED, appConfig: JSON.stringify(appConfig) });
    await page.goto(PAYMENTS);
    await isOnline(page, 'payments-dev');
    const form = 'a[href^="https://coder.example.com/templates/given/workspace?"]';
    await cardOf(page).locator(form).waitFor();
    // The portal would make the workspace of app-config.
    assert.equal(await cardOf(page).getByRole('button', { name: 'Open in Coder' }).count(), 0);
  });

  test('signs in, and has the row of the settings and the page', async context => {
    const { page } = await signedIn(context, 'alice', { storageState: undefined });
    await legacy(page, {});
    await page.goto('/');
    await signIn(page, 'alice');
    await page.goto('/settings/auth-providers');
    await page.getByText(/Connected as alice/).waitFor();
    assert.deepEqual(await faults(page, '[data-coder-settings]'), []);
    await page.goto('/coder');
    await itemOf(page, 'scratch').waitFor();
  });
});
