/** What needs care, the overview of environments, and what a pasted value is recognised as, for each role and on a phone. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import { button, describeInBrowser, field, focused, heading, overflow, toast } from './support/browser.ts';
import { browserKit, type Person } from './support/kit.ts';

/** In parts, so that no scanner takes it for a real key. */
function stripeKey(mode: string): string {
  return ['sk', mode, 'aB3dE6gH9jK2mN5pQ8sTaB3d'].join('_');
}

describeInBrowser('care', () => {
  const { url, admin, fresh, newUser, addKey, comeAs } = browserKit();

  const add = async (person: Person, key_name: string, api_key: string, more: object = {}) => {
    const { status } = await ask(url(), 'POST', '/keys', { token: person.token, body: { key_name, api_key, ...more } });
    expect(status).toBe(201);
  };
  const start = async (manager: Person, members: Record<string, string> = {}) => {
    const name = fresh('project');
    const { token } = manager;
    await ask(url(), 'POST', '/projects', { token, body: { name } });
    for (const [user, role] of Object.entries(members))
      await ask(url(), 'PUT', `/projects/${name}/members/${user}`, { token, body: { role } });
    return name;
  };
  const item = (page: Page, name: string) => page.locator('.trash-item', { hasText: name });
  const environments = async (page: Page, project: string) => {
    await page.goto(`${url()}/#/projects/${project}?view=environments`);
    await page.getByRole('grid', { name: `Environments of ${project}` }).waitFor();
  };

  test('the sidebar counts what needs care, and Replace on its page starts the rotation', async () => {
    const person = await newUser();
    const [old, one, two] = [fresh('old'), fresh('twin'), fresh('twin')];
    await add(person, old, 'x', { expires_at: '2020-01-01' });
    for (const name of [one, two]) await add(person, name, `the value of ${one}`);
    await addKey(person, fresh('fine'));
    const page = await comeAs(person);
    await page.getByRole('navigation').getByRole('link', { name: 'Needs care 3' }).click();
    await heading(page, 'Needs care').waitFor();
    expect(await page.title()).toBe('Needs care · Keystore');
    await item(page, old)
      .getByText(/^expired \d,?\d+ days ago$/)
      .waitFor();
    await item(page, one).getByText(`Same value as ${two}.`).waitFor();
    await page.getByRole('radio', { name: 'Same value 2' }).check();
    expect(await page.locator('.trash-item').count()).toBe(2);
    await expect.poll(() => page.url()).toContain('#/care?show=same_value');

    await button(page, `Replace ${one}`).click();
    await expect.poll(() => focused(page)).toBe('New value');
    await field(page, 'New value').fill('another value');
    await button(page, 'Save').click();
    await toast(page, `Saved a new value for ${one}.`);
    await page.goBack();
    await page.getByRole('heading', { name: 'None for this reason' }).waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Needs care 1' }).waitFor();
  });

  test('a viewer sees what needs care in a project and may not replace it; an editor and a manager may', async () => {
    const [manager, editor, viewer, stranger] = [await newUser(), await newUser(), await newUser(), await newUser()];
    const project = await start(manager, { [viewer.name]: 'viewer', [editor.name]: 'editor' });
    const name = `${project}/prod/EXPIRED`;
    await add(manager, name, 'x', { expires_at: '2020-01-01' });
    const actions: string[] = [];
    for (const person of [manager, editor, viewer]) {
      const page = await comeAs(person);
      await page.goto(`${url()}/#/care`);
      actions.push(((await item(page, name).getByRole('button').last().textContent()) ?? '').trim());
    }
    expect(actions).toEqual(['Replace', 'Replace', 'Show']);
    const page = await comeAs(stranger);
    await page.goto(`${url()}/#/care`);
    await heading(page, 'Nothing needs care').waitFor();
  });

  test('an admin sees the keys of somebody who is switched off, and whose they are', async () => {
    const person = await newUser();
    const name = fresh('left');
    await addKey(person, name);
    const { token } = admin();
    const { body } = await ask<{ users: { id: number; username: string }[] }>(url(), 'GET', '/users', { token });
    const id = body.users.find(({ username }) => username === person.name)?.id;
    await ask(url(), 'PUT', `/users/${id}`, { token, body: { is_active: false } });
    const page = await comeAs(admin());
    await page.goto(`${url()}/#/care?show=owner_inactive`);
    await item(page, name).getByText(`Belongs to ${person.name}, who is switched off.`).waitFor();
  });

  test('on a phone the list of keys says how many need care, and the page fits', async () => {
    const person = await newUser();
    await add(person, fresh('old'), 'x', { expires_at: '2020-01-01' });
    const page = await comeAs(person, { viewport: { width: 360, height: 740 }, hasTouch: true });
    await page.getByRole('link', { name: 'Needs care: 1' }).click();
    await page.getByLabel('Why').last().waitFor();
    await page.locator('.trash-item').waitFor();
    expect(await overflow(page)).toBe(0);
  });

  test('the overview shows what is missing in which folder, and adds it with its name filled in', async () => {
    const editor = await newUser();
    const project = await start(editor);
    for (const name of ['dev/A', 'prod/A', 'staging/A', 'dev/B', 'LOOSE']) await addKey(editor, `${project}/${name}`);
    await add(editor, `${project}/prod/C`, 'x', { expires_at: '2020-01-01' });
    const page = await comeAs(editor);
    await environments(page, project);
    expect(await page.getByRole('columnheader').allTextContents()).toEqual(
      ['Name', 'dev 2', 'staging 1', 'prod 2'].map((text) => expect.stringContaining(text)),
    );
    await page.getByText('2 of 3 names have gaps').waitFor();
    await page.getByRole('rowheader', { name: 'C' }).waitFor();
    await page.getByRole('button', { name: `Expired ${project}/prod/C` }).waitFor();
    await page.getByRole('button', { name: 'LOOSE', exact: true }).waitFor();
    await page.getByLabel('Only with gaps').check();
    await expect.poll(() => page.getByRole('rowheader').count()).toBe(2);

    await page.getByRole('button', { name: `Add ${project}/prod/B` }).click();
    expect(await field(page, 'Name').inputValue()).toBe(`${project}/prod/B`);
    await field(page, 'Value').fill('the value of B');
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await page.getByRole('button', { name: `${project}/prod/B, set` }).waitFor();
    await page.getByRole('button', { name: `${project}/prod/B, set` }).click();
    await page.getByRole('button', { name: 'Replace', exact: true }).waitFor();
    expect(page.url()).toContain('key=');
  });

  test('the arrow keys move through the overview, with one stop for Tab', async () => {
    const editor = await newUser();
    const project = await start(editor);
    for (const name of ['dev/A', 'prod/A', 'dev/B']) await addKey(editor, `${project}/${name}`);
    const page = await comeAs(editor);
    await environments(page, project);
    expect(await page.locator('[data-cell][tabindex="0"]').count()).toBe(1);
    await page.getByRole('button', { name: `${project}/dev/A, set` }).focus();
    const after = async (key: string) => {
      await page.keyboard.press(key);
      return focused(page);
    };
    expect(await after('ArrowRight')).toContain(`${project}/prod/A, set`);
    expect(await after('ArrowDown')).toBe(`Add ${project}/prod/B`);
    expect(await after('Home')).toContain(`${project}/dev/B, set`);
    expect(await after('ArrowDown')).toContain(`${project}/dev/B, set`);
    expect(await page.locator('[data-cell][tabindex="0"]').count()).toBe(1);
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    expect(await field(page, 'Name').inputValue()).toBe(`${project}/prod/B`);
  });

  test('to a viewer the overview offers nothing to add', async () => {
    const [manager, viewer] = [await newUser(), await newUser()];
    const project = await start(manager, { [viewer.name]: 'viewer' });
    for (const name of ['dev/A', 'prod/B']) await addKey(manager, `${project}/${name}`);
    const page = await comeAs(viewer);
    await environments(page, project);
    expect(await page.locator('td.missing').allTextContents()).toEqual(['Missing', 'Missing']);
    expect(await page.locator('td.missing button').count()).toBe(0);
  });

  test('on a phone the overview scrolls within its box, and the names stay', async () => {
    const editor = await newUser();
    const project = await start(editor);
    const folders = ['dev', 'qa', 'staging', 'prod', 'eu'];
    for (const folder of folders) await addKey(editor, `${project}/${folder}/A_RATHER_LONG_NAME_OF_A_KEY`);
    const page = await comeAs(editor, { viewport: { width: 360, height: 740 }, hasTouch: true });
    await environments(page, project);
    expect(await overflow(page)).toBe(0);
    const hidden = `(() => {
      const box = document.querySelector('.env-box');
      box.scrollTo(9999, 0);
      return box.scrollLeft;
    })()`;
    expect(await page.evaluate<number>(hidden)).toBeGreaterThan(100);
    const name = await page.getByRole('rowheader').boundingBox();
    const edge = await page.locator('.env-box').boundingBox();
    expect(Math.abs((name?.x ?? 0) - (edge?.x ?? 99))).toBeLessThan(3);
    expect(name?.width).toBeLessThan(180);
  });

  test('a thousand keys of a project are shown, filtered and reached', async () => {
    const editor = await newUser();
    const project = await start(editor);
    const entries = Array.from({ length: 1_000 }, (_, index) => ({
      key_name: `${['dev', 'staging', 'prod'][index % 3]}/KEY_${String(Math.floor(index / 3)).padStart(3, '0')}`,
      api_key: 'x',
    }));
    const body = { prefix: `${project}/`, entries, on_conflict: 'fail', dry_run: false };
    expect((await ask(url(), 'POST', '/keys/import', { token: editor.token, body })).status).toBe(200);
    const page = await comeAs(editor);
    await environments(page, project);
    await page.getByText('1 of 334 names has gaps').waitFor();
    expect(await page.getByRole('rowheader').count()).toBe(200);
    await button(page, 'Show all 334 names').click();
    await expect.poll(() => page.getByRole('rowheader').count()).toBe(334);
    await page.getByLabel('Search names').fill('key_333');
    await expect.poll(() => page.getByRole('rowheader').count()).toBe(1);
  });

  test('a pasted value is recognised, names the key, and is told to be in the wrong place', async () => {
    const editor = await newUser();
    const project = await start(editor);
    const page = await comeAs(editor);
    await page.goto(`${url()}/#/projects/${project}`);
    await button(page, 'Add key').first().click();
    await field(page, 'Name').fill(`${project}/prod/`);
    await field(page, 'Value').fill(stripeKey('test'));
    await page.getByText('Looks like: Stripe secret key, test mode').waitFor();
    await page.getByText('This key works in test mode only, and the name puts it in prod/.').waitFor();
    await button(page, 'Call it STRIPE_SECRET_KEY').click();
    expect(await field(page, 'Name').inputValue()).toBe(`${project}/prod/STRIPE_SECRET_KEY`);
    expect(await field(page, 'Description').inputValue()).toBe('Stripe secret key');

    const whole = stripeKey('live');
    await field(page, 'Value').fill(`${whole.slice(0, 12)}\n${whole.slice(12)}`);
    await page.getByText('This value has a line break after 12 characters').waitFor();
    await button(page, 'Take it out').click();
    expect(await field(page, 'Value').inputValue()).toBe(whole);
    await page.getByText('Looks like: Stripe secret key, live mode').waitFor();
    await field(page, 'Value').fill('nothing in particular');
    await expect.poll(() => page.getByText('Looks like').count()).toBe(0);
  });

  test('whoever stores a value again is told where it is already, also before an import', async () => {
    const person = await newUser();
    const [first, second, third] = [fresh('first'), fresh('second'), fresh('third')];
    await addKey(person, first, `a value of ${first}`);
    const page = await comeAs(person);
    await button(page, 'Add key').click();
    await field(page, 'Name').fill(second);
    await field(page, 'Value').fill(`a value of ${first}`);
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await toast(page, `${second} has the same value as ${first}.`);
    await button(page, 'Import').click();
    await field(page, 'What to import').fill(`${third}="a value of ${first}"`);
    await button(page, 'Check').click();
    await page
      .locator('.import-entry', { hasText: third })
      .getByText(`the same value as ${first}, ${second}`)
      .waitFor();
  });
});
