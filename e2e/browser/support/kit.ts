/**
 * What the browser tests of one feature share: a vault and a browser for the file, and new users and names for each test,
 * so that every test runs alone.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { ask, type RunningVault, signIn, startVault } from '../../../testing/vault.ts';
import { launch, textOf, type VisitOptions, type Visitor, visit } from './browser.ts';

export interface Person {
  name: string;
  password: string;
  /** A session of this person. `comeAs` gives it to the browser. */
  token: string;
}

export interface Kit {
  /** The address of the vault, without a slash at the end. */
  url: () => string;
  admin: () => Person;
  /** A name that no other test of the file uses; all have the same length after the prefix, so none contains another. */
  fresh: (prefix: string) => string;
  newUser: () => Promise<Person>;
  addKey: (owner: Person, name: string, value?: string, description?: string) => Promise<void>;
  /** Opens a new browser context at the sign-in page. */
  come: (options?: VisitOptions, url?: string) => Promise<Visitor>;
  /** Opens one that is signed in already, at the list of keys. */
  comeAs: (person: Person, options?: VisitOptions, url?: string) => Promise<Page>;
}

const adminPassword = 'correct horse battery';
const userPassword = 'quiet river stone';

/** Registers the hooks that start and stop everything. With `keepsDefaults` the user `user` has the default password. */
export function browserKit({ keepsDefaults = false } = {}): Kit {
  let vault: RunningVault;
  let browser: Browser;
  let admin: Person;
  let names = 0;
  let visitors: Visitor[] = [];

  beforeAll(async () => {
    const env = keepsDefaults ? {} : { ADMIN_PASSWORD: adminPassword };
    [vault, browser] = await Promise.all([startVault({ env }), launch()]);
    if (keepsDefaults) await replaceDefault(vault.url);
    admin = { name: 'admin', password: adminPassword, token: await signIn(vault.url, 'admin', adminPassword) };
  });
  afterAll(async () => {
    await browser?.close();
    await vault?.dispose();
  });
  afterEach(async ({ task }) => {
    const left = visitors;
    visitors = [];
    if (task.result?.state === 'fail') {
      for (const { page } of left) console.error(page.url(), await textOf(page));
      console.error(vault.output());
    }
    for (const { leave } of left) await leave();
  });

  const fresh = (prefix: string) => {
    names += 1;
    return `${prefix}_${String(names).padStart(3, '0')}`;
  };

  const come = async (options: VisitOptions = {}, url = vault.url) => {
    const visitor = await visit(browser, url, options);
    visitors.push(visitor);
    return visitor;
  };

  return {
    url: () => vault.url,
    admin: () => admin,
    fresh,
    come,

    newUser: async () => {
      const name = fresh('person');
      const body = { username: name, password: userPassword };
      await expectOk(ask(vault.url, 'POST', '/users', { token: admin.token, body }));
      return { name, password: userPassword, token: await signIn(vault.url, name, userPassword) };
    },

    addKey: async (owner, name, value = `value of ${name}`, description = '') => {
      const body = { key_name: name, api_key: value, description };
      await expectOk(ask(vault.url, 'POST', '/keys', { token: owner.token, body }));
    },

    comeAs: async ({ token }, options = {}, url = vault.url) => {
      const { page } = await come(
        { ...options, storageState: { cookies: [sessionCookie(token, url)], origins: [] } },
        url,
      );
      await page.getByRole('heading', { name: 'API Keys' }).waitFor();
      return page;
    },
  };
}

function sessionCookie(token: string, url: string) {
  const { hostname } = new URL(url);
  const attributes = { path: '/', expires: -1, httpOnly: true, secure: false, sameSite: 'Strict' as const };
  return { name: 'keystore_session', value: token, domain: hostname, ...attributes };
}

async function replaceDefault(url: string): Promise<void> {
  const token = await signIn(url, 'admin', 'admin123');
  const body = { current_password: 'admin123', new_password: adminPassword };
  await expectOk(ask(url, 'POST', '/auth/password', { token, body }));
}

async function expectOk(answering: ReturnType<typeof ask>): Promise<void> {
  const { status, body } = await answering;
  if (status >= 300) throw new Error(`The vault answered ${status}: ${JSON.stringify(body)}`);
}
