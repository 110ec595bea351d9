import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ask, signIn } from '../../testing/vault.ts';
import {
  button,
  chooseRole,
  describeInBrowser,
  focused,
  heading,
  keyRow,
  roleOf,
  signInAs,
  toast,
  type VisitOptions,
} from './support/browser.ts';
import { browserKit } from './support/kit.ts';

function fieldError(page: Page, text: string | RegExp) {
  return page.locator('.field-error', { hasText: text }).waitFor();
}

describeInBrowser('users', () => {
  const { url, admin, fresh, newUser, addKey, come, comeAs } = browserKit();

  const openUsers = async (options?: VisitOptions) => {
    const page = await comeAs(admin(), options);
    await page.getByRole('link', { name: 'Users' }).click();
    await page.getByRole('table', { name: 'Users' }).waitFor();
    return page;
  };

  test('an admin adds a user with a generated password, which the user has to replace', async () => {
    const name = fresh('alice');
    const page = await openUsers({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByRole('button', { name: 'Add user' }).click();
    const add = page.getByRole('dialog').getByRole('button', { name: 'Add user' });
    await page.getByLabel('User name').fill(name.toUpperCase());
    await page.getByLabel('Initial password').fill('password');
    await add.click();
    await fieldError(page, 'most common');
    await page.getByRole('button', { name: 'Generate' }).click();
    const password = await page.getByLabel('Initial password').inputValue();
    expect(password).toHaveLength(16);
    await page.getByRole('button', { name: 'Copy' }).click();
    await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toBe(password);
    await page.getByLabel('User name').fill('Admin');
    await add.click();
    await fieldError(page, 'exists already');
    await page.getByLabel('User name').fill(name);
    await add.click();
    await toast(page, `Added ${name}.`);

    const { page: theirs } = await come();
    await signInAs(theirs, name, password);
    await theirs.getByLabel('Current password').fill(password);
    await theirs.getByLabel('New password', { exact: true }).fill('an own good password');
    await theirs.getByLabel('Confirm new password').fill('an own good password');
    await theirs.getByRole('button', { name: 'Set password and continue' }).click();
    await theirs.getByRole('heading', { name: 'No keys yet' }).waitFor();
  });

  test('users have no Users tab, and its address tells them that it is for admins', async () => {
    const page = await comeAs(await newUser());
    await page.getByRole('heading', { name: 'No keys yet' }).waitFor();
    expect(await page.getByRole('link', { name: 'Users' }).count()).toBe(0);
    await page.goto(`${url()}/#/users`);
    await page.getByRole('heading', { name: 'Admins only' }).waitFor();
    expect(await page.getByRole('button', { name: 'Add user' }).count()).toBe(0);
  });

  test('a changed role and a deactivation can be undone; a deactivated user is signed out at once', async () => {
    const user = await newUser();
    const key = fresh('THEIRS');
    await addKey(user, key);
    const theirs = await comeAs(user);
    await keyRow(theirs, key).waitFor();
    const page = await openUsers();
    const role = roleOf(page, user.name);
    await chooseRole(page, user.name, 'Admin');
    await page.getByRole('button', { name: 'Make admin' }).click();
    await toast(page, `${user.name} is now an admin.`);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => role.textContent()).toBe('User');

    const active = page.getByRole('switch', { name: `${user.name} is active` });
    await active.click();
    await toast(page, `${user.name} is deactivated`);
    await theirs.getByRole('button', { name: `Reveal ${key}` }).click();
    await theirs.getByText('Your session has ended.').waitFor();
    await page.getByRole('button', { name: 'Undo' }).last().click();
    await expect.poll(() => active.getAttribute('aria-checked')).toBe('true');
  });

  test('the last admin cannot be removed by role, switch or deletion', async () => {
    const page = await openUsers();
    expect(await page.getByRole('switch', { name: 'admin is active' }).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Only another admin can delete you' }).isDisabled()).toBe(true);
    await chooseRole(page, 'admin', 'User');
    await page.getByRole('button', { name: 'Give up admin role' }).click();
    await page.getByText('last active admin').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(await roleOf(page, 'admin').textContent()).toBe('Admin');
  });

  test('an admin resets a password, which ends the sessions of the user', async () => {
    const { name, token } = await newUser();
    const page = await openUsers();
    await page.getByRole('button', { name: `Reset the password of ${name}` }).click();
    await page.getByLabel('New password', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Set password' }).click();
    await fieldError(page, 'at least 8 characters');
    await page.getByLabel('New password', { exact: true }).fill('a brand new password');
    await page.getByRole('button', { name: 'Set password' }).click();
    await toast(page, `${name} has a new password`);
    await page.locator('.cell-user', { hasText: name }).getByText('must choose a new password').waitFor();
    expect((await ask(url(), 'GET', '/keys', { token })).status).toBe(401);
  });

  test('deleting a user says what becomes of the keys, and needs the name to be typed', async () => {
    const user = await newUser();
    await addKey(user, fresh('THEIRS'));
    await addKey(user, fresh('THEIRS'));
    const page = await openUsers();
    await page.getByRole('button', { name: `Delete ${user.name}` }).click();
    await page.getByText('2 keys will go to the trash').waitFor();
    await page.getByLabel('Type the name to confirm').fill(user.name);
    await page.getByRole('dialog').getByRole('button', { name: 'Delete user' }).click();
    await toast(page, `Deleted ${user.name}.`);
    await expect.poll(() => page.getByRole('button', { name: `Delete ${user.name}` }).count()).toBe(0);
  });

  test('the sessions of somebody are shown and ended, one at a time or all at once', async () => {
    const user = await newUser();
    const other = await signIn(url(), user.name, user.password);
    const page = await openUsers();
    const row = page.getByRole('row', { name: user.name });
    await row.locator('.cell-login', { hasText: /just now|sec/ }).waitFor();
    await page.getByRole('button', { name: `Sessions of ${user.name}` }).click();
    const lines = page.getByRole('dialog').getByRole('listitem');
    await expect.poll(() => lines.count()).toBe(2);
    await lines.first().getByRole('button', { name: 'End' }).click();
    await expect.poll(() => lines.count()).toBe(1);
    expect((await ask(url(), 'GET', '/keys', { token: other })).status).toBe(401);
    expect((await ask(url(), 'GET', '/keys', { token: user.token })).status).toBe(200);
    await page.getByRole('button', { name: 'End all sessions' }).click();
    await page.getByText('Not signed in anywhere.').waitFor();
    expect((await ask(url(), 'GET', '/keys', { token: user.token })).status).toBe(401);
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Your sessions' }).click();
    await page.getByRole('heading', { name: 'Account' }).waitFor();
  });

  test('what somebody has seen who leaves is worked off: each tick is kept, says whose it is, and can be taken back', async () => {
    const [user, other] = [await newUser(), await newUser()];
    const [own, changed] = [fresh('OWN'), fresh('CHANGED')];
    await addKey(user, own);
    await addKey(user, changed);
    await ask(url(), 'GET', `/keys/${own}`, { token: user.token });
    await ask(url(), 'PUT', `/keys/${changed}`, { token: admin().token, body: { api_key: 'another' } });
    const page = await openUsers();
    await page.getByRole('link', { name: `What ${user.name} has seen` }).click();
    await heading(page, `When ${user.name} leaves`).waitFor();
    await page.getByText('1 of 2 keys are to be replaced. Their account still works').waitFor();
    const group = (title: string) => page.locator('section', { has: page.getByRole('heading', { name: title }) });
    await group('To do').getByText(`${own} stored the current value, read once`).waitFor();
    expect(await group('Changed since they read it').locator('li').allInnerTexts()).toEqual([
      expect.stringContaining(changed),
    ]);
    await button(page, `Not needed: ${own}`).click();
    await group('Ticked off').getByText('Not needed, says admin just now').waitFor();
    expect(await focused(page)).not.toBeNull();
    await page.getByText('Nothing is left to do.').waitFor();
    await page.reload();
    await button(page, `Take back: ${own}`).click();
    await button(page, `Rotated: ${own}`).waitFor();
    expect(await focused(page)).not.toBeNull();
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('button').filter({ visible: true }).count()).toBe(0);
    await group('To do').getByText('☐').waitFor();

    const theirs = await comeAs(other);
    await theirs.goto(`${url()}/#/users/${user.name}/leaving`);
    await heading(theirs, 'Admins only').waitFor();
  });

  test('a longer list is searched, and leads to the keys that somebody made and to their log', async () => {
    const people = [];
    for (let made = 0; made < 9; made += 1) people.push(await newUser());
    const [user] = people.slice(-1);
    if (!user) throw new Error('Nobody was made.');
    const key = fresh('MADE_BY_THEM');
    await addKey(user, key);
    const page = await openUsers();
    await page.keyboard.press('/');
    await page.keyboard.type(user.name.toUpperCase());
    await page.getByText(/^1 of \d+$/).waitFor();
    await roleOf(page, user.name).waitFor();
    await expect.poll(() => page.url()).toContain(`q=${user.name.toUpperCase()}`);
    await page.getByRole('link', { name: `The log of ${user.name}` }).click();
    await page.locator('.log', { hasText: `${user.name} added the key ${key}` }).waitFor();
    await page.goBack();
    await page.getByRole('link', { name: '1', exact: true }).click();
    await keyRow(page, key).waitFor();
    await page.goBack();
    await page.getByLabel('Search users', { exact: true }).fill('nobody at all');
    await page.getByRole('heading', { name: 'No matching users' }).waitFor();
  });
});
