/** Projects: starting one, its keys and members, what each role sees and may do. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import {
  addKeyByForm,
  button,
  chooseRole,
  describeInBrowser,
  field,
  focused,
  heading,
  keyRow,
  openKey,
  roleOf,
  toast,
} from './support/browser.ts';
import { browserKit, type Person } from './support/kit.ts';

describeInBrowser('projects', () => {
  const { url, admin, fresh, newUser, addKey, comeAs } = browserKit();

  const open = async (page: Page, project: string, view = '') => {
    await page.goto(`${url()}/#/projects/${project}${view}`);
    await heading(page, project).waitFor();
  };
  const start = async (manager: Person, members: Record<string, string> = {}) => {
    const name = fresh('project');
    const { token } = manager;
    await ask(url(), 'POST', '/projects', { token, body: { name, description: 'made by a test' } });
    for (const [user, role] of Object.entries(members))
      await ask(url(), 'PUT', `/projects/${name}/members/${user}`, { token, body: { role } });
    return name;
  };

  test('somebody starts a project, adds a key to it and a member, who sees it in the sidebar', async () => {
    const [manager, member] = [await newUser(), await newUser()];
    const name = fresh('project');
    const page = await comeAs(manager);
    await page.getByRole('navigation').getByRole('link', { name: 'Projects' }).click();
    await button(page, 'Start your first project').click();
    await field(page, 'Name').fill(name);
    await field(page, 'Description').fill('what the shop needs');
    await button(page, 'Start project').click();
    await heading(page, name).waitFor();
    await page.getByText('what the shop needs').waitFor();

    await button(page, 'Add key').click();
    expect(await field(page, 'Name').inputValue()).toBe(`${name}/`);
    await field(page, 'Name').fill(`${name}/prod/STRIPE`);
    await field(page, 'Value').fill('sk_1');
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await keyRow(page, `${name}/prod/STRIPE`).waitFor();

    await page.getByRole('radio', { name: 'Members' }).check();
    await button(page, 'Add member').click();
    await field(page, 'User name').fill('nobody_at_all');
    await page.getByRole('dialog').getByRole('button', { name: 'Add member' }).click();
    await page.locator('.field-error', { hasText: 'No user has this name.' }).waitFor();
    await field(page, 'User name').fill(member.name);
    await page.getByRole('radio', { name: 'Viewer' }).check();
    await page.getByRole('dialog').getByRole('button', { name: 'Add member' }).click();
    await toast(page, `${member.name} is now a viewer of ${name}.`);
    await roleOf(page, member.name).waitFor();

    const theirs = await comeAs(member);
    await theirs.getByRole('list', { name: 'Your projects' }).getByRole('link', { name }).click();
    await keyRow(theirs, `${name}/prod/STRIPE`).waitFor();
  });

  test('the page of a project has its name in the title, and its heading gets the focus', async () => {
    const manager = await newUser();
    const [one, other] = [await start(manager), await start(manager)];
    const page = await comeAs(manager);
    await page.getByRole('navigation').getByRole('link', { name: 'Projects' }).click();
    await page.getByRole('main').getByRole('link', { name: one }).click();
    await heading(page, one).waitFor();
    await expect.poll(() => focused(page)).toBe(one);
    expect(await page.title()).toBe(`${one} · Keystore`);
    await page.getByRole('list', { name: 'Your projects' }).getByRole('link', { name: other }).click();
    await expect.poll(() => focused(page)).toBe(other);
    expect(await page.title()).toBe(`${other} · Keystore`);
    await page.goBack();
    await expect.poll(() => focused(page)).toBe(one);
    await button(page, 'Sign out').click();
    await field(page, 'User name').waitFor();
    expect(await page.title()).toBe('Sign in · Keystore');
  });

  test('the palette finds a project by its name before the keys in it', async () => {
    const manager = await newUser();
    const name = await start(manager);
    await addKey(manager, `${name}/KEY`);
    const page = await comeAs(manager);
    await keyRow(page, `${name}/KEY`).waitFor();
    await page.getByRole('list', { name: 'Your projects' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type(name);
    await page
      .getByRole('option', { name: `${name}/KEY` })
      .first()
      .waitFor();
    await page.keyboard.press('Enter');
    await heading(page, name).waitFor();
  });

  test('a long name in the sidebar leaves the counts in sight', async () => {
    const manager = await newUser();
    const name = `${fresh('project')}-of-the-people-who-like-long-names`;
    await ask(url(), 'POST', '/projects', { token: manager.token, body: { name } });
    const page = await comeAs(manager);
    const list = page.getByRole('list', { name: 'Your projects' });
    const [box, count] = [await list.boundingBox(), await list.locator('small').boundingBox()];
    expect((count?.x ?? 0) + (count?.width ?? 0)).toBeLessThanOrEqual((box?.x ?? 0) + (box?.width ?? 0));
  });

  test('its activity: all of it for an admin, and for a member what they did themselves', async () => {
    const [manager, editor] = [await newUser(), await newUser()];
    const name = await start(manager, { [editor.name]: 'editor' });
    const other = await start(manager);
    await addKey(manager, `${name}/ONE`);
    await addKey(editor, `${name}/TWO`);
    await addKey(manager, `${other}/THREE`);
    const news = async (person: Person) => {
      const page = await comeAs(person);
      await open(page, name);
      await page.getByRole('radio', { name: 'Activity' }).check();
      const entries = page.getByRole('list', { name: `What happened in ${name}, newest first` }).getByRole('listitem');
      await entries.first().waitFor();
      return (await entries.locator('.log-text').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
    };
    expect(await news(editor)).toEqual([`${editor.name} added the key ${name}/TWO`]);
    expect(await news(admin())).toEqual([
      `${editor.name} added the key ${name}/TWO`,
      `${manager.name} added the key ${name}/ONE`,
      expect.stringContaining(`${editor.name}`),
      expect.stringContaining(`${manager.name} `),
    ]);
  });

  test('a project that is not there says who can help', async () => {
    const page = await comeAs(await newUser());
    await page.goto(`${url()}/#/projects/not_there`);
    await page.getByText('One of its managers, or an admin, can add you.').waitFor();
    await button(page, 'Show your projects').click();
    await heading(page, 'Projects').waitFor();
  });

  test('a viewer reads a key and finds no button that changes it', async () => {
    const [manager, viewer] = [await newUser(), await newUser()];
    const name = await start(manager, { [viewer.name]: 'viewer' });
    const key = `${name}/ONLY_READ`;
    await addKey(manager, key, 'the value', 'who may read');
    const page = await comeAs(viewer);
    await open(page, name);
    await keyRow(page, key).waitFor();
    expect(await button(page, 'Add key').count()).toBe(0);
    expect(await button(page, `Edit ${key}`).count()).toBe(0);
    expect(await button(page, `Delete ${key}`).count()).toBe(0);
    const opened = await openKey(page, key);
    await opened.getByText('who may read').waitFor();
    await opened.getByRole('button', { name: `Reveal ${key}` }).click();
    await opened.getByText('the value', { exact: true }).waitFor();
    await opened.getByText('You are a viewer of this project').waitFor();
    for (const change of ['Replace', 'Delete', 'Rename or move', 'Edit description, expiry and labels'])
      expect(await opened.getByRole('button', { name: change }).count()).toBe(0);
  });

  test('the role of a member changes at once and can be undone, and a removed member can be brought back', async () => {
    const [manager, member] = [await newUser(), await newUser()];
    const name = await start(manager, { [member.name]: 'viewer' });
    const page = await comeAs(manager);
    await open(page, name, '?view=members');
    const role = roleOf(page, member.name);
    await chooseRole(page, member.name, 'Editor');
    await toast(page, `${member.name} is now an editor of ${name}.`);
    await expect.poll(() => role.textContent()).toBe('Editor');
    await button(page, 'Undo').click();
    await expect.poll(() => role.textContent()).toBe('Viewer');
    await button(page, `Remove ${member.name}`).click();
    await toast(page, `Removed ${member.name} from ${name}.`);
    await expect.poll(() => role.count()).toBe(0);
    expect((await ask(url(), 'GET', `/projects/${name}`, { token: member.token })).status).toBe(404);
    await button(page, 'Undo').click();
    await role.waitFor();
  });

  test('the last manager cannot step down or leave, and is told why', async () => {
    const manager = await newUser();
    const name = await start(manager);
    const page = await comeAs(manager);
    await open(page, name, '?view=members');
    await chooseRole(page, manager.name, 'Viewer');
    await button(page, 'Become viewer').click();
    await page.getByText('the last active manager').waitFor();
    await page.keyboard.press('Escape');
    expect(await roleOf(page, manager.name).textContent()).toBe('Manager');
    await button(page, 'Leave').click();
    await button(page, 'Leave project').click();
    await page.getByText('the last active manager').waitFor();
  });

  test('who leaves a project no longer sees its keys', async () => {
    const [manager, member] = [await newUser(), await newUser()];
    const name = await start(manager, { [member.name]: 'editor' });
    await addKey(manager, `${name}/SHARED`);
    const page = await comeAs(member);
    await open(page, name);
    await button(page, 'Leave').click();
    await button(page, 'Leave project').click();
    await toast(page, `You are no longer a member of ${name}.`);
    await heading(page, 'Projects').waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'API Keys' }).click();
    await page.getByText('No keys yet').waitFor();
  });

  test('a project with keys stays, an empty one is deleted after its name was typed', async () => {
    const manager = await newUser();
    const name = await start(manager);
    const key = `${name}/LAST`;
    await addKey(manager, key);
    const page = await comeAs(manager);
    await open(page, name);
    const remove = async () => {
      await page.locator('.project-settings').getByRole('button', { name: 'Delete' }).click();
      await field(page, 'Type the name to confirm').fill(name);
      await button(page, 'Delete project').click();
    };
    await remove();
    await page.getByText('still holds keys').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Members', { exact: true }).waitFor();
    await ask(url(), 'PUT', `/keys/${encodeURIComponent(key)}`, {
      token: manager.token,
      body: { key_name: fresh('OUT') },
    });
    await remove();
    await toast(page, `Deleted the project ${name}.`);
    await heading(page, 'Projects').waitFor();
    expect((await ask(url(), 'GET', `/projects/${name}`, { token: manager.token })).status).toBe(404);
  });

  test('a description is changed, and changed back', async () => {
    const manager = await newUser();
    const name = await start(manager);
    const page = await comeAs(manager);
    await open(page, name);
    await button(page, 'Description').click();
    await page.getByRole('dialog').getByLabel('Description').fill('another one');
    await button(page, 'Save').click();
    await page.getByText('another one', { exact: true }).waitFor();
    await button(page, 'Undo').click();
    await page.getByText('made by a test', { exact: true }).waitFor();
  });

  test('a taken name is said at the field, and only an admin may take over keys of others', async () => {
    const [owner, other] = [await newUser(), await newUser()];
    const name = fresh('taken');
    await addKey(owner, `${name}/THEIRS`);
    const page = await comeAs(other);
    await page.goto(`${url()}/#/projects`);
    await button(page, 'Start your first project').click();
    expect(await page.getByLabel('Take over keys of others').count()).toBe(0);
    await field(page, 'Name').fill(name);
    await button(page, 'Start project').click();
    await page.locator('.field-error').waitFor();

    const admins = await comeAs(admin());
    await admins.goto(`${url()}/#/projects`);
    await button(admins, 'New project').click();
    await field(admins, 'Name').fill(name);
    await admins.getByLabel('Take over keys of others').check();
    await button(admins, 'Start project').click();
    await keyRow(admins, `${name}/THEIRS`).waitFor();
  });

  test('what was typed for a new project is still there after the session has ended', async () => {
    const user = await newUser();
    const page = await comeAs(user);
    await page.goto(`${url()}/#/projects`);
    await button(page, 'Start your first project').click();
    await field(page, 'Name').fill('half_typed');
    await ask(url(), 'POST', '/auth/logout', { token: user.token });
    await button(page, 'Start project').click();
    await page.getByText('Your session has ended').waitFor();
    await page.getByLabel('Password').fill(user.password);
    await button(page, 'Sign in').click();
    await page.getByRole('dialog').waitFor();
    expect(await field(page, 'Name').inputValue()).toBe('half_typed');
  });

  test('a key that is added under the name of a project belongs to it', async () => {
    const manager = await newUser();
    const name = await start(manager);
    const page = await comeAs(manager);
    await addKeyByForm(page, `${name}/NEW`, 'x');
    await keyRow(page, `${name}/NEW`).locator('.cell-project', { hasText: name }).waitFor();
  });
});
