/** Roles, other people’s passwords, and what the page says about all that. */
import { expect, test } from 'vitest';
import {
  button,
  chooseRole,
  describeInBrowser,
  dialogs,
  field,
  focused,
  heading,
  roleOf,
  signInAs,
  toast,
} from './support/browser.ts';
import { browserKit } from './support/kit.ts';

describeInBrowser('roles, passwords and messages', () => {
  const { url, admin, fresh, newUser, addKey, come, comeAs } = browserKit();

  const openUsers = async () => {
    const page = await comeAs(admin());
    await page.goto(`${url()}/#/users`);
    await page.getByRole('table', { name: 'Users' }).waitFor();
    return page;
  };

  test('password managers are kept away from secrets and from other people’s passwords, and find the own ones', async () => {
    const user = await newUser();
    await addKey(admin(), fresh('SEARCHED'));
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

  test('a role is chosen from a menu, by keys too, and changes after a question', async () => {
    const user = await newUser();
    const page = await openUsers();
    const changes: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'PUT') changes.push(request.url());
    });
    const role = roleOf(page, user.name);
    const chosen = () => page.evaluate('document.activeElement.textContent');
    await role.focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(chosen).toMatch(/^User.*projects/);
    for (const [pressed, expected] of [
      ['ArrowDown', /^Admin.*every account/],
      ['ArrowDown', /^User/],
      ['ArrowUp', /^Admin/],
      ['Home', /^User/],
      ['End', /^Admin/],
    ] as const) {
      await page.keyboard.press(pressed);
      expect(await chosen()).toMatch(expected);
    }
    await page.keyboard.press('Escape');
    await expect.poll(() => focused(page)).toBe(`Role of ${user.name}: User`);
    expect([await role.textContent(), await dialogs(page), changes]).toEqual(['User', 0, []]);
    await page.keyboard.press('Enter');
    await expect.poll(chosen).toMatch(/^User/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await heading(page, 'Make this user an admin?').waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(() => dialogs(page)).toBe(0);
    expect([await role.textContent(), changes]).toEqual(['User', []]);
    await chooseRole(page, user.name, 'Admin');
    await button(page, 'Make admin').click();
    await toast(page, `${user.name} is now an admin.`);
    await expect.poll(() => role.textContent()).toBe('Admin');
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
    await chooseRole(page, user.name, 'Admin');
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

  test('users are promised the keys that they reach, and no more', async () => {
    const { page } = await come();
    await page.getByLabel('User name').waitFor();
    expect(await page.locator('main').textContent()).not.toMatch(/team/);
    const theirs = await comeAs(await newUser());
    await theirs.getByText('No keys yet').waitFor();
    expect(await theirs.locator('main').textContent()).not.toMatch(/team|all keys/i);
  });
});
