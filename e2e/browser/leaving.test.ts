/** What happens to a page when its user leaves, the vault goes away, or another tab does something. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { ask, signIn } from '../../testing/vault.ts';
import { addKeyByForm, describeInBrowser, keyRow, plainHost, signInAs, toast } from './support/browser.ts';
import { browserKit, type Person } from './support/kit.ts';

const readsClipboard = { permissions: ['clipboard-read', 'clipboard-write'] };
const value = 'sk_live_1';

function button(page: Page, name: string) {
  return page.getByRole('button', { name, exact: true });
}
function clipboard(page: Page) {
  return page.evaluate<string>('navigator.clipboard.readText()');
}

describeInBrowser('leaving', () => {
  const { url, admin, fresh, newUser, addKey, comeAs } = browserKit();

  /** The user's page with a key whose value is on the clipboard, and a page of another browser profile that reads the clipboard. */
  const copyKey = async (options: { permissions?: string[] }, at = url()) => {
    const user = await newUser();
    const key = fresh('COPIED');
    await addKey(user, key, value);
    const reader = await comeAs(user, readsClipboard);
    const page = await comeAs(user, options, at);
    await page.bringToFront();
    await button(page, `Copy ${key}`).click();
    await toast(page, `Copied ${key}.`);
    const read = async () => {
      await reader.bringToFront();
      return clipboard(reader);
    };
    return { user, key, page, read };
  };

  describe('a copied value leaves the clipboard', () => {
    const ways: Record<string, (page: Page) => Promise<unknown>> = {
      'sign-out': async (page) => {
        await button(page, 'Sign out').click();
        await page.getByLabel('User name').waitFor();
        await toast(page, 'Clipboard cleared.');
      },
      'a reload': (page) => page.reload(),
      'another page': (page) => page.goto(`${url()}/health/live`),
      'closing the tab': (page) => page.close({ runBeforeUnload: true }),
    };
    for (const [may, options] of Object.entries({ may: readsClipboard, 'may not': {} })) {
      test.each(Object.keys(ways))(`with %s, in a browser where the page ${may} read the clipboard`, async (way) => {
        const { page, read } = await copyKey(options);
        await ways[way]?.(page);
        await expect.poll(read).toBe('');
      });
    }

    test('with sign-out over plain http', async () => {
      const { page, read } = await copyKey({}, url().replace('127.0.0.1', plainHost));
      await ways['sign-out']?.(page);
      expect(await read()).toBe('');
    });

    test('when an answer says that the session has ended', async () => {
      const { user, page, read } = await copyKey(readsClipboard);
      await endSessions(user);
      await page.getByRole('link', { name: 'Access Logs' }).click();
      await page.getByText('Your session has ended.').waitFor();
      await toast(page, 'Clipboard cleared.');
      expect(await read()).toBe('');
    });

    test.each(['sign-out', 'a reload'])('but not with %s if something else is on it', async (way) => {
      const { page, read } = await copyKey(readsClipboard);
      // A change is reported a moment late. Chromium without that event needs no more than the moment.
      await page.evaluate(`new Promise((heard) => {
        navigator.clipboard.addEventListener('clipboardchange', heard, { once: true });
        navigator.clipboard.writeText('my own words').then(() => setTimeout(heard, 1_000));
      })`);
      if (way === 'a reload') await page.reload();
      else await button(page, 'Sign out').click();
      await page.locator(way === 'a reload' ? '.grid' : '.entrance').waitFor();
      expect(await read()).toBe('my own words');
    });

    test('but is left alone, and reported, if the page lost the focus and may not look', async () => {
      const { page, read } = await copyKey({});
      await page.evaluate(`dispatchEvent(new Event('blur'))`);
      await button(page, 'Sign out').click();
      await toast(page, 'The copied value may still be on the clipboard');
      expect(await read()).toBe(value);
    });

    test('and is never stored', async () => {
      const { page } = await copyKey(readsClipboard);
      const stored = await page.evaluate(
        '[{ ...localStorage }, sessionStorage.length, document.cookie, name, history.state]',
      );
      expect(stored).toEqual([{ 'keystore-signed-in': '' }, 0, '', '', null]);
    });
  });

  const endSessions = async ({ name, password }: Person) => {
    const token = await signIn(url(), name, password);
    const { body } = await ask<{ sessions: { id: string; is_current: boolean }[] }>(url(), 'GET', '/auth/sessions', {
      token,
    });
    for (const { id, is_current } of body.sessions) {
      if (!is_current) await ask(url(), 'DELETE', `/auth/sessions/${id}`, { token });
    }
  };

  describe('while the vault cannot be reached', () => {
    const goAway = (page: Page) => page.context().setOffline(true);
    const comeBack = (page: Page) => page.context().setOffline(false);
    /** A vault that is being restarted behind a proxy. */
    const stumble = (page: Page) =>
      page.route(
        ({ pathname }) => /^\/(keys|users|logs|auth|health)/.test(pathname),
        (route) => route.fulfill({ status: 503, json: { error: 'The vault is starting.' } }),
      );

    test.each([
      ['keys', 'API Keys', '.grid-body [role="row"]'],
      ['users', 'Users', '.users .table-row'],
      ['logs', 'Access Logs', '.log'],
      ['account', 'Account', '.session'],
      ['about', 'About', '.pairs'],
    ])(
      'the %s that were loaded stay, the page says from when, and comes back by itself',
      async (hash, heading, item) => {
        await addKey(admin(), fresh('LISTED'));
        const page = await comeAs(admin(), { hasClock: true });
        await page.goto(`${url()}/#/${hash}`);
        await page.getByRole('heading', { name: heading }).waitFor();
        await page.locator(item).first().waitFor();
        await goAway(page);
        const [other, otherHeading] = hash === 'about' ? ['keys', 'API Keys'] : ['about', 'About'];
        await page.goto(`${url()}/#/${other}`);
        // Two changes of the address within one frame would show, and load, nothing new.
        await page.getByRole('heading', { name: otherHeading }).waitFor();
        await page.goto(`${url()}/#/${hash}`);
        await page.getByText(/Showing what was loaded at .*\. Offline; trying again\./).waitFor();
        expect(await page.locator(item).count()).toBeGreaterThan(0);
        await comeBack(page);
        await expect.poll(() => page.locator('.stale').count()).toBe(0);
        expect(await page.locator(item).count()).toBeGreaterThan(0);
      },
    );

    test('it is asked again and again, ever more rarely, also where nothing was loaded', async () => {
      const page = await comeAs(admin(), { hasClock: true });
      await stumble(page);
      await page.getByRole('link', { name: 'Access Logs' }).click();
      await page.getByRole('heading', { name: 'Could not load the access log' }).waitFor();
      await page.unrouteAll();
      await page.clock.runFor(3_000);
      await page.locator('.log').first().waitFor();
      await stumble(page);
      await button(page, 'Refresh').click();
      await page.getByText('The vault cannot answer now; trying again.').waitFor();
      let asked = 0;
      page.on('request', (request) => {
        if (new URL(request.url()).pathname === '/logs') asked += 1;
      });
      for (let second = 0; second < 120; second += 1) await page.clock.runFor(1_000);
      expect(asked).toBeGreaterThanOrEqual(4);
      expect(asked).toBeLessThanOrEqual(9);
    });

    test('a page that opens meanwhile comes in by itself', async () => {
      const page = await comeAs(admin(), { hasClock: true });
      await stumble(page);
      await page.reload();
      await page.getByRole('heading', { name: 'Cannot reach the vault' }).waitFor();
      await page.unrouteAll();
      await page.clock.runFor(3_000);
      await page.getByRole('heading', { name: 'API Keys' }).waitFor();
    });

    test('a list that the user may no longer see does not stay', async () => {
      const user = await newUser();
      const { body } = await ask<{ users: { id: number; username: string }[] }>(url(), 'GET', '/users', admin());
      const id = body.users.find(({ username }) => username === user.name)?.id;
      await ask(url(), 'PUT', `/users/${id}`, { token: admin().token, body: { role: 'admin' } });
      const token = await signIn(url(), user.name, user.password);
      const page = await comeAs({ ...user, token });
      await page.goto(`${url()}/#/users`);
      await page.locator('.users').waitFor();
      await ask(url(), 'PUT', `/users/${id}`, { token: admin().token, body: { role: 'user' } });
      await page.goto(`${url()}/#/about`);
      await page.getByRole('heading', { name: 'About' }).waitFor();
      await page.goto(`${url()}/#/users`);
      await page.getByRole('heading', { name: 'Admins only' }).waitFor();
      expect(await page.locator('.users').count()).toBe(0);
    });
  });

  describe('two tabs', () => {
    const twoTabs = async (person: Person) => {
      const page = await comeAs(person);
      const other = await page.context().newPage();
      await other.goto(`${url()}/`);
      await other.getByRole('heading', { name: 'API Keys' }).waitFor();
      return { page, other };
    };

    test('show what is added, changed and deleted in one of them', async () => {
      const { page, other } = await twoTabs(await newUser());
      const key = fresh('SHARED');
      await addKeyByForm(page, key, 'x');
      await keyRow(other, key).waitFor();
      await button(other, `Edit ${key}`).click();
      await other.getByLabel('Description', { exact: true }).fill('from the other tab');
      await button(other, 'Save').click();
      await keyRow(page, key).getByText('from the other tab').waitFor();
      await button(page, `Delete ${key}`).click();
      await expect.poll(() => keyRow(other, key).count()).toBe(0);
    });

    test('show the same users and sessions', async () => {
      const { page, other } = await twoTabs(admin());
      const user = await newUser();
      for (const tab of [page, other]) await tab.goto(`${url()}/#/users`);
      const active = (tab: Page) => tab.getByRole('switch', { name: `${user.name} is active` });
      await active(other).waitFor();
      await active(page).click();
      await expect.poll(() => active(other).getAttribute('aria-checked')).toBe('false');

      await signIn(url(), admin().name, admin().password);
      for (const tab of [page, other]) await tab.goto(`${url()}/#/account`);
      await page.locator('.session').nth(1).waitFor();
      await expect.poll(() => other.locator('.session').count()).toBeGreaterThan(1);
      const before = await other.locator('.session').count();
      await button(page, 'End').first().click();
      await button(page, 'End session').click();
      await expect.poll(() => other.locator('.session').count()).toBe(before - 1);
    });

    test('have one theme', async () => {
      const { page, other } = await twoTabs(admin());
      await page.goto(`${url()}/#/account`);
      await page.getByRole('radio', { name: 'Dark' }).check();
      await expect.poll(() => other.evaluate('document.documentElement.dataset.theme')).toBe('dark');
      await other.goto(`${url()}/#/account`);
      expect(await other.getByRole('radio', { name: 'Dark' }).isChecked()).toBe(true);
    });

    test('are both signed out by a sign-out in one, also with a form open, and show nothing of the user', async () => {
      const user = await newUser();
      const key = fresh('THEIRS');
      await addKey(user, key);
      const { page, other } = await twoTabs(user);
      await button(other, 'Add key').click();
      await other.getByLabel('Value', { exact: true }).fill('half typed');
      await button(page, 'Sign out').click();
      await other.getByLabel('User name').waitFor();
      expect(await other.content()).not.toContain(key);
      expect(await other.getByRole('dialog').count()).toBe(0);
    });

    test('show the user who signed in last, and nothing of the one before', async () => {
      const user = await newUser();
      const key = fresh('THEIRS');
      await addKey(user, key);
      const { page, other } = await twoTabs(user);
      await keyRow(other, key).waitFor();
      // A sign-in without a sign-out, as another window of the same browser can do it.
      const second = await newUser();
      const key2 = fresh('SECOND');
      await addKey(second, key2);
      await endSessions(user);
      await page.reload();
      await page.getByLabel('User name').waitFor();
      await signInAs(page, second.name, second.password);
      await keyRow(other, key2).waitFor();
      expect(await other.content()).not.toContain(key);
      expect(await other.content()).not.toContain(user.name);
    });

    test('send each other no values', async () => {
      const { page, other } = await twoTabs(await newUser());
      await other.evaluate(`
        globalThis.heard = [];
        new BroadcastChannel('keystore /').onmessage = ({ data }) => heard.push(data);
      `);
      const key = fresh('SHARED');
      await addKeyByForm(page, key, value);
      await button(page, `Copy ${key}`).click();
      await button(page, `Reveal ${key}`).click();
      await page.getByLabel('Revealed value').waitFor();
      await button(page, 'Sign out').click();
      await page.getByLabel('User name').waitFor();
      await expect
        .poll(() => other.evaluate('heard'))
        .toEqual([
          { kind: 'changed', topic: 'keys' },
          { kind: 'session', user: null },
        ]);
    });
  });
});
