/**
 * What the browser tests of one feature share: a vault and a browser for the file, and new users and names for each test,
 * so that every test runs alone.
 */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { ask, type RunningVault, type Runtime, signIn, startVault } from '../../../testing/vault.ts';
import { launch, newVisitor, textOf, type VisitOptions, type Visitor } from './browser.ts';

export interface Person {
  name: string;
  password: string;
  /** A session of this person. */
  token: string;
  /** The cookie of the same session. `comeAs` gives it to the browser. */
  cookie: { name: string; value: string };
}

export interface Kit {
  /** The address of the vault, without a slash at the end. */
  url: () => string;
  admin: () => Person;
  /** A name that no other test of the file uses; all have the same length after the prefix, so none contains another. */
  fresh: (prefix: string) => string;
  newUser: () => Promise<Person>;
  addKey: (owner: Person, name: string, value?: string, description?: string) => Promise<void>;
  /** Opens the vault in a browser context of its own, at the sign-in page. */
  come: (options?: VisitOptions) => Promise<Visitor>;
  /** The same with a session of `person`, at the list of keys. */
  comeAs: (person: Person, options?: VisitOptions, url?: string) => Promise<Page>;
}

export interface KitOptions {
  keepsDefaults?: boolean;
  runtime?: Runtime;
}

/** The kind of a context that no other test gets: a clock cannot be taken out again. */
const unique = '';

/** Contexts of one kind have the same options and talk to the same address. */
function kindOf(options: VisitOptions | undefined, url: string): string {
  return options?.hasClock ? unique : JSON.stringify([url, options]);
}

const adminPassword = 'correct horse battery';
const userPassword = 'quiet river stone';

/**
 * Registers the hooks that start and stop everything. With `keepsDefaults` the user `user` has the default password.
 *
 * The UI and the API are the same on both runtimes, and the standalone one takes a fraction of the time. What differs, the delivery of
 * pages and assets, is tested on `npm start` too: access, proxies, session and size have it.
 */
export function browserKit({ keepsDefaults = false, runtime = 'standalone' }: KitOptions = {}): Kit {
  let vault: RunningVault;
  let browser: Browser;
  let admin: Person;
  let names = 0;
  /** A context costs a second to open, so the next test that wants the same options gets it again, after a reset. */
  const idle = new Map<string, Visitor[]>();
  let visitors: { visitor: Visitor; kind: string }[] = [];

  beforeAll(async () => {
    const env = keepsDefaults ? {} : { ADMIN_PASSWORD: adminPassword };
    [vault, browser] = await Promise.all([startVault({ env, runtime }), launch()]);
    if (keepsDefaults) await replaceDefault(vault.url);
    admin = await personOf(vault.url, 'admin', adminPassword);
  });
  afterAll(async () => {
    await browser?.close();
    await vault?.dispose();
  });
  afterEach(async ({ task }) => {
    const left = visitors;
    visitors = [];
    const hasFailed = task.result?.state === 'fail';
    if (hasFailed) {
      for (const { page } of left.map(({ visitor }) => visitor)) console.error(page.url(), await textOf(page));
      console.error(vault.output());
    }
    for (const { visitor, kind } of left) {
      if (kind === unique || hasFailed || visitor.page.isClosed()) await visitor.leave();
      else {
        await visitor.reset();
        idle.set(kind, [...(idle.get(kind) ?? []), visitor]);
      }
    }
  });

  const fresh = (prefix: string) => {
    names += 1;
    return `${prefix}_${String(names).padStart(3, '0')}`;
  };

  const open = async (cookies: Cookie[], options: VisitOptions | undefined, url: string) => {
    const kind = kindOf(options, url);
    const visitor = idle.get(kind)?.pop() ?? (await newVisitor(browser, url, options));
    visitors.push({ visitor, kind });
    await visitor.context.addCookies(cookies);
    await visitor.page.goto(`${url}/`);
    return visitor;
  };

  return {
    url: () => vault.url,
    admin: () => admin,
    fresh,

    newUser: async () => {
      const name = fresh('person');
      const body = { username: name, password: userPassword };
      await expectOk(ask(vault.url, 'POST', '/users', { token: admin.token, body }));
      return personOf(vault.url, name, userPassword);
    },

    addKey: async (owner, name, value = `value of ${name}`, description = '') => {
      const body = { key_name: name, api_key: value, description };
      await expectOk(ask(vault.url, 'POST', '/keys', { token: owner.token, body }));
    },

    come: (options) => open([], options, vault.url),

    comeAs: async ({ cookie }, options, url = vault.url) => {
      const { page } = await open([{ ...cookie, url, httpOnly: true, sameSite: 'Strict' }], options, url);
      await page.getByRole('heading', { name: 'API Keys' }).waitFor();
      return page;
    },
  };
}

type Cookie = Parameters<BrowserContext['addCookies']>[0][number];

/** Signs in. The cookie is the one that a browser would have got. */
async function personOf(url: string, name: string, password: string): Promise<Person> {
  const body = { username: name, password };
  const answer = await ask(url, 'POST', '/auth/login', { body });
  const [, cookie, value] = /^([^=]+)=([^;]+);/.exec(answer.headers.get('Set-Cookie') ?? '') ?? [];
  const { token } = answer.body;
  if (!token || !cookie || !value) throw new Error(`sign-in of ${name}: ${answer.status}`);
  return { name, password, token, cookie: { name: cookie, value } };
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
