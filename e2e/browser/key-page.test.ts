/** The page of a key: how one gets there and back, what it shows, and what each role finds on it. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import {
  button,
  describeInBrowser,
  field,
  focused,
  heading,
  keyPage,
  keyRow,
  openKey,
  overflow,
  toast,
  unfold,
} from './support/browser.ts';
import { browserKit, type Person } from './support/kit.ts';

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const tablet = { viewport: { width: 768, height: 1024 } };
const laptop = { viewport: { width: 1440, height: 900 } };
const readsClipboard = { permissions: ['clipboard-read', 'clipboard-write'] };

describeInBrowser('the page of a key', () => {
  const { url, admin, fresh, newUser, addKey, comeAs } = browserKit();
  const shared = 'shop/prod/STRIPE_SECRET_KEY';
  let manager: Person;
  let editor: Person;
  let viewer: Person;

  const send = (who: Person, method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object) =>
    ask(url(), method, path, { token: who.token, ...(body && { body }) });
  const at = (name: string) => `/keys/${encodeURIComponent(name)}`;
  /** How many entries of an action the log has about a key. */
  const logged = async (action: string, name: string) => {
    const { body } = await ask(url(), 'GET', `/logs?action=${action}&key_name=${encodeURIComponent(name)}`, {
      token: admin().token,
    });
    return (body as unknown as { logs: unknown[] }).logs.length;
  };
  const goTo = async (page: Page, name: string) => {
    await page.goto(`${url()}/#/keys/${encodeURIComponent(name)}`);
    await page.getByRole('region', { name: `Key ${name}` }).waitFor();
  };
  const width = async (page: Page, selector: string) => (await page.locator(selector).boundingBox())?.width ?? 0;

  beforeAll(async () => {
    [manager, editor, viewer] = [await newUser(), await newUser(), await newUser()];
    await send(manager, 'POST', '/projects', { name: 'shop' });
    await send(manager, 'PUT', `/projects/shop/members/${editor.name}`, { role: 'editor' });
    await send(manager, 'PUT', `/projects/shop/members/${viewer.name}`, { role: 'viewer' });
    for (const name of [shared, 'shop/dev/STRIPE_SECRET_KEY']) await addKey(manager, name, 'sk_one', 'Payments');
    await send(editor, 'PUT', at(shared), { api_key: 'sk_two' });
    await send(manager, 'POST', '/tokens', { name: 'ci', project: 'shop', access: 'read', scopes: ['shop/prod/*'] });
    await send(manager, 'POST', '/tokens', { name: 'dev', project: 'shop', access: 'read', scopes: ['shop/dev/*'] });
  });

  describe('the ways to it and back', () => {
    test('a click anywhere on a row opens it beside the list, and the rows stay where they are', async () => {
      const page = await comeAs(manager, laptop);
      const before = await keyRow(page, shared).boundingBox();
      await keyRow(page, shared).click({ position: { x: 420, y: 22 } });
      await page.getByRole('region', { name: `Key ${shared}` }).waitFor();
      expect(page.url()).toContain(`#/keys/${encodeURIComponent(shared)}`);
      expect(await keyRow(page, shared).boundingBox()).toMatchObject({ y: before?.y, height: before?.height });
      expect(await page.title()).toBe(`${shared} · Keystore`);
      expect(await focused(page)).toBe(shared);
      expect((await width(page, '.key-page')) + (await width(page, '.beside-key'))).toBeLessThan(1200);
      await page.keyboard.press('Escape');
      await expect.poll(() => keyPage(page).count()).toBe(0);
      await expect.poll(() => focused(page)).toContain(shared);
      expect(page.url()).toBe(`${url()}/#/keys`);
    });

    test('a name is a link that can be sent, and leads there after signing in', async () => {
      const page = await comeAs(manager, readsClipboard);
      await openKey(page, shared);
      await button(page, 'Copy a link to this page').click();
      await toast(page, 'Copied the link.');
      const link = await page.evaluate<string>('navigator.clipboard.readText()');
      expect(link).toBe(`${url()}/#/keys/${encodeURIComponent(shared)}`);
      const href = await page.getByRole('link', { name: shared, exact: true }).getAttribute('href');
      expect(new URL(href ?? '', url()).hash).toBe(new URL(link).hash);
      await page.context().clearCookies();
      await page.goto('about:blank');
      await page.goto(link);
      await field(page, 'User name').fill(viewer.name);
      await field(page, 'Password').fill(viewer.password);
      await button(page, 'Sign in').click();
      await page.getByRole('region', { name: `Key ${shared}` }).waitFor();
    });

    test('Back closes it, also after several keys, and does not stop at what was closed in another way', async () => {
      const page = await comeAs(manager);
      await page.getByRole('link', { name: 'Trash' }).click();
      await heading(page, 'Trash').waitFor();
      await page.getByRole('link', { name: 'API Keys' }).click();
      await openKey(page, shared);
      await openKey(page, 'shop/dev/STRIPE_SECRET_KEY');
      await page.goBack();
      await expect.poll(() => keyPage(page).count()).toBe(0);
      expect(page.url()).toBe(`${url()}/#/keys`);
      await page.goForward();
      await page.getByRole('region', { name: 'Key shop/dev/STRIPE_SECRET_KEY' }).waitFor();
      await page.goBack();
      await openKey(page, shared);
      await button(page, 'Close').click();
      await expect.poll(() => keyPage(page).count()).toBe(0);
      await page.goBack();
      await heading(page, 'Trash').waitFor();
    });

    test('the list beside it keeps its search, and the page of a project its keys', async () => {
      const page = await comeAs(manager);
      await page.getByLabel('Search keys', { exact: true }).fill('prod stripe');
      await page.getByText(/^1 of/).waitFor();
      await openKey(page, shared);
      expect(await page.getByLabel('Search keys', { exact: true }).inputValue()).toBe('prod stripe');
      await page.reload();
      await page.getByRole('region', { name: `Key ${shared}` }).waitFor();
      expect(await page.getByLabel('Search keys', { exact: true }).inputValue()).toBe('prod stripe');

      await page.goto(`${url()}/#/projects/shop`);
      await openKey(page, shared);
      await heading(page, 'shop').waitFor();
      expect(page.url()).toContain('#/projects/shop?key=');
      await page.goBack();
      await expect.poll(() => keyPage(page).count()).toBe(0);
      await heading(page, 'shop').waitFor();
    });

    test.each([
      ['a phone', phone],
      ['a tablet', tablet],
    ])('on %s it takes the place of the list, which is where it was afterwards', async (_, options) => {
      const owner = await newUser();
      const names = Array.from({ length: 40 }, () => fresh('LONG_LIST'));
      for (const name of names) await addKey(owner, name);
      const page = await comeAs(owner, options);
      const name = names[23] ?? '';
      await page.getByRole('row').first().waitFor();
      await page.evaluate('scrollTo(0, 900)');
      await keyRow(page, name).waitFor();
      await page.evaluate('new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))');
      const scrolled = await page.evaluate<number>('scrollY');
      expect(scrolled).toBeGreaterThan(300);
      await keyRow(page, name).click({ position: { x: 250, y: 30 } });
      await page.getByRole('region', { name: `Key ${name}` }).waitFor();
      expect(await page.locator('.beside-key').isVisible()).toBe(false);
      expect(await page.evaluate('scrollY')).toBe(0);
      expect(await overflow(page)).toBe(0);
      await button(page, 'Back to the list').click();
      await expect.poll(() => page.evaluate('scrollY')).toBe(scrolled);
      await expect.poll(() => focused(page)).toContain(name);
      await openKey(page, name);
      await page.goBack();
      await expect.poll(() => page.evaluate('scrollY')).toBe(scrolled);
    });

    test('a key that is not there, or not theirs, looks the same', async () => {
      const name = fresh('NOT_THEIRS');
      await addKey(manager, name);
      const page = await comeAs(viewer);
      const texts: string[] = [];
      for (const missing of ['nowhere', name]) {
        await goTo(page, missing);
        await heading(page, 'No such key').waitFor();
        texts.push(((await keyPage(page).textContent()) ?? '').replace(missing, ''));
      }
      expect(texts[0]).toBe(texts[1]);
      await button(page, 'Show the list').click();
      await expect.poll(() => keyPage(page).count()).toBe(0);
      await keyRow(page, shared).waitFor();
    });
  });

  describe('what it shows', () => {
    test('nothing of it is asked of the vault before it is unfolded', async () => {
      const page = await comeAs(manager);
      const before = await Promise.all([logged('view_key', shared), logged('list_versions', shared)]);
      const asked: string[] = [];
      page.on('request', (request) => {
        if (request.resourceType() === 'fetch') asked.push(request.url());
      });
      await openKey(page, shared);
      await page.getByText('Who has access').waitFor();
      await page.waitForTimeout(300);
      expect(asked).toEqual([]);
      expect(await Promise.all([logged('view_key', shared), logged('list_versions', shared)])).toEqual(before);
    });

    test('two versions are compared, with what differs marked, and hidden when the window is left', async () => {
      const page = await comeAs(manager);
      await openKey(page, shared);
      await unfold(page, 'Versions');
      const before = await logged('view_key', shared);
      await button(page, 'Compare version 1 with the current one').click();
      const sides = keyPage(page).locator('.compare .value-text');
      await expect.poll(() => sides.allTextContents()).toEqual(['sk_one', 'sk_two']);
      expect(await keyPage(page).locator('.compare mark').allTextContents()).toEqual(['one', 'two']);
      expect(await logged('view_key', shared)).toBe(before + 2);
      await page.evaluate(`dispatchEvent(new Event('blur'))`);
      await expect.poll(() => sides.count()).toBe(0);
      expect(await page.content()).not.toContain('sk_one');
    });

    /** The lines of an unfolded part. */
    const linesOf = async (page: Page, count: number) => {
      const lines = keyPage(page).locator('.access-line');
      await expect.poll(() => lines.count()).toBe(count);
      return (await lines.allInnerTexts()).map((line) => line.replace(/\s+/g, ' ').trim()).toSorted();
    };

    test('who could read it and why: for a manager by the word of the vault, with its tokens; a viewer knows the members', async () => {
      const page = await comeAs(manager);
      await openKey(page, shared);
      await unfold(page, 'Who has access');
      const members = [
        `${manager.name} manager of shop`,
        `${editor.name} editor of shop`,
        `${viewer.name} viewer of shop`,
      ];
      const told = [...members, 'admin admin, reaches every key', 'Token ci read, of the project shop, by its scopes'];
      expect(await linesOf(page, 5)).toEqual(told.toSorted());
      const theirs = await comeAs(viewer);
      await openKey(theirs, shared);
      await unfold(theirs, 'Who has access');
      expect(await linesOf(theirs, 4)).toEqual([...members, 'Admins reach every key'].toSorted());
    });

    test('who has seen it, for those who manage it: how, how often, and which value', async () => {
      const name = 'shop/seen/KEY';
      await addKey(manager, name);
      for (const via of ['reveal', 'reveal', 'copy'])
        await fetch(`${url()}${at(name)}`, {
          headers: { Authorization: `Bearer ${viewer.token}`, 'Keystore-Via': via },
        });
      await send(manager, 'PUT', at(name), { api_key: 'another' });
      await ask(url(), 'GET', at(name), { token: editor.token });
      const page = await comeAs(manager);
      await openKey(page, name);
      await unfold(page, 'Who has seen it');
      expect(await linesOf(page, 3)).toEqual(
        [
          `${manager.name} stored or changed it`,
          `${editor.name} read by a program once, last just now`,
          `${viewer.name} revealed 2 times, copied once, last just now, an earlier value`,
        ].toSorted(),
      );
      const theirs = await comeAs(editor);
      await openKey(theirs, name);
      await theirs.getByText('Who has access').waitFor();
      expect(await theirs.getByText('Who has seen it').count()).toBe(0);
    });

    test('what happened to it, and nothing of keys whose names are longer', async () => {
      await addKey(manager, `${shared}_2`);
      await send(manager, 'PUT', at(`${shared}_2`), { description: 'another' });
      const page = await comeAs(admin());
      await goTo(page, shared);
      await unfold(page, 'Activity');
      await keyPage(page).getByText(`${editor.name} changed ${shared}`).waitFor();
      expect(await keyPage(page).getByText(`${shared}_2`).count()).toBe(0);
      await page.getByRole('link', { name: 'All in the access log' }).click();
      await heading(page, 'Access Logs').waitFor();
      await page
        .locator('.log', { hasText: `${shared}_2` })
        .first()
        .waitFor();
    });

    test('a user sees in its activity what they did, and no one else', async () => {
      await ask(url(), 'GET', at(shared), { token: viewer.token });
      const page = await comeAs(viewer);
      await openKey(page, shared);
      await unfold(page, 'Activity');
      await keyPage(page).getByText(`${viewer.name} viewed ${shared}`).waitFor();
      expect(await keyPage(page).getByText(editor.name).count()).toBe(0);
    });

    test('examples have the address of this vault and the name, and only the .env line has the value', async () => {
      const page = await comeAs(editor, readsClipboard);
      await openKey(page, shared);
      await unfold(page, 'Use it');
      const code = () => keyPage(page).locator('.snippet').textContent();
      const path = `${url()}/keys/shop%2Fprod%2FSTRIPE_SECRET_KEY`;
      for (const kind of ['curl', 'Node', 'Python', 'GitHub Actions']) {
        await page.getByLabel(kind, { exact: true }).check({ force: true });
        await expect.poll(code).toContain(path);
      }
      await page.getByLabel('keystore run', { exact: true }).check({ force: true });
      await expect.poll(code).toContain(`export KEYSTORE_URL=${url()}\nkeystore run ${shared} -- `);
      await button(page, 'Copy example').click();
      await toast(page, 'Copied the example for keystore run.');
      const clipboard = () => page.evaluate<string>('navigator.clipboard.readText()');
      expect(await clipboard()).toBe(await code());
      await page.getByLabel('.env', { exact: true }).check({ force: true });
      expect(await page.content()).not.toContain('sk_two');
      await button(page, 'Copy example').click();
      await toast(page, `Copied ${shared} as .env.`);
      expect(await clipboard()).toBe('STRIPE_SECRET_KEY=sk_two\n');
    });
  });

  describe('what each role finds on it', () => {
    const changes = ['Replace', 'Edit description, expiry and labels', 'Rename or move', 'Delete', 'Hand over'];
    const offered = async (page: Page) => {
      const counts = await Promise.all(
        changes.map((name) => keyPage(page).getByRole('button', { name, exact: true }).count()),
      );
      return changes.filter((_, index) => (counts[index] ?? 0) > 0);
    };

    test.each<[string, () => Person, string[], string[]]>([
      ['a viewer', () => viewer, [], []],
      ['an editor', () => editor, changes.slice(0, 4), ['Restore version 1']],
      ['a manager', () => manager, changes.slice(0, 4), ['Restore version 1', 'Erase version 1']],
      ['an admin', admin, changes.slice(0, 4), ['Restore version 1', 'Erase version 1']],
    ])('%s, at every width', async (_, who, expected, ofVersions) => {
      for (const options of [laptop, tablet, phone]) {
        const page = await comeAs(who(), options);
        await goTo(page, shared);
        await keyPage(page).getByText('Payments').waitFor();
        expect(await offered(page)).toEqual(expected);
        await unfold(page, 'Versions');
        await page.getByText('Version 1').waitFor();
        const names = await page.evaluate(
          `[...document.querySelectorAll('.version-actions button')].map((one) => one.ariaLabel)`,
        );
        expect(names).toEqual(['Compare version 1 with the current one', ...ofVersions]);
        expect(await overflow(page)).toBe(0);
      }
    });

    test('an admin hands over a personal key of somebody else', async () => {
      const name = fresh('A_PERSONAL');
      await addKey(viewer, name);
      const page = await comeAs(admin());
      await goTo(page, name);
      await button(page, 'Hand over').waitFor();
      expect(await offered(page)).toEqual(changes);
      await send(admin(), 'PUT', at(name), { owner: editor.name });
      await page.reload();
      await keyPage(page).getByText(`Belongs to${editor.name}`).waitFor();
      await keyRow(page, name)
        .locator('.cell-project', { hasText: `of ${editor.name}` })
        .waitFor({ state: 'attached' });
    });
  });

  test('a renamed key stays open under its new name, and a deleted one gives way to the list', async () => {
    const owner = await newUser();
    const [name, to] = [fresh('OLD'), fresh('NEW')];
    await addKey(owner, name);
    const page = await comeAs(owner);
    await openKey(page, name);
    await button(page, 'Rename or move').click();
    await field(page, 'New name').fill(to);
    await button(page, 'Rename').click();
    await page.getByRole('region', { name: `Key ${to}` }).waitFor();
    expect(page.url()).toBe(`${url()}/#/keys/${to}`);
    await keyPage(page).getByRole('button', { name: 'Delete' }).click();
    await toast(page, `Moved ${to} to the trash.`);
    await expect.poll(() => keyPage(page).count()).toBe(0);
    expect(page.url()).toBe(`${url()}/#/keys`);
    await button(page, 'Undo').last().click();
    await keyRow(page, to).waitFor();
  });

  test('nothing moves while it opens, and while a value is shown', async () => {
    const page = await comeAs(manager, laptop);
    await keyRow(page, shared).waitFor();
    await page.waitForTimeout(500);
    await page.evaluate(`{
      globalThis.shifts = [];
      new PerformanceObserver((list) => shifts.push(...list.getEntries().map(({ value }) => value)))
        .observe({ type: 'layout-shift' });
    }`);
    // Not by a click, after which browsers excuse what moves.
    await page.evaluate(`location.hash = '#/keys/${encodeURIComponent(shared)}'`);
    await page.getByRole('region', { name: `Key ${shared}` }).waitFor();
    await page.waitForTimeout(300);
    const rows = await keyRow(page, shared).boundingBox();
    expect(rows?.height).toBe(44);
    const moved = await page.evaluate<number>('shifts.reduce((sum, value) => sum + value, 0)');
    expect(moved).toBeLessThan(0.1);
  });
});
