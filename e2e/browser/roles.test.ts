/**
 * What a team does, as each role does it and at three widths: a viewer, an editor and a manager of a project, and an admin. One table
 * says who may do what. Whoever may, does it; whoever may not, finds nothing to do it with.
 */
import type { Locator, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import {
  button,
  describeInBrowser,
  dialogs,
  field,
  heading,
  keyPage,
  keyRow,
  overflow,
  toast,
  unfold,
} from './support/browser.ts';
import { browserKit, type Person } from './support/kit.ts';

type Role = 'viewer' | 'editor' | 'manager' | 'admin';

const widths = { 1440: 900, 768: 1024, 360: 740 };
const everybody: Role[] = ['viewer', 'editor', 'manager', 'admin'];
const editors: Role[] = ['editor', 'manager', 'admin'];
const managers: Role[] = ['manager', 'admin'];

interface Here {
  page: Page;
  /** The project in which everybody has their role, and nobody changes anything but through their own keys. */
  project: string;
  /** A viewer of it. */
  guest: string;
  /** A key of it that only this role changes, at this width only. */
  key: string;
  /** The value of the key; an earlier version has `first value`. */
  value: string;
  may: boolean;
  goTo: (place: string) => Promise<void>;
}

interface Flow {
  who: Role[];
  /** Does it, or finds that it cannot be done. */
  run: (here: Here) => Promise<void>;
}

/** Whether something is there to do it with, once the page is there. */
async function offers({ page, may }: Here, name: string | RegExp, within = page.locator('body')): Promise<boolean> {
  expect(await within.getByRole('button', { name, exact: true }).count(), String(name)).toBe(may ? 1 : 0);
  return may;
}

async function openKeyOf({ page, key, goTo }: Here): Promise<void> {
  await goTo(`keys/${encodeURIComponent(key)}`);
  await page.getByRole('region', { name: `Key ${key}`, exact: true }).waitFor();
  await keyPage(page).getByText('for its role').waitFor();
}

/** They lie over the foot of a page. All at once: one by one, another could leave by itself while it is waited for. */
async function closeToasts(page: Page): Promise<void> {
  await page.evaluate(`document.querySelectorAll('.toast [aria-label="Dismiss"]').forEach((close) => close.click())`);
  await page.locator('.toast').first().waitFor({ state: 'detached' });
}

function inSheet(page: Page, name: string): Locator {
  return page.getByRole('dialog').getByRole('button', { name, exact: true });
}

const flows: Record<string, Flow> = {
  'searches the list and reveals the value under its row': {
    who: everybody,
    run: async ({ page, key, value, goTo }) => {
      await goTo('keys');
      await field(page, 'Search keys').fill(key);
      await page.getByText(/^1 of /).waitFor();
      await keyRow(page, key).hover();
      await button(page, `Reveal ${key}`).click();
      await page.getByText(value, { exact: true }).waitFor();
      await button(page, `Hide ${key}`).click();
    },
  },
  'copies a value without seeing it': {
    who: everybody,
    run: async ({ page, key, value, goTo }) => {
      await goTo(`keys?q=${encodeURIComponent(key)}`);
      await button(page, `Copy ${key}`).click();
      await toast(page, `Copied ${key}.`);
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(value);
    },
  },
  'finds a key in the palette and opens its page': {
    who: everybody,
    run: async ({ page, key, goTo }) => {
      await goTo('keys');
      await page.keyboard.press('Control+k');
      await page.keyboard.type(key);
      await page.getByRole('option', { name: key }).first().waitFor();
      await page.keyboard.press('Control+Enter');
      await page.getByRole('region', { name: `Key ${key}`, exact: true }).waitFor();
    },
  },
  'reads who has access, the versions, and how programs get the key': {
    who: everybody,
    run: async (here) => {
      const { page, key } = here;
      await openKeyOf(here);
      await unfold(page, 'Who has access');
      await keyPage(page).getByText('editor', { exact: false }).first().waitFor();
      await unfold(page, 'Versions');
      await keyPage(page).getByText('Version 1', { exact: true }).waitFor();
      await unfold(page, 'Use it');
      await keyPage(page)
        .getByText(key.split('/').at(-1) ?? '', { exact: false })
        .first()
        .waitFor();
    },
  },
  'replaces the value': {
    who: editors,
    run: async (here) => {
      const { page, key } = here;
      await openKeyOf(here);
      if (!(await offers(here, 'Replace'))) return;
      await button(page, 'Replace').click();
      await field(page, 'New value').fill('third value');
      await button(page, 'Save').click();
      await toast(page, `Saved a new value for ${key}.`);
    },
  },
  'describes the key': {
    who: editors,
    run: async (here) => {
      const { page } = here;
      await openKeyOf(here);
      const edit = 'Edit description, expiry and labels';
      if (!(await offers(here, edit))) return;
      await button(page, edit).click();
      await field(page, 'Description').fill('for its role, as it says now');
      await button(page, 'Save').click();
      await keyPage(page).getByText('as it says now').waitFor();
    },
  },
  'restores an earlier version': {
    who: editors,
    run: async (here) => {
      const { page } = here;
      await openKeyOf(here);
      await unfold(page, 'Versions');
      await keyPage(page).getByText('Version 1', { exact: true }).waitFor();
      if (!(await offers(here, 'Restore version 1'))) return;
      await button(page, 'Restore version 1').click();
      await toast(page, 'Version 1');
    },
  },
  'may erase a version for good': {
    who: managers,
    run: async (here) => {
      await openKeyOf(here);
      await unfold(here.page, 'Versions');
      await keyPage(here.page).getByText('Version 1', { exact: true }).waitFor();
      await offers(here, 'Erase version 1');
    },
  },
  'renames the key, and back': {
    who: editors,
    run: async (here) => {
      const { page, key } = here;
      await openKeyOf(here);
      if (!(await offers(here, 'Rename or move'))) return;
      for (const name of [`${key}_MOVED`, key]) {
        await closeToasts(page);
        await button(page, 'Rename or move').click();
        await field(page, 'New name').fill(name);
        await inSheet(page, 'Rename').click();
        await page.getByRole('region', { name: `Key ${name}`, exact: true }).waitFor();
        await expect.poll(() => dialogs(page)).toBe(0);
      }
    },
  },
  'deletes the key and brings it back from the trash': {
    who: editors,
    run: async (here) => {
      const { page, key, goTo } = here;
      await openKeyOf(here);
      if (await offers(here, 'Delete', keyPage(page))) {
        await keyPage(page).getByRole('button', { name: 'Delete', exact: true }).click();
        await toast(page, `Moved ${key} to the trash.`);
      }
      await goTo('trash');
      await heading(page, 'Trash').waitFor();
      const item = page.locator('.trash-item', { hasText: key });
      if (!here.may) return expect(await item.count()).toBe(0);
      await item.getByRole('button', { name: `Restore ${key}`, exact: true }).click();
      await expect.poll(() => item.count()).toBe(0);
    },
  },
  'adds a key to the project': {
    who: editors,
    run: async (here) => {
      const { page, key, project, goTo } = here;
      await goTo(`projects/${project}`);
      await keyRow(page, key).waitFor();
      if (!(await offers(here, 'Add key'))) return;
      await button(page, 'Add key').click();
      await field(page, 'Name').fill(`${key}_ADDED`);
      await field(page, 'Value').fill('AKIAIOSFODNN7EXAMPLE');
      await page.getByText('Looks like: AWS').waitFor();
      await inSheet(page, 'Add key').click();
      await keyRow(page, `${key}_ADDED`).waitFor();
    },
  },
  'fills a gap in the overview of environments': {
    who: editors,
    run: async (here) => {
      const { page, key, project, goTo } = here;
      await goTo(`projects/${project}?view=environments`);
      const [, , name = ''] = key.split('/');
      await page.getByRole('rowheader', { name, exact: true }).waitFor();
      const missing = `${project}/dev/${name}`;
      if (!(await offers(here, `Add ${missing}`))) return;
      await button(page, `Add ${missing}`).click();
      await field(page, 'Value').fill('a value for dev');
      await inSheet(page, 'Add key').click();
      await page.getByRole('button', { name: `${missing}, set` }).waitFor();
    },
  },
  'imports an .env file and takes it back': {
    who: editors,
    run: async (here) => {
      const { page, key, project, goTo } = here;
      await goTo(`projects/${project}`);
      await keyRow(page, key).waitFor();
      if (!(await offers(here, 'Import'))) return;
      const [, , name = ''] = key.split('/');
      await button(page, 'Import').click();
      await field(page, 'What to import').fill(`${name}_IMPORTED="1"\n${name}_TOO=2\n`);
      await field(page, 'Put them under').fill(`${project}/dev`);
      await inSheet(page, 'Check').click();
      await inSheet(page, 'Add 2').click();
      await toast(page, 'Added 2 keys.');
      await button(page, 'Undo').last().click();
      await expect.poll(() => keyRow(page, `${project}/dev/${name}_TOO`).count()).toBe(0);
    },
  },
  'selects keys, and may delete them together': {
    who: editors,
    run: async (here) => {
      const { page, key, goTo } = here;
      await goTo(`keys?q=${encodeURIComponent(key)}`);
      await keyRow(page, key).waitFor();
      const more = button(page, 'Sort, filter, select');
      if (await more.isVisible()) await more.click();
      await button(page, 'Select').click();
      await page.getByLabel(`Select ${key}`, { exact: true }).check();
      const bar = page.getByRole('region', { name: 'Selected keys' });
      await bar.getByRole('button', { name: 'Copy as .env' }).waitFor();
      const remove = bar.getByRole('button', { name: /trash|delete/i });
      expect((await remove.count()) === 1 && (await remove.isEnabled())).toBe(here.may);
      await bar.getByRole('button', { name: 'Done' }).click();
    },
  },
  'is told what needs care, and may replace it': {
    who: editors,
    run: async ({ page, project, goTo, may }) => {
      await goTo('care');
      const item = page.locator('.trash-item', { hasText: `${project}/prod/EXPIRED` });
      await item.getByText(/^expired /).waitFor();
      expect(await item.getByRole('button', { name: /^Replace/ }).count()).toBe(may ? 1 : 0);
    },
  },
  'says who is in the project': {
    who: managers,
    run: async (here) => {
      const { page, project, guest, goTo } = here;
      await goTo(`projects/${project}?view=members`);
      await page.getByRole('table', { name: 'Members' }).waitFor();
      await offers(here, 'Add member');
      await offers(here, new RegExp(`^Role of ${guest}`));
      await offers(here, `Remove ${guest}`);
      // Of the project itself; the page of a key is closed.
      await offers(here, 'Description');
      await offers(here, 'Delete');
    },
  },
  'makes a token for the project': {
    who: managers,
    run: async (here) => {
      const { page, project, goTo } = here;
      await goTo('tokens');
      await heading(page, 'Service tokens').waitFor();
      await page
        .getByRole('button', { name: /^(New token|Make your first token)$/ })
        .first()
        .click();
      await field(page, 'Name').waitFor();
      const choices = await field(page, 'Belongs to').locator('option', { hasText: project }).count();
      expect(choices).toBe(here.may ? 1 : 0);
      await page.keyboard.press('Escape');
      await expect.poll(() => dialogs(page)).toBe(0);
    },
  },
  'reads the log: of everybody, or what is one’s own': {
    who: ['admin'],
    run: async ({ page, goTo, may }) => {
      await goTo('logs');
      await heading(page, 'Access Logs').waitFor();
      await page
        .getByText(`All actions ${may ? 'in this vault' : 'of your account'}, including refused ones.`)
        .waitFor();
    },
  },
  'manages users': {
    who: ['admin'],
    run: async (here) => {
      const { page, goTo } = here;
      await goTo('users');
      await (here.may ? heading(page, 'Users') : page.getByText('Admins only')).first().waitFor();
      await offers(here, 'Add user');
    },
  },
};

describeInBrowser('what each role does', () => {
  const { url, admin, fresh, newUser, addKey, comeAs } = browserKit();
  const people = new Map<Role, Person>();
  let project: string;
  let guest: string;

  beforeAll(async () => {
    project = fresh('shop');
    const [viewer, editor, manager] = [await newUser(), await newUser(), await newUser()];
    guest = (await newUser()).name;
    for (const [role, person] of Object.entries({ viewer, editor, manager, admin: admin() }))
      people.set(role as Role, person);
    const { token } = manager;
    await ask(url(), 'POST', '/projects', { token, body: { name: project } });
    const members = { [viewer.name]: 'viewer', [editor.name]: 'editor', [guest]: 'viewer' };
    for (const [name, role] of Object.entries(members))
      await ask(url(), 'PUT', `/projects/${project}/members/${name}`, { token, body: { role } });
    await addKey(manager, `${project}/dev/SHARED`);
    const expired = { key_name: `${project}/prod/EXPIRED`, api_key: 'x', expires_at: '2020-01-01' };
    await ask(url(), 'POST', '/keys', { token, body: expired });
    for (const role of everybody) {
      for (const width of Object.keys(widths)) {
        const name = keyOf(role, width);
        await addKey(manager, name, 'first value', 'for its role');
        await ask(url(), 'PUT', `/keys/${encodeURIComponent(name)}`, { token, body: { api_key: `value of ${name}` } });
      }
    }
  });

  const keyOf = (role: Role, width: string) => `${project}/prod/${role.toUpperCase()}_${width}`;

  test.each(everybody)('%s, at three widths', { timeout: 300_000 }, async (role) => {
    const page = await comeAs(people.get(role) as Person, { permissions: ['clipboard-read', 'clipboard-write'] });
    const goTo = async (place: string) => {
      await page.goto(`${url()}/#/${place}`);
    };
    for (const [width, height] of Object.entries(widths)) {
      await page.setViewportSize({ width: Number(width), height });
      const key = keyOf(role, width);
      for (const [name, { who, run }] of Object.entries(flows)) {
        const here = { page, project, guest, key, value: `value of ${key}`, may: who.includes(role), goTo };
        await run(here).catch((error: Error) => {
          error.message = `${name}, ${width} px: ${error.message}`;
          throw error;
        });
        expect(await overflow(page), `${name}, ${width} px`).toBe(0);
        await closeToasts(page);
      }
      // The next width begins with nothing open.
      await goTo('about');
      await heading(page, 'About').waitFor();
    }
  });
});
