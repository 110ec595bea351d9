/** The keyboard: into the list, on a row, on the page of a key, from page to page, and the search for everything. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import {
  button,
  describeInBrowser,
  dialogs,
  field,
  focused,
  heading,
  keyPage,
  keyRow,
  toast,
} from './support/browser.ts';
import { browserKit, type Person } from './support/kit.ts';

const readsClipboard = { permissions: ['clipboard-read', 'clipboard-write'] };

describeInBrowser('the keyboard', () => {
  const { url, admin, fresh, newUser, addKey, comeAs } = browserKit();
  let owner: Person;
  let viewer: Person;
  let names: string[];
  const shared = 'team/ONLY_READ';

  beforeAll(async () => {
    [owner, viewer] = [await newUser(), await newUser()];
    names = ['A', 'B', 'C'].map((letter) => fresh(`KEY_${letter}`));
    for (const name of names) await addKey(owner, name, `value of ${name}`, 'as it was');
    await ask(url(), 'POST', '/projects', { token: owner.token, body: { name: 'team' } });
    await ask(url(), 'PUT', `/projects/team/members/${viewer.name}`, { token: owner.token, body: { role: 'viewer' } });
    await addKey(owner, shared);
  });

  const press = async (page: Page, ...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const clipboard = (page: Page) => page.evaluate<string>('navigator.clipboard.readText()');
  const onFirstRow = async (options = {}) => {
    const page = await comeAs(owner, options);
    const [first = ''] = names;
    await keyRow(page, first).waitFor();
    await press(page, '/', 'ArrowDown');
    await expect.poll(() => focused(page)).toContain(first);
    return { page, first };
  };
  const options = (page: Page) => page.locator('#palette-list [role="option"]').allTextContents();

  test('Down goes from the search into the list, and Up from its first row back', async () => {
    const { page, first } = await onFirstRow();
    await press(page, 'ArrowDown');
    await expect.poll(() => focused(page)).toContain(names[1]);
    await press(page, 'ArrowUp');
    await expect.poll(() => focused(page)).toContain(first);
    await press(page, 'ArrowUp');
    await expect.poll(() => focused(page)).toBe('Search keys');
    await page.keyboard.type('key_b');
    await press(page, 'ArrowDown');
    await expect.poll(() => focused(page)).toContain(names[1]);
  });

  test('on a row, Enter opens, c copies, r shows and hides, e edits, x selects and Delete deletes', async () => {
    const { page, first } = await onFirstRow(readsClipboard);
    await press(page, 'c');
    await toast(page, `Copied ${first}.`);
    expect(await clipboard(page)).toBe(`value of ${first}`);
    await press(page, 'r');
    await page.locator('.grid-below').getByLabel('Revealed value').waitFor();
    await press(page, 'r');
    await expect.poll(() => page.getByLabel('Revealed value').count()).toBe(0);
    await press(page, 'Enter');
    await page.getByRole('region', { name: `Key ${first}` }).waitFor();
    await press(page, 'Escape');
    await expect.poll(() => focused(page)).toContain(first);
    await press(page, 'e');
    await expect.poll(() => focused(page)).toBe('Description');
    await press(page, 'Escape', 'Escape');
    await expect.poll(() => focused(page)).toContain(first);
    await press(page, 'x');
    await page.getByText('1 selected').waitFor();
    await button(page, 'Done').click();
    await keyRow(page, first).focus();
    await press(page, 'Delete');
    await toast(page, `Moved ${first} to the trash.`);
    await button(page, 'Undo').click();
    await keyRow(page, first).waitFor();
  });

  test('a viewer cannot edit or delete with the keyboard either', async () => {
    const page = await comeAs(viewer);
    await keyRow(page, shared).focus();
    await press(page, 'e', 'Delete', 'Enter');
    await keyPage(page).waitFor();
    await press(page, 'e', 'Delete');
    expect([await dialogs(page), await field(page, 'Description').count()]).toEqual([0, 0]);
    await keyRow(page, shared).waitFor();
  });

  test('on the page of a key the same letters do the same', async () => {
    const { page, first } = await onFirstRow(readsClipboard);
    await press(page, 'Enter');
    await keyPage(page).waitFor();
    await press(page, 'c');
    await toast(page, `Copied ${first}.`);
    await press(page, 'r');
    await keyPage(page).getByText(`value of ${first}`, { exact: true }).waitFor();
    await press(page, 'r');
    await expect.poll(() => keyPage(page).getByLabel('Revealed value').count()).toBe(0);
    await press(page, 'e');
    await expect.poll(() => focused(page)).toBe('Description');
    // They are letters again.
    await page.keyboard.type(' crex');
    expect(await field(page, 'Description').inputValue()).toBe('as it was crex');
    await press(page, 'Enter');
    await toast(page, `Changed the description of ${first}.`);
    await press(page, 'Escape');
    await expect.poll(() => keyPage(page).count()).toBe(0);
  });

  test('n begins what the page has to add, and g leads from page to page', async () => {
    const page = await comeAs(admin());
    const pages: [string, string, string][] = [
      ['l', 'Access Logs', ''],
      ['u', 'Users', 'Add user'],
      ['p', 'Projects', 'New project'],
      ['k', 'API Keys', 'Add key'],
    ];
    for (const [letter, title, adds] of pages) {
      await press(page, 'g', letter);
      await heading(page, title).waitFor();
      if (adds === '') continue;
      await page.locator('main [data-new]').first().waitFor();
      await press(page, 'n');
      await page.getByRole('dialog').getByRole('heading', { name: adds }).waitFor();
      await press(page, 'Escape');
      await expect.poll(() => dialogs(page)).toBe(0);
    }
    await press(page, '/');
    await page.keyboard.type('glnx');
    expect(await field(page, 'Search keys').inputValue()).toBe('glnx');
    expect(await dialogs(page)).toBe(0);
  });

  test('g u leads nowhere for who may not see the users', async () => {
    const page = await comeAs(owner);
    await press(page, 'g', 'u', 'g', 't');
    await heading(page, 'Trash').waitFor();
    expect(await heading(page, 'Users').count()).toBe(0);
  });

  test('the search for everything has one row for each key: Enter copies, Ctrl-Enter opens, Alt-Enter shows the value', async () => {
    const { page } = await onFirstRow(readsClipboard);
    const [, second = '', third = ''] = names;
    const search = async (text: string) => {
      await press(page, 'Control+k');
      await page.keyboard.type(text);
    };
    await search(second);
    expect(await options(page)).toEqual([second]);
    expect((await page.locator('.palette-foot').textContent())?.replace(/\s+/g, '')).toMatch(
      /^↵Copy(Ctrl|⌘)↵OpenAlt↵Reveal/,
    );
    await press(page, 'Enter');
    await toast(page, `Copied ${second}.`);
    expect(await clipboard(page)).toBe(`value of ${second}`);
    await search(second);
    await press(page, 'Control+Enter');
    await page.getByRole('region', { name: `Key ${second}` }).waitFor();
    expect(await page.getByLabel('Revealed value').count()).toBe(0);
    await search(third);
    await press(page, 'Alt+Enter');
    await page.getByRole('region', { name: `Key ${third}` }).waitFor();
    await keyPage(page).getByText(`value of ${third}`, { exact: true }).waitFor();
    // What one worked with comes first, the newest at the top.
    await press(page, 'Control+k');
    await expect.poll(async () => (await options(page)).slice(0, 2)).toEqual([third, second]);
    await page.keyboard.type('key_');
    await expect.poll(async () => (await options(page)).slice(0, 2)).toEqual([third, second]);
  });

  test('it finds a key from every page, and projects', async () => {
    const page = await comeAs(owner);
    await press(page, 'g', 'l');
    await heading(page, 'Access Logs').waitFor();
    await press(page, 'Control+k');
    await page.keyboard.type('only_read');
    await press(page, 'Control+Enter');
    await page.getByRole('region', { name: `Key ${shared}` }).waitFor();
    await press(page, 'Control+k');
    await page.keyboard.type('team');
    await press(page, 'Enter');
    await heading(page, 'team').waitFor();
  });

  test('admins find people: their log, and the keys that they made', async () => {
    const page = await comeAs(admin());
    await press(page, 'Control+k');
    await page.keyboard.type(owner.name);
    await page.locator('#palette-list li', { hasText: new RegExp(`^${owner.name}\\s*Person$`) }).waitFor();
    await press(page, 'Enter');
    await heading(page, 'Access Logs').waitFor();
    expect(page.url()).toContain(`user=${owner.name}`);
    await press(page, 'Control+k');
    await page.keyboard.type(owner.name);
    await page.locator('#palette-list li', { hasText: new RegExp(`^${owner.name}\\s*Person$`) }).waitFor();
    await press(page, 'Control+Enter');
    await heading(page, 'API Keys').waitFor();
    expect(await field(page, 'Search keys').inputValue()).toBe(owner.name);
    await keyRow(page, names[0] ?? '').waitFor();

    const theirs = await comeAs(owner);
    await press(theirs, 'Control+k');
    await theirs.keyboard.type(viewer.name);
    await theirs.getByText('No matching keys or commands.').waitFor();
  });

  test('a sheet lists all of it', async () => {
    const page = await comeAs(owner);
    await press(page, '?');
    await heading(page, 'Keyboard shortcuts').waitFor();
    const text = (await page.locator('.shortcuts').allTextContents()).join(' ');
    for (const what of [
      'Open the key',
      'Copy its value',
      'Select it',
      'Select all from the last one on',
      'Go to the trash',
      'Go to your account',
      'Go to the users',
      'From the search into the list',
    ])
      expect(text).toContain(what);
  });
});
