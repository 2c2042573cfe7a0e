// People at the portal: a browser for each, and what they do in it.
import { chromium } from 'playwright-core';

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Starts Chromium. */
export function startBrowser() {
  return chromium.launch({
    executablePath: PROGRAM,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

/** Opens a browser profile. Its `complaints` are what pages wrote to the console as errors. */
export async function newPerson(browser, portal, options = {}) {
  const context = await browser.newContext({ baseURL: portal.url, ...options });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', error => complaints.push(String(error)));
  return { context, page, complaints };
}

/** Signs in to Backstage with Coder, in the window that the portal opens. */
export async function signIn(page, username) {
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('button', { name: 'Sign In' }).click(),
  ]);
  await consent(popup, username);
  await page
    .getByRole('heading', { name: /catalog/i })
    .first()
    .waitFor();
}

/** Logs in to the fake Coder, and lets the portal act. */
export async function consent(popup, username) {
  await popup.waitForLoadState();
  const user = popup.locator(`#user-${username}`);
  const allow = popup.getByRole('button', { name: /allow|authorize/i });
  await user.or(allow).first().waitFor();
  if (await user.count()) {
    await user.click();
    await popup.waitForLoadState();
  }
  const closed = popup.waitForEvent('close');
  await allow.click();
  await closed;
}
