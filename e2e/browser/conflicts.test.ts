/** Two people change the same key: nobody overwrites unseen what the other did, and nothing typed is lost. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import {
  beginReplace,
  button,
  describeInBrowser,
  field,
  focused,
  keyPage,
  keyRow,
  openKey,
  toast,
} from './support/browser.ts';
import { browserKit, type Person } from './support/kit.ts';

const notice = 'Nothing was saved: this key has changed since you opened it.';

describeInBrowser('two people and one key', () => {
  const { url, admin, fresh, newUser, addKey, comeAs } = browserKit();

  const at = (name: string) => `/keys/${encodeURIComponent(name)}`;
  const change = (who: Person, name: string, body: object) => ask(url(), 'PUT', at(name), { token: who.token, body });
  const stored = async (who: Person, name: string) => (await ask(url(), 'GET', at(name), { token: who.token })).body;
  const descriptionOf = async (who: Person, name: string) => {
    const { keys } = (await ask(url(), 'GET', '/keys', { token: who.token })).body as unknown as {
      keys: { key_name: string; description: string }[];
    };
    return keys.find(({ key_name }) => key_name === name)?.description;
  };

  /** A key of a project, of which one member has the list open and the other is elsewhere. */
  const shared = async (count = 1) => {
    const [mine, theirs] = [await newUser(), await newUser()];
    const project = fresh('team');
    await ask(url(), 'POST', '/projects', { token: mine.token, body: { name: project } });
    await ask(url(), 'PUT', `/projects/${project}/members/${theirs.name}`, {
      token: mine.token,
      body: { role: 'editor' },
    });
    const names = Array.from({ length: count }, (_, index) => `${project}/KEY_${index}`);
    for (const name of names) await addKey(mine, name, 'first', 'as it was');
    const page = await comeAs(mine);
    await keyRow(page, names[0] ?? '').waitFor();
    return { mine, theirs, project, names, name: names[0] ?? '', page };
  };
  const openDescription = async (page: Page, name: string) => {
    await button(page, `Edit ${name}`).click();
    await field(page, 'Description').waitFor();
  };

  test('a save that comes second says who changed what, keeps what was typed, and saves only that', async () => {
    const { mine, theirs, name, page } = await shared();
    await beginReplace(page, name);
    await field(page, 'New value').fill('mine');
    await change(theirs, name, { api_key: 'theirs', description: 'by them' });
    await button(page, 'Save').click();
    await page.getByText(notice).waitFor();
    await page.getByText(`a new value by ${theirs.name}, another description.`).waitFor();
    expect(await focused(page)).toContain(notice);
    expect((await stored(mine, name)).api_key).toBe('theirs');
    expect(await field(page, 'New value').inputValue()).toBe('mine');
    await keyPage(page).getByText('by them', { exact: true }).waitFor();

    await button(page, 'Save anyway').click();
    await toast(page, `Saved a new value for ${name}.`);
    expect((await stored(mine, name)).api_key).toBe('mine');
    expect(await descriptionOf(mine, name)).toBe('by them');
  });

  test('the form can begin anew with the key as it is now', async () => {
    const { mine, theirs, name, page } = await shared();
    await openDescription(page, name);
    await field(page, 'Description').fill('mine');
    await change(theirs, name, { description: 'by them' });
    await button(page, 'Save').click();
    await page.getByText(notice).waitFor();
    await button(page, 'Drop mine, load the current state').click();
    await expect.poll(() => field(page, 'Description').inputValue()).toBe('by them');
    expect(await page.getByText(notice).count()).toBe(0);
    await field(page, 'Description').fill('both');
    await button(page, 'Save').click();
    await toast(page, `Changed the description of ${name}.`);
    expect(await descriptionOf(mine, name)).toBe('both');
  });

  test('somebody who is quicker twice is noticed twice', async () => {
    const { mine, theirs, name, page } = await shared();
    await beginReplace(page, name);
    await field(page, 'New value').fill('mine');
    await change(theirs, name, { description: 'once' });
    await button(page, 'Save').click();
    await page.getByText('another description.').waitFor();
    await change(theirs, name, { api_key: 'twice' });
    await button(page, 'Save anyway').click();
    await page.getByText(`a new value by ${theirs.name}.`).waitFor();
    expect((await stored(mine, name)).api_key).toBe('twice');
  });

  test('a key that is gone leaves the form open and says what to do', async () => {
    const { mine, theirs, name, page } = await shared();
    await beginReplace(page, name);
    await field(page, 'New value').fill('mine');
    await ask(url(), 'DELETE', at(name), { token: theirs.token });
    await button(page, 'Save').click();
    await page.getByText('there is no key of this name any more').waitFor();
    expect(await field(page, 'New value').inputValue()).toBe('mine');
    expect((await stored(mine, name)).api_key).toBeUndefined();
  });

  test('a rename and a transfer ask again too', async () => {
    const { mine, theirs, project, name, page } = await shared();
    const to = `${project}/OTHER`;
    await openKey(page, name);
    await button(page, 'Rename or move').click();
    await field(page, 'New name').fill(to);
    await change(theirs, name, { api_key: 'theirs' });
    await button(page, 'Rename').click();
    await page.getByText(notice).waitFor();
    expect(await field(page, 'New name').inputValue()).toBe(to);
    expect((await stored(mine, name)).api_key).toBe('theirs');
    await button(page, 'Rename anyway').click();
    await toast(page, `${name} is now ${to}.`);
    expect((await stored(mine, to)).api_key).toBe('theirs');

    const personal = fresh('PERSONAL');
    await addKey(theirs, personal);
    const admins = await comeAs(admin());
    await openKey(admins, personal);
    await button(admins, 'Hand over').click();
    await field(admins, 'User name of the new owner').fill(mine.name);
    await change(theirs, personal, { description: 'still in use' });
    await admins.getByRole('dialog').getByRole('button', { name: 'Hand over' }).click();
    await admins.getByText(notice).waitFor();
    await button(admins, 'Hand over anyway').click();
    await toast(admins, `${personal} belongs to ${mine.name} now.`);
  });

  test('a key that has changed since the list was loaded goes to the trash only after a question', async () => {
    const { mine, theirs, name, page } = await shared();
    await change(theirs, name, { api_key: 'theirs' });
    await button(page, `Delete ${name}`).click();
    await page.getByText(`a new value by ${theirs.name}.`).waitFor();
    expect((await stored(mine, name)).api_key).toBe('theirs');
    await button(page, 'Move to trash anyway').click();
    await toast(page, `Moved ${name} to the trash.`);
    expect((await stored(mine, name)).api_key).toBeUndefined();
  });

  test('of selected keys, those that have changed since stay, and stay selected', async () => {
    const { mine, theirs, names, page } = await shared(3);
    const [first = '', second = '', third = ''] = names;
    await button(page, 'Select').click();
    await button(page, 'Select all').click();
    await change(theirs, second, { description: 'in use' });
    await ask(url(), 'DELETE', at(third), { token: theirs.token });
    await button(page, 'Move to trash').click();
    await toast(page, `Moved ${first} to the trash. ${second} changed meanwhile and stayed`);
    await page.getByText(`Somebody else has deleted or renamed ${third}.`).waitFor();
    await page.getByText('1 selected').waitFor();
    expect((await stored(mine, second)).api_key).toBe('first');
    await button(page, 'Undo').click();
    await keyRow(page, first).waitFor();
    await button(page, 'Move to trash').click();
    await toast(page, `Moved ${second} to the trash.`);
  });
});
