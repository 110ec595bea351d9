/** Many keys at once: imports with a preview, and what a selection can do. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import { button, describeInBrowser, field, keyRow, paste, toast } from './support/browser.ts';
import { browserKit, type Person } from './support/kit.ts';

describeInBrowser('many keys', () => {
  const { url, fresh, newUser, addKey, comeAs } = browserKit();

  const storedValue = async (owner: Person, name: string) =>
    (await ask(url(), 'GET', `/keys/${encodeURIComponent(name)}`, { token: owner.token })).body.api_key;
  const stateOf = (page: Page, name: string) =>
    page.locator('.import-entry', { hasText: name }).locator('.import-state');
  const drop = (page: Page, name: string, text: string) =>
    page.evaluate(`{
      const data = new DataTransfer();
      data.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)}));
      document.querySelector('dialog textarea').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    }`);

  test('an .env file is checked first, and only what is chosen is imported', async () => {
    const user = await newUser();
    const [a, b, c, d] = [fresh('A'), fresh('B'), fresh('C'), fresh('D')];
    await addKey(user, a, 'old');
    await addKey(user, b, 'same');
    const page = await comeAs(user);
    await button(page, 'Import').click();
    await field(page, 'What to import').fill(
      `export ${a}="new" # rotated\r\n${b}=same\r\n${c}='two\nlines'\r\n${d}=left out\r\nEMPTY=\r\n`,
    );
    await page.getByText('4 keys found').waitFor();
    await button(page, 'Check').click();
    await expect.poll(() => stateOf(page, a).textContent()).toBe('replaces another value');
    expect(await stateOf(page, b).textContent()).toBe('same value');
    expect(await stateOf(page, c).textContent()).toBe('new');
    expect(await storedValue(user, a)).toBe('old');
    await page.getByRole('dialog').getByLabel(d).uncheck();
    await button(page, 'Add 1, replace 1').click();
    await toast(page, 'Added 1 key, replaced 1.');
    await keyRow(page, c).waitFor();
    expect(await keyRow(page, d).count()).toBe(0);
    expect([await storedValue(user, a), await storedValue(user, c)]).toEqual(['new', 'two\nlines']);
  });

  test('a dropped CSV export and nested JSON are read, and an import that added only can be undone', async () => {
    const user = await newUser();
    const prefix = fresh('folder');
    const page = await comeAs(user);
    await button(page, 'Import').click();
    await field(page, 'Put them under').fill(prefix);
    await drop(
      page,
      'bitwarden.csv',
      'folder,favorite,type,name,notes,fields,reveal,login_uri,login_username,login_password,login_totp\n,,login,MAIL,,,,https://example.com,me,"p,1",\n',
    );
    await page.locator('.import-entry', { hasText: `${prefix}/MAIL` }).waitFor();
    await field(page, 'What to import').fill('{"prod":{"URL":"x","PORT":5432}}');
    await page.locator('.import-entry', { hasText: `${prefix}/prod/PORT` }).waitFor();
    await button(page, 'Check').click();
    await button(page, 'Add 2').click();
    await toast(page, 'Added 2 keys.');
    await keyRow(page, `${prefix}/prod/PORT`).waitFor();
    expect(await storedValue(user, `${prefix}/prod/PORT`)).toBe('5432');
    await button(page, 'Undo').click();
    await expect.poll(() => keyRow(page, `${prefix}/prod/PORT`).count()).toBe(0);
  });

  test('a file that cannot be read says where, without its values', async () => {
    const page = await comeAs(await newUser());
    await button(page, 'Import').click();
    await field(page, 'What to import').fill('GOOD=1\nBAD="not closed, and secret');
    const error = page.locator('.field-error');
    await error.waitFor();
    expect(await error.textContent()).toContain('line 2');
    expect(await error.textContent()).not.toContain('secret');
    expect(await button(page, 'Check').isDisabled()).toBe(true);
  });

  test('lines that are pasted into the name of a new key go on to an import', async () => {
    const page = await comeAs(await newUser());
    await page.getByRole('button', { name: /^Add/ }).first().click();
    await field(page, 'Name').focus();
    await paste(page, 'FIRST=1\nSECOND=2\n');
    await button(page, 'Import them all').click();
    await page.locator('.import-entry', { hasText: 'SECOND' }).waitFor();
    expect(page.url()).not.toContain('SECOND');
  });

  test('selected keys go to the trash together, and come back together', async () => {
    const user = await newUser();
    const names = [fresh('S'), fresh('S'), fresh('S')];
    for (const name of names) await addKey(user, name);
    const page = await comeAs(user);
    await keyRow(page, names[0] ?? '').waitFor();
    await button(page, 'Select').click();
    await page.getByLabel(`Select ${names[0]}`).check();
    await page.getByLabel(`Select ${names[1]}`).click({ modifiers: ['Shift'] });
    await page.getByText('2 selected').waitFor();
    await button(page, 'Move to trash').click();
    await toast(page, 'Moved 2 keys to the trash.');
    expect(await keyRow(page, names[0] ?? '').count()).toBe(0);
    await keyRow(page, names[2] ?? '').waitFor();
    await button(page, 'Undo').click();
    for (const name of names) await keyRow(page, name).waitFor();
  });

  test('selected keys are copied as .env after the page has said what the log will hold', async () => {
    const user = await newUser();
    const [a, b] = [fresh('ENV'), fresh('ENV')];
    await addKey(user, a, 'plain');
    await addKey(user, b, 'two\nlines "quoted"');
    const page = await comeAs(user, { permissions: ['clipboard-read', 'clipboard-write'] });
    await keyRow(page, a).waitFor();
    await button(page, 'Select').click();
    await button(page, 'Select all').click();
    await button(page, 'Copy as .env').click();
    await page.getByText('2 entries, one for each key').waitFor();
    await button(page, 'Copy 2 keys').click();
    await toast(page, 'Copied 2 keys as .env.');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(`${a}=plain\n${b}="two\\nlines \\"quoted\\""\n`);
    const { logs } = (await ask(url(), 'GET', '/logs?action=view_key', { token: user.token })).body as unknown as {
      logs: { key_name: string }[];
    };
    expect(logs.map(({ key_name }) => key_name).sort()).toEqual([a, b].sort());
  });
});
