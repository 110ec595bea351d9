/** A real Chromium, and what a test does with a page in it. */
import { existsSync } from 'node:fs';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import { describe, expect } from 'vitest';

/** The headless shell is Chromium without what only a window needs: the same tests take two thirds of the computing. */
const candidates = [process.env.CHROMIUM_PATH, '/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];
const chromiumPath = candidates.find((path) => path && existsSync(path));

if (!chromiumPath) {
  const missing = 'Chromium is not installed. Install it (apt-get install chromium), or set CHROMIUM_PATH.';
  if (process.env.CI === 'true') throw new Error(missing);
  console.warn(`The browser tests are skipped. ${missing}`);
}

/** Skips its tests if Chromium is not installed. With CI=true that is a failure. */
export const describeInBrowser = describe.skipIf(!chromiumPath);

/** A name of this machine over plain http, as a vault in an office has one: not a secure context. */
export const plainHost = 'vault.test';

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath ?? '',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--in-process-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // One process shows all pages. Otherwise each step between a page and an empty one starts another, a quarter of all computing here.
      '--disable-site-isolation-trials',
      '--renderer-process-limit=1',
      `--host-resolver-rules=MAP ${plainHost} 127.0.0.1`,
    ],
  });
}

/** Longer than any step takes, even while other tests keep the machine busy. */
const stepTimeoutMs = 15_000;

/** What no page of the UI may ever do. */
interface Offences {
  violations: string[];
  foreignRequests: string[];
  errors: string[];
}

export interface Visitor {
  page: Page;
  context: BrowserContext;
  /** Brings the context back to its first state: one empty page, no cookies, nothing stored. Then checks like `leave`. */
  reset: () => Promise<void>;
  /** Fails if a page broke the content security policy, sent a request to another origin, or threw an error. */
  leave: () => Promise<void>;
}

export interface VisitOptions extends BrowserContextOptions {
  /** Installs a clock that the test moves (`page.clock`). */
  hasClock?: boolean;
}

/** A browser context with an empty page. It shares nothing with others. */
export async function newVisitor(browser: Browser, url: string, options: VisitOptions = {}): Promise<Visitor> {
  const { hasClock = false, ...contextOptions } = options;
  const { viewport = { width: 1280, height: 800 }, colorScheme = null, forcedColors = null } = contextOptions;
  const reducedMotion = contextOptions.reducedMotion ?? 'reduce';
  const context = await browser.newContext({ ...contextOptions, viewport, reducedMotion });
  /** Playwright's own first state; `emulateMedia` with null would be the browser's. */
  const asOpened = {
    media: null,
    colorScheme: colorScheme ?? 'light',
    forcedColors: forcedColors ?? 'none',
    reducedMotion,
  } as const;
  context.setDefaultTimeout(stepTimeoutMs);
  const offences: Offences = { violations: [], foreignRequests: [], errors: [] };
  await context.exposeBinding('reportViolation', (_, text: string) => offences.violations.push(text));
  await context.addInitScript(`
    addEventListener('securitypolicyviolation', (event) =>
      reportViolation(event.effectiveDirective + ' ' + event.blockedURI + ' ' + event.sample));
  `);
  context.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) offences.foreignRequests.push(request.url());
  });
  context.on('weberror', (event) => offences.errors.push(event.error().message));
  if (hasClock) await context.clock.install();
  const page = await context.newPage();
  const expectNoOffences = () => expect(offences).toEqual({ violations: [], foreignRequests: [], errors: [] });
  const reset = async () => {
    for (const other of context.pages()) if (other !== page) await other.close();
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.unrouteAll({ behavior: 'ignoreErrors' });
    await context.setOffline(false);
    page.removeAllListeners('dialog');
    if (viewport) await page.setViewportSize(viewport);
    await page.emulateMedia(asOpened);
    await page.evaluate('localStorage.clear(); sessionStorage.clear()');
    await context.clearCookies();
    await page.goto('about:blank');
    expectNoOffences();
  };
  const leave = async () => {
    await context.close();
    expectNoOffences();
  };
  return { page, context, reset, leave };
}

