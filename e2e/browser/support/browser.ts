import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { describe, expect } from 'vitest';

/** A real Chromium, and people in front of it. */

const chromiumPath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium'].find((path) => path && existsSync(path));

if (!chromiumPath) {
  const missing = 'There is no Chromium: install it (apt-get install chromium), or say where it is with CHROMIUM_PATH.';
  if (process.env.CI === 'true') throw new Error(missing);
  console.warn(`The browser tests are skipped. ${missing}`);
}

/** Skips its tests where there is no Chromium; with CI=true a missing one is a failure. */
export const describeInBrowser = describe.skipIf(!chromiumPath);

/** A name that leads to this machine over plain http, as a vault in an office does: no secure context. */
export const plainHost = 'vault.test';

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath ?? '',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=MAP ${plainHost} 127.0.0.1`,
    ],
  });

/** More than anything here takes, also while other tests keep the machine busy. */
const patienceMs = 15_000;

/** What no page of ours may ever do. */
export interface Offences {
  violations: string[];
  strangers: string[];
  errors: string[];
}

export interface Visitor {
  page: Page;
  context: BrowserContext;
  /** Fails if a page broke the content security policy, asked another origin for anything, or threw. */
  leave: () => Promise<void>;
}

/** Somebody with a browser of their own: nothing is shared with other visitors. */
export const visit = async (browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visitor> => {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(patienceMs);
  const offences: Offences = { violations: [], strangers: [], errors: [] };
  await context.exposeBinding('reportViolation', (_, text: string) => offences.violations.push(text));
  await context.addInitScript(`
    addEventListener('securitypolicyviolation', (event) =>
      reportViolation(event.effectiveDirective + ' ' + event.blockedURI + ' ' + event.sample));
  `);
  context.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) offences.strangers.push(request.url());
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => offences.errors.push(error.message));
  await page.goto(`${url}/`);
  const leave = async () => {
    await context.close();
    expect(offences).toEqual({ violations: [], strangers: [], errors: [] });
  };
  return { page, context, leave };
};

export const signInAs = async (page: Page, username: string, password: string): Promise<void> => {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
};

/** Pastes a text as if it had been on the clipboard. */
export const paste = (page: Page, text: string): Promise<void> =>
  page.evaluate(`{
    const data = new DataTransfer();
    data.setData('text/plain', ${JSON.stringify(text)});
    const field = document.activeElement;
    const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
    if (field.dispatchEvent(event)) document.execCommand('insertText', false, ${JSON.stringify(text)});
  }`);

/** Whether the page is wider than the window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
