/** The keyboard focus is always somewhere sensible. */
import { expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import {
  addKeyByForm,
  button,
  chooseRole,
  describeInBrowser,
  dialogs,
  field,
  focused,
  keyRow,
  signInAs,
  toast,
} from './support/browser.ts';
import { browserKit } from './support/kit.ts';

describeInBrowser('the focus', () => {
  const { url, admin, fresh, newUser, addKey, come, comeAs } = browserKit();

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
    await chooseRole(page, user.name, 'Admin');
    await expectFocus('Cancel');
    await button(page, 'Make admin').click();
    await expectFocus(`Role of ${user.name}: Admin`);
    await button(page, 'Undo').click();
    await expectFocus(`Role of ${user.name}: User`);
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
});