/** Opens the vault in a browser context of its own. */
export async function visit(browser: Browser, url: string, options?: VisitOptions): Promise<Visitor> {
  const visitor = await newVisitor(browser, url, options);
  await visitor.page.goto(`${url}/`);
  return visitor;
}

export async function signInAs(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Pastes a text as if it had been on the clipboard. */
export function paste(page: Page, text: string): Promise<void> {
  return page.evaluate(`{
    const data = new DataTransfer();
    data.setData('text/plain', ${JSON.stringify(text)});
    const field = document.activeElement;
    const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
    if (field.dispatchEvent(event)) document.execCommand('insertText', false, ${JSON.stringify(text)});
  }`);
}

export function button(page: Page, name: string): Locator {
  return page.getByRole('button', { name, exact: true });
}

export function field(page: Page, label: string): Locator {
  return page.getByLabel(label, { exact: true });
}

export function heading(page: Page, name: string): Locator {
  return page.getByRole('heading', { name, exact: true });
}

/** How many dialogs are open. */
export function dialogs(page: Page): Promise<number> {
  return page.getByRole('dialog').count();
}

/** What has the focus: its label or its text; null if nothing has it, so that a keyboard starts at the top again. */
export function focused(page: Page): Promise<string | null> {
  return page.evaluate<string | null>(`{
    const { activeElement: at, body } = document;
    const label = at?.labels?.[0]?.textContent ?? at?.getAttribute('aria-label') ?? at?.textContent ?? '';
    at === body ? null : label.trim();
  }`);
}

/** Holds back the answers to the GET requests that match. Each function in the returned list lets one answer pass. */
export async function holdAnswers(page: Page, matches: (url: URL) => boolean): Promise<(() => void)[]> {
  const held: (() => void)[] = [];
  await page.route(matches, async (route) => {
    if (route.request().method() !== 'GET') return route.continue();
    const response = await route.fetch();
    await new Promise<void>((pass) => held.push(pass));
    await route.fulfill({ response });
  });
  return held;
}

/** How many pixels the page is wider than the window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

export function textOf(page: Page): Promise<string> {
  return page.evaluate('document.body.innerText');
}

/** Waits for a toast with this text. */
export function toast(page: Page, text: string): Promise<void> {
  return page.locator('.toast', { hasText: text }).last().waitFor();
}

/** The row of a key in the list. */
export function keyRow(page: Page, name: string): Locator {
  return page.locator('[role="row"]', { has: page.getByRole('link', { name, exact: true }) });
}

/** The page of the key that is open. */
export function keyPage(page: Page): Locator {
  return page.locator('.key-page');
}

/** Opens the page of a key from the list. */
export async function openKey(page: Page, name: string): Promise<Locator> {
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByRole('region', { name: `Key ${name}`, exact: true }).waitFor();
  return keyPage(page);
}

/** Opens a folded part of the page of a key. One that is open stays so: the page keeps it for as long as its key is shown. */
export async function unfold(page: Page, title: string): Promise<void> {
  const fold = keyPage(page).locator('details.fold', { has: page.locator('summary', { hasText: title }) });
  if ((await fold.getAttribute('open')) === null) await fold.locator('summary').click();
}

/** Opens the form for a new value of a key. */
export async function beginReplace(page: Page, name: string): Promise<void> {
  await openKey(page, name);
  await button(page, 'Replace').click();
}

/** The button with the menu of somebody's roles. Its name ends with the role that they have. */
export function roleOf(page: Page, name: string): Locator {
  return page.getByRole('button', { name: new RegExp(`^Role of ${name}: `) });
}

export async function chooseRole(page: Page, name: string, role: string): Promise<void> {
  await roleOf(page, name).click();
  await page.getByRole('menuitemradio', { name: role }).click();
}

/** Fills in the form for a new key and submits it. */
export async function addKeyByForm(page: Page, name: string, value: string): Promise<void> {
  await page
    .getByRole('button', { name: /^Add (key|your first key)$/ })
    .first()
    .click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Value', { exact: true }).fill(value);
  await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
}
