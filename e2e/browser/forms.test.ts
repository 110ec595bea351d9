/** What every form and dialog promises: nothing typed is dropped without a question, errors go, the focus is somewhere. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import { addKeyByForm, describeInBrowser, focused, keyRow, paste, signInAs, toast } from './support/browser.ts';
import { browserKit } from './support/kit.ts';

const question = 'Discard what you typed?';
const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----\n';

function button(page: Page, name: string) {
  return page.getByRole('button', { name, exact: true });
}
function field(page: Page, label: string) {
  return page.getByLabel(label, { exact: true });
}
function dialogs(page: Page) {
  return page.getByRole('dialog').count();
}
function heading(page: Page, name: string) {
  return page.getByRole('heading', { name, exact: true });
}
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

describeInBrowser('forms', () => {
  const { url, admin, fresh, newUser, addKey, come, comeAs } = browserKit();

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
      'edit key',
      async () => {
        const name = fresh('EDITED');
        await addKey(admin(), name);
        const page = await comeAs(admin());
        await button(page, `Edit ${name}`).click();
        await field(page, 'New value').fill('precious');
        return { page, typed: () => field(page, 'New value').inputValue() };
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

  test('deleting a key from its form asks first if a value was typed', async () => {
    const name = fresh('EDITED');
    await addKey(admin(), name);
    const page = await comeAs(admin());
    await button(page, `Edit ${name}`).click();
    expect(await focused(page)).toBe('New value');
    await page.keyboard.type('precious');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await button(page, 'Keep editing').click();
    expect(await field(page, 'New value').inputValue()).toBe('precious');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await button(page, 'Discard').click();
    await heading(page, 'Delete this key?').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => focused(page)).toBe(`Edit ${name}`);
  });

  test('an error goes as soon as its field is corrected, and its field has the focus until then', async () => {
    const taken = fresh('TAKEN');
    await addKey(admin(), taken);
    const page = await comeAs(admin());
    const errors = () => page.locator('.field-error, .form-problem').allInnerTexts();
    await addKeyByForm(page, taken, 'x');
    await expect.poll(errors).toHaveLength(1);
    expect(await focused(page)).toBe('Name');
    await field(page, 'Description').fill('something else');
    expect(await errors()).toHaveLength(1);
    await field(page, 'Name').press('End');
    await page.keyboard.type('2');
    expect(await errors()).toEqual([]);
    expect(await field(page, 'Name').getAttribute('aria-invalid')).toBeNull();
    await field(page, 'Name').fill(taken);
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await expect.poll(errors).toHaveLength(1);
    // A correction without typing.
    await field(page, 'Name').focus();
    await paste(page, `${taken}_3=y`);
    await button(page, 'Discard').click();
    expect(await errors()).toEqual([]);

    await page.goto('about:blank');
    await page.goto(`${url()}/#/users`);
    await button(page, 'Add user').click();
    await field(page, 'User name').fill(fresh('alice'));
    await field(page, 'Initial password').fill('password');
    await page.getByRole('dialog').getByRole('button', { name: 'Add user' }).click();
    await expect.poll(errors).toHaveLength(1);
    await button(page, 'Generate').click();
    expect(await errors()).toEqual([]);
  });

  test('errors of sign-in and of a new password go when the fields change', async () => {
    const { page } = await come();
    const user = await newUser();
    const errors = () => page.locator('.field-error, .form-problem').count();
    await signInAs(page, user.name, 'wrong');
    await expect.poll(errors).toBe(1);
    expect(await focused(page)).toBe('Password');
    await page.keyboard.type('x');
    expect(await errors()).toBe(0);
    await signInAs(page, user.name, user.password);
    await heading(page, 'No keys yet').waitFor();
    await page.goto(`${url()}/#/account`);
    const change = async (current: string, chosen: string, again: string) => {
      await field(page, 'Current password').fill(current);
      await field(page, 'New password').fill(chosen);
      await field(page, 'Confirm new password').fill(again);
      await button(page, 'Change password').click();
      await expect.poll(errors).toBe(1);
    };
    await change(user.password, 'one good password', 'another good password');
    expect(await focused(page)).toBe('Confirm new password');
    await field(page, 'New password').fill('another good password');
    expect(await errors()).toBe(0);
    await change(user.password, 'short', 'short');
    expect(await focused(page)).toBe('New password');
    await page.keyboard.type('x');
    expect(await errors()).toBe(0);
    await change('wrong', 'another good password', 'another good password');
    expect(await focused(page)).toBe('Current password');
    await page.keyboard.type('x');
    expect(await errors()).toBe(0);
  });

  test('a private key keeps the line break at its end', async () => {
    const page = await comeAs(admin());
    const [name, second] = [fresh('DEPLOY'), fresh('DEPLOY')];
    await button(page, 'Add key').click();
    await field(page, 'Name').fill(name);
    await field(page, 'Value').fill(`  ${key}`);
    await page.getByText('The value begins with 2 spaces and ends with a line break.').waitFor();
    await button(page, 'Remove the 2 spaces').click();
    expect(await field(page, 'Value').inputValue()).toBe(key);
    expect(await focused(page)).toBe('Value');
    await page.getByText('Private keys and other files need that.').waitFor();
    expect(await page.getByRole('button', { name: /^Remove/ }).count()).toBe(0);
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await toast(page, `Added ${name}.`);
    await button(page, 'Add key').click();
    await field(page, 'Name').fill(second);
    await field(page, 'Value').fill(key.trimEnd());
    await button(page, 'Add it').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await toast(page, `Added ${second}.`);
    const { token } = admin();
    for (const one of [name, second]) {
      const { body } = await ask<{ api_key: string }>(url(), 'GET', `/keys/${one}`, { token });
      expect(body.api_key).toBe(key);
    }
  });

  test('a pasted file or value never shows in the name field', async () => {
    const page = await comeAs(admin());
    await button(page, 'Add key').click();
    const name = field(page, 'Name');
    await name.focus();
    await paste(page, 'STRIPE_KEY=sk_live_1\nDB_PASSWORD=hunter2\n# and more');
    await page.getByText('These are 2 lines of an .env file.').waitFor();
    expect(await page.content()).not.toMatch(/sk_live_1|hunter2/);
    expect([await name.inputValue(), await field(page, 'Value').inputValue()]).toEqual(['', '']);

    await paste(page, key);
    await page.getByText('it is in the value field now').waitFor();
    expect([await name.inputValue(), await field(page, 'Value').inputValue()]).toEqual(['', key]);
    await paste(page, 'ghp_16C7e42F292c6912E7710c838347Ae178B4a');
    await page.getByText('Nothing was filled in.').waitFor();
    expect([await name.inputValue(), await field(page, 'Value').inputValue()]).toEqual(['', key]);
    await button(page, 'Use it as the name').click();
    expect(await name.inputValue()).toBe('ghp_16C7e42F292c6912E7710c838347Ae178B4a');
    await page.getByText('Names are not encrypted.').waitFor();

    await name.fill('');
    await field(page, 'Value').fill('');
    await name.focus();
    await paste(page, '# Payments\nexport\tSTRIPE_KEY="a # b\\nc" # ours');
    expect([await name.inputValue(), await field(page, 'Value').inputValue()]).toEqual(['STRIPE_KEY', 'a # b\nc']);
    await paste(page, 'OTHER=x');
    await button(page, 'Keep editing').click();
    expect([await name.inputValue(), await field(page, 'Value').inputValue()]).toEqual(['STRIPE_KEY', 'a # b\nc']);
  });

  test('a new row is shown and has the focus, wherever it is in the list', async () => {
    const user = await newUser();
    const names = Array.from({ length: 40 }, () => fresh('ROW'));
    await Promise.all(names.map((name) => addKey(user, name)));
    const page = await comeAs(user);
    await keyRow(page, names[0] ?? '').waitFor();
    const add = async (name: string) => {
      await addKeyByForm(page, name, 'x');
      await expect.poll(() => dialogs(page)).toBe(0);
      await expect
        .poll(() => page.evaluate(`document.activeElement.querySelector('.row-name')?.textContent`))
        .toBe(name);
      const { y, height } = (await keyRow(page, name).boundingBox()) ?? { y: -1, height: 0 };
      expect([y >= 0, y + height <= 800]).toEqual([true, true]);
    };
    await add('zzz_last');
    await add('AAA_first');
    await field(page, 'Search keys').fill('aaa');
    await page.getByText('1 of 42').waitFor();
    await add('mmm_hidden');
    await toast(page, 'Added mmm_hidden. The search was cleared to show it.');
    expect(await field(page, 'Search keys').inputValue()).toBe('');
    await expect.poll(() => page.url()).toBe(`${url()}/#/keys`);
    await field(page, 'Search keys').fill('mmm');
    await add('mmm_second');
    expect(await field(page, 'Search keys').inputValue()).toBe('mmm');
  });

  test('the focus is somewhere sensible after every action that removes what had it', async () => {
    const name = fresh('FOCUS');
    await addKey(admin(), name);
    const user = await newUser();
    const page = await comeAs(admin());
    const expectFocus = (label: string) => expect.poll(() => focused(page)).toBe(label);

    await field(page, 'Search keys').fill('nothing like that');
    await button(page, 'Clear search').click();
    await expectFocus('Search keys');
    await page.goto(`${url()}/#/logs?failures=only`);
    await button(page, 'Clear').click();
    await expectFocus('Key or target');
    await page.goto(`${url()}/#/logs?address=203.0.113.`);
    await button(page, 'Clear filters').click();
    await expectFocus('Key or target');

    await page.goto(`${url()}/#/users`);
    await button(page, 'Add user').click();
    const added = fresh('bob');
    await field(page, 'User name').fill(added);
    await button(page, 'Generate').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Add user' }).click();
    await expect.poll(() => focused(page)).toContain(added);
    const role = page.getByLabel(`Role of ${user.name}`);
    await role.focus();
    await role.selectOption('admin');
    await expectFocus('Cancel');
    await button(page, 'Make admin').click();
    await expectFocus(`Role of ${user.name}`);
    await button(page, 'Undo').click();
    await expectFocus(`Role of ${user.name}`);
    await button(page, `Delete ${added}`).click();
    await field(page, 'Type the name to confirm').fill(added);
    await page.getByRole('dialog').getByRole('button', { name: 'Delete user' }).click();
    await expectFocus('Users');

    const theirs = await comeAs(user);
    await theirs.goto(`${url()}/#/account`);
    await theirs.getByRole('main').getByRole('button', { name: 'Sign out' }).first().click();
    await expect.poll(() => focused(theirs)).toBe('User name');
    await signInAs(theirs, user.name, user.password);
    await expect.poll(() => focused(theirs)).toBe('Account');
  });

  test('after a forced change of the password the focus is on the page', async () => {
    const username = fresh('carol');
    const password = 'quiet river stone';
    await ask(url(), 'POST', '/users', {
      token: admin().token,
      body: { username, password, must_change_password: true },
    });
    const { page } = await come();
    await signInAs(page, username, password);
    await expect.poll(() => focused(page)).toBe('Current password');
    await page.keyboard.type(password);
    await field(page, 'New password').fill('another good password');
    await field(page, 'Confirm new password').fill('another good password');
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('API Keys');
  });

  test('password managers are kept away from secrets and from other people’s passwords, and find the own ones', async () => {
    const user = await newUser();
    const page = await comeAs(admin());
    const expectUnmanaged = async (label: string, autocomplete = 'off') => {
      const names = ['autocomplete', 'data-1p-ignore', 'data-lpignore', 'data-bwignore', 'data-form-type'];
      const found = await Promise.all(names.map((name) => field(page, label).getAttribute(name)));
      expect([label, ...found]).toEqual([label, autocomplete, 'true', 'true', 'true', 'other']);
      expect(await field(page, label).getAttribute('type')).not.toBe('password');
    };
    await expectUnmanaged('Search keys');
    await button(page, 'Add key').click();
    for (const label of ['Name', 'Value', 'Description']) await expectUnmanaged(label);
    await page.keyboard.press('Escape');
    await page.goto(`${url()}/#/users`);
    await button(page, 'Add user').click();
    await expectUnmanaged('User name');
    await expectUnmanaged('Initial password', 'new-password');
    await page.keyboard.press('Escape');
    await button(page, `Reset the password of ${user.name}`).click();
    await expectUnmanaged('New password', 'new-password');
    await page.keyboard.press('Escape');
    await page.goto(`${url()}/#/account`);
    const own = {
      'Current password': 'current-password',
      'New password': 'new-password',
      'Confirm new password': 'new-password',
    };
    for (const [label, autocomplete] of Object.entries(own)) {
      const at = field(page, label);
      expect([await at.getAttribute('type'), await at.getAttribute('autocomplete')]).toEqual([
        'password',
        autocomplete,
      ]);
      expect(await at.getAttribute('data-1p-ignore')).toBeNull();
    }
  });

  test('keys on a role list only move the choice, and a role changes after a question', async () => {
    const user = await newUser();
    const page = await openUsers();
    const changes: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'PUT') changes.push(request.url());
    });
    const role = page.getByLabel(`Role of ${user.name}`);
    for (const pressed of ['ArrowDown', 'ArrowUp', 'ArrowRight', 'End', 'PageDown', 'a']) {
      await role.focus();
      await page.keyboard.press(pressed);
      expect([pressed, await role.inputValue(), await dialogs(page)]).toEqual([pressed, 'user', 0]);
      await page.keyboard.press('Escape');
    }
    // As browsers do that choose in a closed list.
    await role.selectOption('admin');
    await heading(page, 'Make this user an admin?').waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(() => dialogs(page)).toBe(0);
    expect([await role.inputValue(), changes]).toEqual(['user', []]);
    await role.selectOption('admin');
    await button(page, 'Make admin').click();
    await toast(page, `${user.name} is now an admin.`);
    await expect.poll(() => role.inputValue()).toBe('admin');
    expect(changes).toHaveLength(1);
  });

  test('a newer change of the same thing takes the Undo of the older away', async () => {
    const user = await newUser();
    const page = await openUsers();
    const active = page.getByRole('switch', { name: `${user.name} is active` });
    const undos = () => button(page, 'Undo').count();
    await active.click();
    await toast(page, 'is deactivated');
    await active.click();
    await toast(page, 'can sign in again');
    expect(await undos()).toBe(1);
    await page.getByLabel(`Role of ${user.name}`).selectOption('admin');
    await button(page, 'Make admin').click();
    await toast(page, 'is now an admin');
    expect(await undos()).toBe(2);
    await button(page, `Delete ${user.name}`).click();
    await field(page, 'Type the name to confirm').fill(user.name);
    await page.getByRole('dialog').getByRole('button', { name: 'Delete user' }).click();
    await toast(page, `Deleted ${user.name}.`);
    expect(await undos()).toBe(0);
  });

  test('the throttle says when to try again, once', async () => {
    const { page } = await come();
    const answer = { status: 429, headers: { 'Retry-After': '180' } };
    await page.route('**/auth/login', (route) =>
      route.fulfill({ ...answer, json: { error: 'Too many failed attempts. Wait before you try again.' } }),
    );
    await signInAs(page, 'somebody', 'wrong');
    const problem = page.locator('.form-problem');
    await problem.waitFor();
    expect(await problem.textContent()).toBe('Too many failed attempts. Try again in 3 minutes.');
  });

  test('users are promised their own keys only', async () => {
    const { page } = await come();
    await page.getByLabel('User name').waitFor();
    expect(await page.locator('main').textContent()).not.toMatch(/team/);
    const theirs = await comeAs(await newUser());
    await theirs.getByText('The keys that you added.').waitFor();
    expect(await theirs.locator('main').textContent()).not.toMatch(/team|all keys/i);
  });
});
