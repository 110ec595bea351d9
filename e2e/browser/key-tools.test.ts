/** What can be done with keys beside reading and changing them: versions, other names and owners, dates and labels, the trash. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import {
  button,
  describeInBrowser,
  dialogs,
  field,
  heading,
  keyPage,
  keyRow,
  openKey,
  toast,
  unfold,
} from './support/browser.ts';
import { browserKit, type Person } from './support/kit.ts';

describeInBrowser('the tools for keys', () => {
  const { url, admin, fresh, newUser, addKey, comeAs } = browserKit();

  const withKey = async (value = 'the first value') => {
    const owner = await newUser();
    const name = fresh('KEY');
    await addKey(owner, name, value);
    return { owner, name, page: await comeAs(owner) };
  };
  const change = (owner: Person, name: string, body: object) =>
    ask(url(), 'PUT', `/keys/${encodeURIComponent(name)}`, { token: owner.token, body });
  const storedValue = async (owner: Person, name: string) =>
    (await ask(url(), 'GET', `/keys/${encodeURIComponent(name)}`, { token: owner.token })).body.api_key;
  const openTool = async (page: Page, name: string, tool: string) => {
    const opened = await openKey(page, name);
    await opened.getByRole('button', { name: tool, exact: true }).click();
  };

  test('an earlier version is read, and restored as a new one', async () => {
    const { owner, name, page } = await withKey();
    await change(owner, name, { api_key: 'the second value' });
    await page.reload();
    await openKey(page, name);
    await unfold(page, 'Versions');
    await page.getByText('Version 2').waitFor();
    await button(page, 'Reveal version 1').click();
    expect(await page.getByLabel('Revealed value').textContent()).toBe('the first value');
    await button(page, 'Restore version 1').click();
    await toast(page, `${name} has the value of version 1 again.`);
    await page.getByText('Version 3').waitFor();
    expect(await storedValue(owner, name)).toBe('the first value');
  });

  test('an earlier version is erased after a question, and its value is gone', async () => {
    const { owner, name, page } = await withKey();
    await change(owner, name, { api_key: 'the second value' });
    await openKey(page, name);
    await unfold(page, 'Versions');
    await button(page, 'Erase version 1').click();
    await button(page, 'Erase version').click();
    await toast(page, `Erased version 1 of ${name}.`);
    await page.getByText('Its value is erased.').waitFor();
    const { status } = await ask(url(), 'GET', `/keys/${name}?version=1`, { token: owner.token });
    expect(status).toBe(404);
    expect(await storedValue(owner, name)).toBe('the second value');
    // The page knows that this was a change, and does not take it for one by somebody else.
    await button(page, 'Edit description, expiry and labels').click();
    await field(page, 'Description').fill('edited afterwards');
    await button(page, 'Save').click();
    await toast(page, `Changed the description of ${name}.`);
  });

  test('a key gets another name, and its old one back', async () => {
    const { owner, name, page } = await withKey();
    const to = fresh('OTHER');
    await openTool(page, name, 'Rename or move');
    expect(await field(page, 'New name').inputValue()).toBe(name);
    await field(page, 'New name').fill(to);
    await button(page, 'Rename').click();
    await keyRow(page, to).waitFor();
    expect(await keyRow(page, name).count()).toBe(0);
    expect(await storedValue(owner, to)).toBe('the first value');
    await button(page, 'Undo').click();
    await keyRow(page, name).waitFor();
  });

  test('a taken name is said at the field', async () => {
    const { owner, name, page } = await withKey();
    const taken = fresh('TAKEN');
    await addKey(owner, taken);
    await openTool(page, name, 'Rename or move');
    await field(page, 'New name').fill(taken);
    await button(page, 'Rename').click();
    await page.locator('.field-error').waitFor();
    expect(await dialogs(page)).toBe(1);
  });

  test('an admin hands a key over to another user', async () => {
    const { owner, name } = await withKey();
    const heir = await newUser();
    const page = await comeAs(admin());
    await openTool(page, name, 'Hand over');
    await field(page, 'User name of the new owner').fill(heir.name);
    await page.getByRole('dialog').getByRole('button', { name: 'Hand over' }).click();
    await toast(page, `${name} belongs to ${heir.name} now.`);
    expect(await storedValue(heir, name)).toBe('the first value');
    expect((await ask(url(), 'GET', `/keys/${name}`, { token: owner.token })).status).toBe(404);
  });

  test('dates and labels are set, shown, found and taken away', async () => {
    const { name, page } = await withKey();
    await button(page, `Edit ${name}`).click();
    const soon = new Date(Date.now() + 5 * 86_400_000);
    const date = [soon.getFullYear(), soon.getMonth() + 1, soon.getDate()]
      .map((part) => String(part).padStart(2, '0'))
      .join('-');
    await field(page, 'Expires on').fill(date);
    await field(page, 'Labels').fill('env');
    await button(page, 'Save').click();
    await page.locator('.field-error', { hasText: 'name:value' }).waitFor();
    await field(page, 'Labels').fill('env:prod, team:web');
    await button(page, 'Save').click();
    await toast(page, `Changed ${name}.`);
    await keyPage(page)
      .getByText(/expires in [56] days/)
      .waitFor();
    await button(page, 'Close').click();
    await keyRow(page, name)
      .getByText(/expires in [56] days/)
      .waitFor();
    await page.getByLabel('Search keys', { exact: true }).fill('team:web');
    await keyRow(page, name).waitFor();
    await page.reload();
    await keyRow(page, name)
      .getByText(/expires in [56] days/)
      .waitFor();
    await page.getByLabel('Which keys').selectOption('due');
    await keyRow(page, name).waitFor();

    await button(page, `Edit ${name}`).click();
    expect(await field(page, 'Labels').inputValue()).toBe('env:prod, team:web');
    await field(page, 'Expires on').fill('');
    await button(page, 'Save').click();
    await page.getByText('No key expires soon').waitFor();
  });

  test('a key that is due for rotation says so until it gets a new value', async () => {
    const { owner, name, page } = await withKey();
    await change(owner, name, { rotate_every_days: 10 });
    await page.reload();
    await keyRow(page, name)
      .getByText(/rotation due in (9|10) days/)
      .waitFor();
  });

  test('the trash restores a key under its name, or under another one if that is taken', async () => {
    const { owner, name, page } = await withKey();
    await button(page, `Delete ${name}`).click();
    await toast(page, `Moved ${name} to the trash.`);
    await addKey(owner, name, 'a new one');
    await page.getByRole('navigation').getByRole('link', { name: 'Trash' }).click();
    await button(page, `Restore ${name}`).click();
    await heading(page, 'Restore under another name').waitFor();
    const other = fresh('BACK');
    await field(page, 'Name').fill(other);
    await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click();
    await toast(page, `Restored ${name} as ${other}.`);
    await page.getByText('The trash is empty').waitFor();
    expect([await storedValue(owner, name), await storedValue(owner, other)]).toEqual(['a new one', 'the first value']);
  });

  test('destroying a key needs its name to be typed', async () => {
    const { owner, name, page } = await withKey();
    await ask(url(), 'DELETE', `/keys/${name}`, { token: owner.token });
    await page.goto(`${url()}/#/trash`);
    await button(page, `Destroy ${name}`).click();
    const confirm = button(page, 'Destroy key');
    expect(await confirm.isDisabled()).toBe(true);
    await field(page, 'Type the name to confirm').fill(name);
    await confirm.click();
    await toast(page, `Destroyed ${name}.`);
    await page.getByText('The trash is empty').waitFor();
  });
});
