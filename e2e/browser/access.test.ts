/** Accessibility: every page and dialog in both themes, on narrow screens, and with the keyboard alone. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type RunningVault, signIn, startVault } from '../../testing/vault.ts';
import {
  beginReplace,
  chooseRole,
  describeInBrowser,
  keyPage,
  launch,
  openKey,
  overflow,
  paste,
  roleOf,
  signInAs,
  unfold,
  type Visitor,
  visit,
} from './support/browser.ts';

const password = 'correct horse battery';
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let vault: RunningVault;
let browser: Browser;

/** On a narrow page, the button waits behind another one. */
async function beginSelecting(page: Page) {
  await page.locator('.grid').waitFor();
  const select = page.getByRole('button', { name: 'Select', exact: true });
  if (!(await select.isVisible()))
    await page.getByRole('button', { name: 'Sort, filter, select', exact: true }).click();
  await select.click();
}

function openDialog(name: string) {
  return async (page: Page) => {
    await page.getByRole('button', { name, exact: true }).click();
    await page.getByRole('dialog').waitFor();
  };
}

/** Every page and every dialog: its address, and how to bring it into the state to check. */
const views: {
  name: string;
  at: string;
  heading: string;
  isDialog?: true;
  prepare?: (page: Page) => Promise<unknown>;
}[] = [
  {
    name: 'keys',
    at: 'keys',
    heading: 'API Keys',
    prepare: (page) => page.locator('.grid-body [role="row"]').first().waitFor(),
  },
  {
    name: 'keys, one revealed',
    at: 'keys?q=stripe',
    heading: 'API Keys',
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Reveal STRIPE_LIVE' }).click();
      await page.getByLabel('Revealed value').waitFor();
    },
  },
  {
    name: 'keys, copied',
    at: 'keys?q=slack',
    heading: 'API Keys',
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Copy SLACK' }).click();
      await page.locator('.toast').waitFor();
    },
  },
  { name: 'keys, none matches', at: 'keys?q=nothing+like+that', heading: 'No matching keys' },
  {
    name: 'add a key',
    isDialog: true,
    at: 'keys',
    heading: 'API Keys',
    prepare: async (page) => {
      await openDialog('Add key')(page);
      await page.getByLabel('Name', { exact: true }).fill('STRIPE_LIVE');
      await page.getByLabel('Value', { exact: true }).fill(' padded ');
      await page.getByText('Generate a random value').click();
      await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
      await page.locator('.field-error').waitFor();
    },
  },
  {
    name: 'drop what was typed',
    isDialog: true,
    at: 'keys',
    heading: 'API Keys',
    prepare: async (page) => {
      await openDialog('Add key')(page);
      await page.getByLabel('Name', { exact: true }).focus();
      await paste(page, 'sk_live_4eC39HqLyjWDarjtT1zdp7dc');
      await page.keyboard.press('Escape');
      await page.getByRole('heading', { name: 'Discard what you typed?' }).waitFor();
    },
  },
  {
    name: 'a key',
    at: 'keys',
    heading: 'API Keys',
    prepare: async (page) => {
      await openKey(page, 'STRIPE_LIVE');
      for (const part of ['Use it', 'Versions', 'Who has access', 'Who has seen it', 'Activity'])
        await unfold(page, part);
      await page.getByText('Version 1').waitFor();
      await page.locator('.key-page .log').first().waitFor();
      await page.locator('.access-line', { hasText: 'reaches every key' }).first().waitFor();
      await page.locator('.access-line', { hasText: 'stored or changed it' }).waitFor();
    },
  },
  {
    name: 'edit a key',
    at: 'keys',
    heading: 'API Keys',
    prepare: async (page) => {
      await openKey(page, 'STRIPE_LIVE');
      await page.getByRole('button', { name: 'Edit description, expiry and labels' }).click();
      await page.getByLabel('Labels').waitFor();
    },
  },
  {
    name: 'keys, some selected',
    at: 'keys',
    heading: 'API Keys',
    prepare: async (page) => {
      await beginSelecting(page);
      await page.getByLabel('Select SLACK').check();
      await page.getByText('1 selected').waitFor();
    },
  },
  {
    name: 'copy as .env',
    at: 'keys',
    heading: 'API Keys',
    isDialog: true,
    prepare: async (page) => {
      await beginSelecting(page);
      await page.getByLabel('Select SLACK').check();
      await openDialog('Copy as .env')(page);
    },
  },
  {
    name: 'import',
    at: 'keys',
    heading: 'API Keys',
    isDialog: true,
    prepare: async (page) => {
      await openDialog('Import')(page);
      await page.getByLabel('What to import').fill('NEW_ONE=1\nSLACK=2\nEMPTY=');
      await page.locator('.import-entry', { hasText: 'EMPTY' }).waitFor();
    },
  },
  {
    name: 'import, checked',
    at: 'keys',
    heading: 'API Keys',
    isDialog: true,
    prepare: async (page) => {
      await openDialog('Import')(page);
      await page.getByLabel('What to import').fill('NEW_ONE=1\nSLACK=2\nEMPTY=');
      await page.getByRole('button', { name: 'Check', exact: true }).click();
      await page.getByRole('button', { name: 'Add 1, replace 1' }).waitFor();
    },
  },
  {
    name: 'rename a key',
    at: 'keys',
    heading: 'API Keys',
    isDialog: true,
    prepare: async (page) => {
      await openKey(page, 'STRIPE_LIVE');
      await page.getByRole('button', { name: 'Rename or move' }).click();
      await page.getByLabel('New name').waitFor();
    },
  },
  {
    name: 'a key that somebody else has changed',
    at: 'keys',
    heading: 'API Keys',
    prepare: async (page) => {
      await beginReplace(page, 'MANY');
      await page.getByLabel('New value', { exact: true }).fill('mine');
      await page.evaluate(`fetch('/keys/MANY', {
        method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{"api_key":"theirs"}',
      })`);
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByText('Nothing was saved').waitFor();
    },
  },
  {
    name: 'hand a key over',
    at: 'keys',
    heading: 'API Keys',
    isDialog: true,
    prepare: async (page) => {
      await openKey(page, 'SLACK');
      await page.getByRole('button', { name: 'Hand over' }).click();
      await page.getByLabel('User name of the new owner').waitFor();
    },
  },
  {
    name: 'projects',
    at: 'projects',
    heading: 'Projects',
    prepare: (page) => page.locator('.project').first().waitFor(),
  },
  { name: 'a new project', at: 'projects', heading: 'Projects', isDialog: true, prepare: openDialog('New project') },
  {
    name: 'the keys of a project',
    at: 'projects/shop',
    heading: 'shop',
    prepare: (page) => page.locator('.grid-body [role="row"]').first().waitFor(),
  },
  {
    name: 'the environments of a project',
    at: 'projects/shop?view=environments',
    heading: 'shop',
    prepare: (page) => page.locator('.env td').first().waitFor(),
  },
  {
    name: 'the activity in a project',
    at: 'projects/shop?view=activity',
    heading: 'shop',
    prepare: (page) => page.locator('.log').first().waitFor(),
  },
  {
    name: 'what needs care',
    at: 'care',
    heading: 'Needs care',
    prepare: (page) => page.locator('.trash-item').first().waitFor(),
  },
  {
    name: 'what needs care, nothing for a reason',
    at: 'care?show=owner_inactive',
    heading: 'Needs care',
    prepare: (page) => page.getByRole('heading', { name: 'None for this reason' }).waitFor(),
  },
  {
    name: 'add a key whose value is recognised',
    isDialog: true,
    at: 'keys',
    heading: 'API Keys',
    prepare: async (page) => {
      await openDialog('Add key')(page);
      await page.getByLabel('Name', { exact: true }).fill('prod/');
      await page.getByLabel('Value', { exact: true }).fill(['sk', 'test', 'aB3dE6gH9jK2mN5pQ8sT'].join('_'));
      await page.getByText('works in test mode only').waitFor();
    },
  },
  {
    name: 'the members of a project',
    at: 'projects/shop?view=members',
    heading: 'shop',
    prepare: (page) => roleOf(page, 'alice').waitFor(),
  },
  {
    name: 'add a member',
    at: 'projects/shop?view=members',
    heading: 'shop',
    isDialog: true,
    prepare: openDialog('Add member'),
  },
  { name: 'leave a project', at: 'projects/shop', heading: 'shop', isDialog: true, prepare: openDialog('Leave') },
  {
    name: 'tokens',
    at: 'tokens',
    heading: 'Service tokens',
    prepare: (page) => page.locator('.token-list').first().waitFor(),
  },
  {
    name: 'a new token',
    at: 'tokens',
    heading: 'Service tokens',
    isDialog: true,
    prepare: openDialog('New token'),
  },
  {
    name: 'describe a project',
    at: 'projects/shop',
    heading: 'shop',
    isDialog: true,
    prepare: openDialog('Description'),
  },
  { name: 'delete a project', at: 'projects/shop', heading: 'shop', isDialog: true, prepare: openDialog('Delete') },
  { name: 'a project that is not there', at: 'projects/not_there', heading: 'No such project' },
  { name: 'trash', at: 'trash', heading: 'Trash', prepare: (page) => page.locator('.trash-item').first().waitFor() },
  { name: 'destroy a key', at: 'trash', heading: 'Trash', isDialog: true, prepare: openDialog('Destroy GONE') },
  {
    name: 'restore under another name',
    at: 'trash',
    heading: 'Trash',
    isDialog: true,
    prepare: openDialog('Restore GONE under another name'),
  },
  { name: 'logs', at: 'logs', heading: 'Access Logs', prepare: (page) => page.locator('.log').first().waitFor() },
  {
    name: 'logs, refused only',
    at: 'logs?failures=only',
    heading: 'Access Logs',
    prepare: (page) => page.locator('.log.refused').first().waitFor(),
  },
  { name: 'logs, none matches', at: 'logs?address=203.0.113.', heading: 'No matching entries' },
  { name: 'users', at: 'users', heading: 'Users', prepare: (page) => roleOf(page, 'alice').waitFor() },
  { name: 'add a user', at: 'users', heading: 'Users', isDialog: true, prepare: openDialog('Add user') },
  {
    name: 'make a user an admin',
    at: 'users',
    heading: 'Users',
    isDialog: true,
    prepare: async (page) => {
      await chooseRole(page, 'alice', 'Admin');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'sessions of a user',
    at: 'users',
    heading: 'Users',
    isDialog: true,
    prepare: openDialog('Sessions of alice'),
  },
  {
    name: 'the menu of roles',
    at: 'users',
    heading: 'Users',
    prepare: async (page) => {
      await roleOf(page, 'alice').click();
      await page.getByRole('menu').waitFor();
    },
  },
  {
    name: 'reset a password',
    at: 'users',
    heading: 'Users',
    isDialog: true,
    prepare: openDialog('Reset the password of alice'),
  },
  { name: 'delete a user', at: 'users', heading: 'Users', isDialog: true, prepare: openDialog('Delete alice') },
  {
    name: 'what somebody has seen who leaves',
    at: 'users/1/leaving',
    heading: 'When admin leaves',
    prepare: (page) => page.getByRole('button', { name: 'Rotated: STRIPE_LIVE' }).waitFor(),
  },
  { name: 'account', at: 'account', heading: 'Account', prepare: (page) => page.locator('.session').first().waitFor() },
  {
    name: 'about',
    at: 'about',
    heading: 'About',
    prepare: (page) => page.getByText('Healthy', { exact: true }).waitFor(),
  },
  {
    name: 'command palette',
    isDialog: true,
    at: 'keys',
    heading: 'API Keys',
    prepare: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: 'Search keys and commands' }).fill('str');
      await page.getByRole('dialog').getByRole('option').first().waitFor();
    },
  },
  {
    name: 'shortcuts',
    at: 'keys',
    heading: 'API Keys',
    isDialog: true,
    prepare: (page) => page.keyboard.press('?').then(() => page.getByRole('dialog').waitFor()),
  },
];

