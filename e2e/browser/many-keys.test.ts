/** Many keys at once: imports with a preview, and what a selection can do. */
import { readFileSync } from 'node:fs';
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

  test('an import is taken back: what it added goes to the trash, what it replaced gets its earlier value and description', async () => {
    const user = await newUser();
    const [old, added, touched] = [fresh('OLD'), fresh('ADDED'), fresh('TOUCHED')];
    await addKey(user, old, 'before', 'kept');
    const page = await comeAs(user);
    await button(page, 'Import').click();
    await field(page, 'What to import').fill(
      JSON.stringify([
        { key: old, value: 'imported', description: 'from the file' },
        { key: added, value: '1' },
        { key: touched, value: '2' },
      ]),
    );
    await button(page, 'Check').click();
    await button(page, 'Add 2, replace 1').click();
    await toast(page, 'Added 2 keys, replaced 1.');
    expect(await storedValue(user, old)).toBe('imported');
    await ask(url(), 'PUT', `/keys/${touched}`, { token: user.token, body: { api_key: 'changed since' } });
    await button(page, 'Undo').click();
    await toast(
      page,
      'Took the import back: 1 key is in the trash, 1 key has its earlier value again, 1 key was changed by somebody else meanwhile and stays.',
    );
    expect([await storedValue(user, old), await storedValue(user, touched)]).toEqual(['before', 'changed since']);
    expect(await storedValue(user, added)).toBeUndefined();
    await keyRow(page, old).getByText('kept').waitFor();
    await keyRow(page, touched).waitFor();
  });

  test('an import that takes long says how many keys it is about, and keeps the text as it is', async () => {
    const page = await comeAs(await newUser());
    const name = fresh('LONG');
    const lines = Array.from({ length: 1000 }, (_, index) => `${name}_${index}=${index}`);
    await button(page, 'Import').click();
    await field(page, 'What to import').waitFor();
    await drop(page, '.env', [...lines, 'ONE_MORE=1'].join('\n'));
    await page.getByText('These are 1,001 keys. One import takes 1,000').waitFor();
    expect(await button(page, 'Check').isDisabled()).toBe(true);
    await drop(page, '.env', lines.join('\n'));
    await page.getByText('1,000 keys found.').waitFor();

    const held: (() => void)[] = [];
    await page.route('**/keys/import', async (route) => {
      const response = await route.fetch();
      await new Promise<void>((pass) => held.push(pass));
      await route.fulfill({ response });
    });
    await button(page, 'Check').click();
    await page.getByText('Comparing 1,000 keys with the vault…').waitFor();
    await expect.poll(() => held.length).toBe(1);
    held.shift()?.();
    await button(page, 'Add 1000').click();
    await page.getByText('Importing 1,000 keys, all of them or none…').waitFor();
    expect(await field(page, 'What to import').getAttribute('readonly')).not.toBeNull();
    await expect.poll(() => held.length).toBe(1);
    held.shift()?.();
    await toast(page, 'Added 1,000 keys.');
    await page.getByText('1,000 keys', { exact: true }).waitFor();
  });

  test('a file that is dropped beside the field is read too', async () => {
    const page = await comeAs(await newUser());
    await button(page, 'Import').click();
    await field(page, 'What to import').waitFor();
    const isTaken = await page.evaluate(`{
      const data = new DataTransfer();
      data.items.add(new File(['DROPPED=1'], '.env'));
      !document.querySelector('dialog h2').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    }`);
    expect(isTaken).toBe(true);
    await page.locator('.import-entry', { hasText: 'DROPPED' }).waitFor();
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

  test('keys that one may only read are counted, and cannot be deleted with the others', async () => {
    const [viewer, manager] = [await newUser(), await newUser()];
    const project = fresh('team');
    const own = fresh('OWN');
    await ask(url(), 'POST', '/projects', { token: manager.token, body: { name: project } });
    const member = `/projects/${project}/members/${viewer.name}`;
    await ask(url(), 'PUT', member, { token: manager.token, body: { role: 'viewer' } });
    await addKey(manager, `${project}/SHARED`);
    await addKey(viewer, own);
    const page = await comeAs(viewer);
    await keyRow(page, own).waitFor();
    await button(page, 'Select').click();
    await button(page, 'Select all').click();
    await page.getByText('2 selected, 1 read-only').waitFor();
    expect(await button(page, 'Move to trash').isDisabled()).toBe(true);
    await page.getByLabel(`Select ${project}/SHARED`).uncheck();
    await button(page, 'Move to trash').click();
    await toast(page, `Moved ${own} to the trash.`);
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
    // The toast stays for half a minute, and must not lie on the bar.
    await button(page, 'Done').click({ trial: true });
    await page.setViewportSize({ width: 360, height: 740 });
    await button(page, 'Done').click();
    const { logs } = (await ask(url(), 'GET', '/logs?action=view_key', { token: user.token })).body as unknown as {
      logs: { key_name: string }[];
    };
    expect(logs.map(({ key_name }) => key_name).sort()).toEqual([a, b].sort());
  });

  test('selected keys are written to a file, after the page has said what the log will hold', async () => {
    const user = await newUser();
    const [a, b] = [fresh('FILE'), fresh('FILE')];
    await addKey(user, a, 'plain');
    await addKey(user, b, 'two\nlines');
    const page = await comeAs(user);
    await keyRow(page, a).waitFor();
    await button(page, 'Select').click();
    await button(page, 'Select all').click();
    await button(page, 'Export').click();
    await page.getByText('2 entries, one for each key').waitFor();
    await page.getByRole('radio', { name: 'JSON' }).check();
    const [file] = await Promise.all([page.waitForEvent('download'), button(page, 'Export 2 keys').click()]);
    expect(file.suggestedFilename()).toBe('keys.json');
    expect(JSON.parse(readFileSync(await file.path(), 'utf8'))).toEqual({ [a]: 'plain', [b]: 'two\nlines' });
    await toast(page, 'Exported 2 keys.');
  });

  test('selected keys move into a folder together, say what keeps one from it, and move back', async () => {
    const user = await newUser();
    const project = fresh('team');
    const [a, b] = [fresh('M'), fresh('M')];
    await ask(url(), 'POST', '/projects', { token: user.token, body: { name: project } });
    for (const name of [a, b, `${project}/dev/${b}`]) await addKey(user, name);
    const page = await comeAs(user);
    await keyRow(page, a).waitFor();
    await button(page, 'Select').click();
    await page.getByLabel(`Select ${a}`).check();
    await page.getByLabel(`Select ${b}`).check();
    await button(page, 'Move').click();
    const move = page.getByRole('dialog').getByRole('button', { name: 'Move', exact: true });
    expect(await move.isDisabled()).toBe(true);
    await page.getByLabel('Folder').fill(`/${project}/dev/`);
    await page.getByText(`${project}/dev/${a}`, { exact: true }).waitFor();
    await move.click();
    await page.getByText(`1 of 2 moved. ${b}: `).waitFor();
    await page.keyboard.press('Escape');
    await button(page, 'Discard').click();
    await keyRow(page, `${project}/dev/${a}`).waitFor();
    await page.getByText('1 selected').waitFor();
    await button(page, 'Undo').click();
    await keyRow(page, a).waitFor();
    expect(await keyRow(page, `${project}/dev/${a}`).count()).toBe(0);
  });

  test('lines that are pasted where there is no field, and a file that is dropped on any page, are imported', async () => {
    const user = await newUser();
    const page = await comeAs(user);
    await page.getByRole('heading', { name: 'No keys yet' }).waitFor();
    const drop = (type: 'paste' | 'drop', text: string) =>
      page.evaluate(`{
        const data = new DataTransfer();
        if ('${type}' === 'paste') data.setData('text/plain', ${JSON.stringify(text)});
        else data.items.add(new File([${JSON.stringify(text)}], 'some.env'));
        const more = { bubbles: true, cancelable: true };
        document.body.dispatchEvent('${type}' === 'paste'
          ? new ClipboardEvent('paste', { clipboardData: data, ...more })
          : new DragEvent('drop', { dataTransfer: data, ...more }));
      }`);
    await drop('paste', 'nothing that has a name');
    await drop('paste', 'PASTED_ONE=1\nPASTED_TWO=2');
    await page.getByText('2 keys found.').waitFor();
    await page.keyboard.press('Escape');
    await button(page, 'Discard').click();
    await page.goto(`${url()}/#/trash`);
    await page.getByRole('heading', { name: 'Trash', exact: true }).waitFor();
    await drop('drop', 'DROPPED=1');
    await page.getByText('1 key found.').waitFor();
    expect(page.url()).toContain('#/keys');
  });
});
