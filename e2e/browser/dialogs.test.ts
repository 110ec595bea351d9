/** Dialogs and forms do not drop what was typed, and Back closes a dialog. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import {
  beginReplace,
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
import { browserKit } from './support/kit.ts';

const question = 'Discard what you typed?';

function historyLength(page: Page) {
  return page.evaluate<number>('history.length');
}

/** The ways to leave a dialog without saving. */
const ways: [string, (page: Page) => Promise<unknown>][] = [
  ['Esc', (page) => page.keyboard.press('Escape')],
  ['×', (page) => button(page, 'Close').click()],
  ['Cancel', (page) => button(page, 'Cancel').click()],
  ['Back', (page) => page.evaluate('history.back()')],
];

describeInBrowser('what was typed', () => {
  const { url, admin, fresh, newUser, addKey, comeAs } = browserKit();

  const openUsers = async () => {
    const page = await comeAs(admin());
    await page.goto(`${url()}/#/users`);
    await page.getByRole('table', { name: 'Users' }).waitFor();
    return page;
  };

  /** Every form in a dialog, with something typed into it. */
  const forms: [string, () => Promise<{ page: Page; typed: () => Promise<string> }>][] = [
    [
      'add key',
      async () => {
        const page = await comeAs(admin());
        await button(page, 'Add key').click();
        await field(page, 'Value').fill('precious');
        return { page, typed: () => field(page, 'Value').inputValue() };
      },
    ],
    [
      'add user',
      async () => {
        const page = await openUsers();
        await button(page, 'Add user').click();
        await field(page, 'User name').fill('precious');
        return { page, typed: () => field(page, 'User name').inputValue() };
      },
    ],
    [
      'reset password',
      async () => {
        const { name } = await newUser();
        const page = await openUsers();
        await button(page, `Reset the password of ${name}`).click();
        await field(page, 'New password').fill('precious');
        return { page, typed: () => field(page, 'New password').inputValue() };
      },
    ],
  ];

  test.each(forms)('%s: Esc, ×, Cancel and Back ask before they drop what was typed', async (_, open) => {
    const { page, typed } = await open();
    const address = page.url();
    for (const [way, close] of ways) {
      await close(page);
      await heading(page, question).waitFor();
      expect(await focused(page)).toBe('Keep editing');
      await button(page, 'Keep editing').click();
      await expect.poll(() => dialogs(page)).toBe(1);
      expect([way, await typed(), page.url()]).toEqual([way, 'precious', address]);
      expect(await focused(page)).not.toBeNull();
    }
    await page.evaluate('history.back()');
    await button(page, 'Discard').click();
    await expect.poll(() => dialogs(page)).toBe(0);
    expect(page.url()).toBe(address);
    expect(await focused(page)).not.toBeNull();
  });

  test('a dialog without anything typed closes at once, by Back too, which stays on the page', async () => {
    const page = await comeAs(await newUser());
    await page.getByRole('link', { name: 'API Keys' }).click();
    for (const [way, close] of ways) {
      await button(page, 'Add your first key').click();
      await page.getByRole('dialog').waitFor();
      await close(page);
      await expect.poll(() => dialogs(page)).toBe(0);
      expect([way, page.url()]).toEqual([way, `${url()}/#/keys`]);
    }
  });

  test('Esc twice in a row does not get past the question, and Back out of the question returns to the form', async () => {
    const page = await comeAs(admin());
    await button(page, 'Add key').click();
    await field(page, 'Value').fill('precious');
    await page.keyboard.press('Escape');
    await heading(page, question).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => dialogs(page)).toBe(1);
    await page.keyboard.press('Escape');
    await heading(page, question).waitFor();
    await page.evaluate('history.back()');
    await expect.poll(() => dialogs(page)).toBe(1);
    // As Android's own Back gesture does, a second time.
    await page.evaluate(`document.querySelector('dialog').close()`);
    await heading(page, question).waitFor();
    await button(page, 'Keep editing').click();
    expect(await field(page, 'Value').inputValue()).toBe('precious');
  });

  test('Back and Forward go from page to page as if there had been no dialogs', async () => {
    const page = await comeAs(admin());
    await page.getByRole('link', { name: 'Access Logs' }).click();
    await heading(page, 'Access Logs').waitFor();
    await page.getByRole('link', { name: 'Users' }).click();
    await button(page, 'Add user').click();
    await page.keyboard.press('Escape');
    await expect.poll(() => dialogs(page)).toBe(0);
    await button(page, 'Add user').click();
    await page.getByRole('dialog').waitFor();
    const entries = await historyLength(page);
    await page.evaluate('history.back()');
    await expect.poll(() => dialogs(page)).toBe(0);
    await heading(page, 'Users').waitFor();
    await page.evaluate('history.forward()');
    await page.waitForFunction('history.state?.depth === 1');
    expect(await dialogs(page)).toBe(0);
    // The dialog's entry has nothing to show, so Back leaves the page.
    await page.evaluate('history.back()');
    await heading(page, 'Access Logs').waitFor();
    await page.evaluate('history.forward()');
    await heading(page, 'Users').waitFor();
    // The palette opens and closes on the way to a page.
    await page.keyboard.press('Control+k');
    await page.keyboard.type('account');
    await page.keyboard.press('Enter');
    await heading(page, 'Account').waitFor();
    expect(await historyLength(page)).toBe(entries);
    await page.evaluate('history.back()');
    await heading(page, 'Users').waitFor();
  });

  test('a page that was reloaded under an open dialog goes back in one step', async () => {
    const page = await comeAs(admin());
    await page.getByRole('link', { name: 'Access Logs' }).click();
    await heading(page, 'Access Logs').waitFor();
    await page.getByRole('link', { name: 'API Keys' }).click();
    await button(page, 'Add key').click();
    await page.getByRole('dialog').waitFor();
    await page.reload();
    await heading(page, 'API Keys').waitFor();
    await page.evaluate('history.back()');
    await heading(page, 'Access Logs').waitFor();
  });

  test('another address does not drop what was typed, and the search survives a dialog', async () => {
    const name = fresh('SEARCHED');
    await addKey(admin(), name);
    const page = await comeAs(admin());
    await keyRow(page, name).waitFor();
    await field(page, 'Search keys').fill(name);
    await button(page, 'Add key').click();
    await field(page, 'Value').fill('precious');
    await page.goto(`${url()}/#/logs`);
    await heading(page, question).waitFor();
    expect(page.url()).toContain(`q=${name}`);
    await button(page, 'Keep editing').click();
    expect(await field(page, 'Value').inputValue()).toBe('precious');
    await page.evaluate('history.back()');
    await button(page, 'Discard').click();
    await expect.poll(() => dialogs(page)).toBe(0);
    expect(await field(page, 'Search keys').inputValue()).toBe(name);
    expect(page.url()).toContain(`q=${name}`);
  });

  test('the browser asks before it closes or reloads a page with something typed, and only then', async () => {
    const page = await comeAs(admin());
    const asked: string[] = [];
    page.on('dialog', (dialog) => {
      asked.push(dialog.type());
      void dialog.dismiss();
    });
    await button(page, 'Add key').click();
    await field(page, 'Value').fill('precious');
    await page.evaluate('void setTimeout(() => location.reload())');
    await expect.poll(() => asked).toEqual(['beforeunload']);
    expect(await field(page, 'Value').inputValue()).toBe('precious');
    await field(page, 'Value').fill('');
    await page.reload();
    await heading(page, 'API Keys').waitFor();
    expect(asked).toEqual(['beforeunload']);
  });

  test('a typed new password is not dropped by another page, by Back or by signing out', async () => {
    const page = await comeAs(await newUser());
    await page.locator('a.me').click();
    await field(page, 'New password').fill('precious words');
    const leaving = [
      () => page.getByRole('link', { name: 'Access Logs' }).click(),
      () => page.evaluate('history.back()'),
      () => page.evaluate(`location.hash = '#/about'`),
      () => page.getByRole('main').getByRole('button', { name: 'Sign out' }).first().click(),
    ];
    for (const leave of leaving) {
      await leave();
      await heading(page, question).waitFor();
      await button(page, 'Keep editing').click();
      expect(await field(page, 'New password').inputValue()).toBe('precious words');
      expect(page.url()).toBe(`${url()}/#/account`);
    }
    await page.getByRole('link', { name: 'Access Logs' }).click();
    await button(page, 'Discard').click();
    await heading(page, 'Access Logs').waitFor();
  });

  test('a new user is not lost when the session ends', async () => {
    const page = await openUsers();
    await button(page, 'Add user').click();
    await field(page, 'User name').fill('half_typed');
    await field(page, 'Initial password').fill('another good password');
    await page.route('**/users', (route) => route.fulfill({ status: 401, json: { error: 'Sign in again.' } }));
    await page.getByRole('dialog').getByRole('button', { name: 'Add user' }).click();
    await page.getByText('Your session has ended.').waitFor();
    await page.unroute('**/users');
    await field(page, 'Password').fill(admin().password);
    await button(page, 'Sign in').click();
    await page.getByRole('dialog').waitFor();
    expect(await field(page, 'User name').inputValue()).toBe('half_typed');
    expect(await field(page, 'Initial password').inputValue()).toBe('another good password');
  });

  test('on the page of a key, everything that leaves its form asks first if something was typed', async () => {
    const [name, other] = [fresh('EDITED'), fresh('EDITED')];
    for (const each of [name, other]) await addKey(admin(), each);
    const page = await comeAs(admin());
    await beginReplace(page, name);
    expect(await focused(page)).toBe('New value');
    await page.keyboard.type('precious');
    const address = page.url();
    const leaving: [string, () => Promise<unknown>][] = [
      ['Esc', () => page.keyboard.press('Escape')],
      ['Cancel', () => button(page, 'Cancel').click()],
      ['Close', () => button(page, 'Close').click()],
      ['Back', () => page.evaluate('history.back()')],
      ['another key', () => page.getByRole('link', { name: other, exact: true }).click()],
      ['another page', () => page.getByRole('link', { name: 'Trash' }).click()],
      ['another form', () => button(page, 'Edit description, expiry and labels').click()],
      ['a dialog', () => button(page, 'Rename or move').click()],
      ['Delete', () => keyPage(page).getByRole('button', { name: 'Delete' }).click()],
    ];
    for (const [way, leave] of leaving) {
      await leave();
      await heading(page, question).waitFor();
      await button(page, 'Keep editing').click();
      await expect.poll(() => dialogs(page)).toBe(0);
      expect([way, await field(page, 'New value').inputValue(), page.url()]).toEqual([way, 'precious', address]);
      await field(page, 'New value').focus();
    }
    await keyPage(page).getByRole('button', { name: 'Delete' }).click();
    await button(page, 'Discard').click();
    await toast(page, `Moved ${name} to the trash.`);
    await expect.poll(() => keyPage(page).count()).toBe(0);
  });

  test('what was typed on the page of a key is dropped with the page, and kept over an expired session', async () => {
    const name = fresh('EDITED');
    await addKey(admin(), name);
    const page = await comeAs(admin());
    await beginReplace(page, name);
    await field(page, 'New value').fill('precious');
    await page.route('**/keys/*', (route) => route.fulfill({ status: 401, json: { error: 'Sign in first.' } }));
    await button(page, 'Save').click();
    await page.getByText('Your session has ended.').waitFor();
    await page.unroute('**/keys/*');
    await field(page, 'Password').fill(admin().password);
    await button(page, 'Sign in').click();
    expect(await field(page, 'New value').inputValue()).toBe('precious');
    await page.getByRole('link', { name: 'Trash' }).click();
    await button(page, 'Discard').click();
    await heading(page, 'Trash').waitFor();
    await page.goBack();
    await keyPage(page).waitFor();
    expect(await field(page, 'New value').count()).toBe(0);
  });
});