interface Finding {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

/** What axe-core finds: with all its rules, best practices included, or with those about colours alone. */
async function findings(page: Page, rules: 'all' | 'colours'): Promise<string[]> {
  const colours = { runOnly: ['cat.color'], rules: { 'color-contrast-enhanced': { enabled: false } } };
  const options = JSON.stringify({ resultTypes: ['violations'], ...(rules === 'colours' && colours) });
  const found = await page.evaluate<Finding[]>(`axe.run(${options}).then(({ violations }) => violations)`);
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}

/** The themes differ in their colours alone, so in the dark one only the rules about colours can find more. */
async function findingsInThemes(page: Page): Promise<string[]> {
  await page.evaluate(`globalThis.axe ?? (() => { ${axeSource} })()`);
  const light = await findings(page, 'all');
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await findings(page, 'colours');
  await page.emulateMedia({ colorScheme: 'light' });
  return [...light.map((finding) => `light: ${finding}`), ...dark.map((finding) => `dark: ${finding}`)];
}

/** By how many pixels the page and its dialogs are wider than they are shown. */
async function sideways(page: Page): Promise<Set<number>> {
  const ofDialogs = await page.evaluate<number[]>(`
    [...document.querySelectorAll('dialog')].map((dialog) => dialog.scrollWidth - dialog.clientWidth)
  `);
  return new Set([await overflow(page), ...ofDialogs]);
}

let shown = 0;

async function show(page: Page, { at, heading, prepare }: (typeof views)[number]) {
  // Another query loads the page anew: what an earlier view left typed into a form would keep the UI from changing.
  shown += 1;
  await page.goto(`${vault.url}/?${shown}#/${at}`);
  await page.getByRole('heading', { name: heading, exact: true }).waitFor();
  await prepare?.(page);
}

async function beginAsAdmin(options: object): Promise<Visitor> {
  const visitor = await visit(browser, vault.url, options);
  await signInAs(visitor.page, 'admin', password);
  await visitor.page.getByRole('heading', { name: 'API Keys' }).waitFor();
  return visitor;
}

describeInBrowser('accessibility', () => {
  beforeAll(async () => {
    [vault, browser] = await Promise.all([startVault({ env: { ADMIN_PASSWORD: password } }), launch()]);
    const token = await signIn(vault.url, 'admin', password);
    const long = 'x'.repeat(200);
    const keys = {
      STRIPE_LIVE: 'Payments in production',
      SLACK: '#deploys',
      [`LONG_${long}`]: `long ${long}`,
      MANY: long,
    };
    for (const [key_name, description] of Object.entries(keys)) {
      const api_key = key_name === 'MANY' ? `-----BEGIN-----\n${long}\n-----END-----` : `value of ${key_name}`;
      const care = key_name === 'SLACK' && { expires_at: '2020-01-01' };
      await ask(vault.url, 'POST', '/keys', { token, body: { key_name, api_key, description, ...care } });
    }
    const alice = { username: 'alice', password: 'quiet river stone', must_change_password: true };
    await ask(vault.url, 'POST', '/users', { token, body: alice });
    await ask(vault.url, 'POST', '/users', {
      token,
      body: { username: long, password: 'quiet river stone', role: 'admin' },
    });
    await ask(vault.url, 'GET', '/keys/missing', { token });
    await ask(vault.url, 'POST', '/projects', { token, body: { name: 'shop', description: long } });
    await ask(vault.url, 'PUT', '/projects/shop/members/alice', { token, body: { role: 'viewer' } });
    for (const key_name of ['shop/prod/STRIPE', 'GONE'])
      await ask(vault.url, 'POST', '/keys', { token, body: { key_name, api_key: 'x' } });
    await ask(vault.url, 'DELETE', '/keys/GONE', { token });
    const bot = {
      name: `bot ${long.slice(0, 80)}`,
      access: 'manage',
      scopes: [`${long}/*`, 'STRIPE_LIVE'],
      expires_in_days: 3,
    };
    await ask(vault.url, 'POST', '/tokens', { token, body: bot });
  });
  afterAll(async () => {
    await browser?.close();
    await vault?.dispose();
  });

  test('axe finds nothing before signing in, in either theme', async () => {
    const { page, leave } = await visit(browser, vault.url);
    await page.getByLabel('User name').waitFor();
    expect(await findingsInThemes(page)).toEqual([]);
    await signInAs(page, 'alice', 'wrong');
    await page.getByText('is not right').waitFor();
    expect(await findingsInThemes(page)).toEqual([]);
    await signInAs(page, 'alice', 'quiet river stone');
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
    expect(await findingsInThemes(page)).toEqual([]);
    await leave();
  });

  /** Makes the window so wide, and waits until the page has followed. */
  async function widen(page: Page, width: number): Promise<void> {
    await page.setViewportSize({ width, height: 740 });
    await page.evaluate('new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))');
  }

  const pagesOf = (isDialog: boolean) => views.filter((view) => (view.isDialog ?? false) === isDialog);
  const halves = <Item>(all: Item[]) => [all.slice(0, all.length / 2), all.slice(all.length / 2)] as const;
  const [[somePages, otherPages], [someDialogs, otherDialogs]] = [halves(pagesOf(false)), halves(pagesOf(true))];

  // Axe takes a second for each, so there are several tests. A view is opened once: the same page is then made narrower.
  test.each([
    ['the first pages', somePages],
    ['the other pages', otherPages],
    ['the first dialogs', someDialogs],
    ['the other dialogs', otherDialogs],
  ])(
    'axe finds nothing on %s in either theme, and nothing scrolls sideways: 1280, 768 and 360 wide',
    async (_, some) => {
      const { page, leave } = await beginAsAdmin({ viewport: { width: 1280, height: 740 } });
      const found: Record<string, string[]> = {};
      for (const view of some) {
        await widen(page, 1280);
        await show(page, view);
        for (const width of [1280, 768, 360]) {
          const where = `${view.name}, ${width} wide`;
          await widen(page, width);
          expect([where, await sideways(page)]).toEqual([where, new Set([0])]);
          const here = width === 768 ? [] : await findingsInThemes(page);
          if (here.length > 0) found[where] = here;
        }
      }
      expect(found).toEqual({});
      await leave();
    },
  );

  test('pages and assets have the security headers, and the UI requests nothing that does not exist', async () => {
    const { page, context, leave } = await visit(browser, vault.url);
    const answers: { url: string; status: number; headers: Record<string, string> }[] = [];
    context.on('response', (response) => {
      answers.push({ url: response.url(), status: response.status(), headers: response.headers() });
    });
    await page.reload();
    await page.getByLabel('User name').waitFor();
    await signInAs(page, 'admin', password);
    await page.locator('.grid').waitFor();
    const asked = () => {
      const paths = new Set(answers.map(({ url }) => new URL(url).pathname.replace(/-[\w-]{8}\./, '-.')));
      paths.delete('/favicon.svg'); // Browsers request it at any time, or never.
      return paths;
    };
    const first = ['/', '/assets/main-.css', '/assets/main-.js', '/assets/theme-boot-.js'];
    const later = ['/assets/later-.js', '/assets/rolldown-runtime-.js'];
    const data = ['/care', '/keys', '/logs/uses', '/projects'];
    await expect.poll(asked).toEqual(new Set([...first, ...later, ...data, '/auth/login', '/auth/session']));
    const failed = new Set(answers.filter(({ status }) => status >= 400).map(({ url }) => new URL(url).pathname));
    expect(failed).toEqual(new Set(['/auth/session']));
    for (const { url, headers } of answers) {
      expect([url, headers['content-security-policy']]).toEqual([url, expect.stringContaining("default-src 'none'")]);
      expect(headers['content-security-policy']).not.toMatch(/unsafe/);
      expect([url, headers['x-content-type-options'], headers['referrer-policy']]).toEqual([
        url,
        'nosniff',
        'no-referrer',
      ]);
    }
    await leave();
  });

  test.each(['light', 'dark'] as const)('the favicon and the theme colour match the page, %s', async (colorScheme) => {
    const { page, leave } = await visit(browser, vault.url, { colorScheme });
    await page.locator('.mark').waitFor();
    const shapesOf = (svg: string) => svg.match(/ (d|cx|cy|r|rx)="[^"]*"/g);
    const favicon = await (await fetch(`${vault.url}/favicon.svg`)).text();
    expect(shapesOf(favicon)).toEqual(shapesOf(await page.evaluate(`document.querySelector('.mark').outerHTML`)));
    const [themeColour, background] = await page.evaluate<string[]>(`
      const themes = [...document.querySelectorAll('meta[name="theme-color"]')];
      const sample = document.body.appendChild(document.createElement('div'));
      sample.style.color = themes.find(({ media }) => matchMedia(media).matches).content;
      [getComputedStyle(sample).color, getComputedStyle(document.documentElement).backgroundColor];
    `);
    expect(themeColour).toBe(background);
    await leave();
  });

  describe('with the keyboard alone', () => {
    const focused = (page: Page) =>
      page.evaluate<string>(
        `(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()`,
      );
    const press = async (page: Page, ...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const tabTo = async (page: Page, name: string) => {
      for (let count = 0; count < 40; count += 1) {
        if ((await focused(page)) === name) return;
        await page.keyboard.press('Tab');
      }
      expect.unreachable(`Tab does not reach ${name}`);
    };

    test('a user signs in, adds, reveals, copies, edits and deletes a key, and signs out', async () => {
      const { page, leave } = await visit(browser, vault.url, { permissions: ['clipboard-read', 'clipboard-write'] });
      await page.getByLabel('User name').waitFor();
      await page.keyboard.type('admin');
      await press(page, 'Tab');
      await page.keyboard.type(password);
      await press(page, 'Enter');
      await page.getByRole('heading', { name: 'API Keys' }).waitFor();

      await page.locator('.grid').waitFor();
      await tabTo(page, 'Add key');
      await press(page, 'Enter');
      await page.keyboard.type('BY_KEYBOARD');
      await press(page, 'Tab');
      await page.keyboard.type('typed');
      await press(page, 'Control+Enter');
      await page.locator('.toast', { hasText: 'Added BY_KEYBOARD.' }).waitFor();
      await expect.poll(() => focused(page)).toContain('BY_KEYBOARD');

      await press(page, '/');
      await page.keyboard.type('by_key');
      await page.getByText('1 of 6').waitFor();
      await tabTo(page, 'BY_KEYBOARD');
      await tabTo(page, 'Reveal BY_KEYBOARD');
      await press(page, 'Enter');
      expect(await page.getByLabel('Revealed value').textContent()).toBe('typed');
      await press(page, 'Enter');
      await tabTo(page, 'Edit BY_KEYBOARD');
      await press(page, 'Enter');
      await expect.poll(() => page.evaluate('document.activeElement.name')).toBe('description');
      await press(page, 'Escape');
      await keyPage(page).waitFor();
      await press(page, 'Escape');
      await expect.poll(() => focused(page)).toContain('BY_KEYBOARD');
      await keyPage(page).waitFor({ state: 'detached' });
      await tabTo(page, 'Copy BY_KEYBOARD');
      await press(page, 'Enter');
      await page.locator('.toast', { hasText: 'Copied BY_KEYBOARD.' }).waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe('typed');
      await press(page, 'Shift+Tab');
      expect(await focused(page)).toBe('Delete BY_KEYBOARD');
      await press(page, 'Enter');
      await page.locator('.toast', { hasText: 'Moved BY_KEYBOARD to the trash.' }).waitFor();
      await expect.poll(() => focused(page)).toBe('Add key');

      await press(page, 'Control+k');
      await page.keyboard.type('sign out');
      await press(page, 'Enter');
      await page.getByLabel('User name').waitFor();
      await leave();
    });

    test('the arrow keys move in the list, and letters act on the row', async () => {
      const { page, leave } = await beginAsAdmin({ permissions: ['clipboard-read', 'clipboard-write'] });
      const index = () => page.evaluate('document.activeElement.dataset.index');
      await page.locator('.grid-body [role="row"]').first().focus();
      await press(page, 'ArrowDown', 'ArrowDown');
      await expect.poll(index).toBe('2');
      await press(page, 'c');
      await page.locator('.toast', { hasText: 'Copied shop/prod/STRIPE.' }).waitFor();
      await press(page, 'Home');
      await expect.poll(index).toBe('0');
      await press(page, 'End');
      await expect.poll(index).toBe('4');
      await press(page, 'Enter');
      await page.getByRole('region', { name: 'Key STRIPE_LIVE' }).waitFor();
      await press(page, 'Escape', 'Delete');
      await page.locator('.toast', { hasText: 'Moved STRIPE_LIVE to the trash.' }).waitFor();
      await expect.poll(index).toBe('3');
      await page.getByRole('button', { name: 'Undo' }).click();
      await page.getByRole('link', { name: 'STRIPE_LIVE', exact: true }).waitFor();
      await leave();
    });

    test('the focus stays in a dialog in both directions, and returns to where it was', async () => {
      const { page, leave } = await beginAsAdmin({});
      await page.getByRole('button', { name: 'Add key' }).focus();
      await press(page, 'Enter');
      const inside = () => page.evaluate(`!!document.activeElement.closest('dialog')`);
      for (const key of ['Tab', 'Shift+Tab']) {
        for (let count = 0; count < 20; count += 1) {
          await press(page, key);
          expect(await inside()).toBe(true);
        }
      }
      await press(page, 'Escape');
      await expect.poll(() => focused(page)).toBe('Add key');
      await leave();
    });

    test('the palette opens pages, finds keys and copies one', async () => {
      const { page, leave } = await beginAsAdmin({ permissions: ['clipboard-read', 'clipboard-write'] });
      await press(page, 'Control+k');
      await page.keyboard.type('users');
      await press(page, 'Enter');
      await page.getByRole('heading', { name: 'Users' }).waitFor();
      await press(page, 'Control+k');
      await page.keyboard.type('slack');
      await page.getByRole('option', { name: 'SLACK' }).first().waitFor();
      await press(page, 'ArrowDown', 'ArrowUp', 'Enter');
      await page.locator('.toast', { hasText: 'Copied SLACK.' }).waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe('value of SLACK');
      await press(page, '?');
      await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
      await press(page, 'Escape');
      await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
      await leave();
    });

    test('shortcuts work as soon as the page appears', async () => {
      const { page, leave } = await beginAsAdmin({});
      // Presses the key before the first frame, as quick people do on a slow machine.
      await page.addInitScript(`
        const page = new MutationObserver(() => {
          if (!document.querySelector('main h1')) return;
          page.disconnect();
          document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true }));
        });
        page.observe(document, { childList: true, subtree: true });
      `);
      await page.reload();
      await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
      await leave();
    });

    test('the first Tab offers to skip to the main content', async () => {
      const { page, leave } = await beginAsAdmin({});
      await page.reload();
      await page.getByRole('heading', { name: 'API Keys' }).waitFor();
      await press(page, 'Tab');
      expect(await focused(page)).toBe('Skip to main content');
      await press(page, 'Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('main');
      expect(page.url()).not.toContain('#main');
      await leave();
    });
  });
});
