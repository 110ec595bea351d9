import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import {
  addKeyByForm,
  describeInBrowser,
  holdAnswers,
  keyPage,
  keyRow,
  openKey,
  paste,
  plainHost,
  toast,
  type VisitOptions,
} from './support/browser.ts';
import { browserKit } from './support/kit.ts';

/** How long a revealed value stays, and a copied one on the clipboard. */
const revealMs = 30_000;

async function openForm(page: Page) {
  await page.getByRole('button', { name: 'Add key' }).click();
  await page.getByRole('dialog').waitFor();
}
function nameField(page: Page) {
  return page.getByLabel('Name', { exact: true });
}
function valueField(page: Page) {
  return page.getByLabel('Value', { exact: true });
}
function searchField(page: Page) {
  return page.getByLabel('Search keys', { exact: true });
}
function revealed(page: Page) {
  return page.getByLabel('Revealed value');
}
function button(page: Page, name: string) {
  return page.getByRole('button', { name, exact: true });
}

describeInBrowser('API keys', () => {
  const { url, admin, fresh, newUser, addKey, comeAs } = browserKit();

  /** A key of the admin, and the page of the admin that shows it. */
  const showKey = async (options?: VisitOptions) => {
    const name = fresh('STRIPE');
    await addKey(admin(), name, 'sk_live_1', 'Payments');
    return { name, page: await comeAs(admin(), options) };
  };

  test('the empty list offers to add the first key, and a pasted NAME=value fills in both fields', async () => {
    const page = await comeAs(await newUser());
    await page.getByRole('heading', { name: 'No keys yet' }).waitFor();
    await button(page, 'Add your first key').click();
    await nameField(page).focus();
    const name = fresh('STRIPE');
    await paste(page, `export ${name}="sk_live_1"`);
    expect(await nameField(page).inputValue()).toBe(name);
    expect(await valueField(page).inputValue()).toBe('sk_live_1');
    await page.getByLabel('Description').fill('Payments');
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await toast(page, `Added ${name}.`);
    await keyRow(page, name).waitFor();
    expect(await page.content()).not.toContain('sk_live_1');
  });

  test('a taken name is an error at the name field, and the form keeps its contents', async () => {
    const { name, page } = await showKey();
    await addKeyByForm(page, name, 'another');
    await page
      .locator('.field', { has: nameField(page) })
      .locator('.field-error')
      .waitFor();
    expect(await nameField(page).getAttribute('aria-invalid')).toBe('true');
    expect(await valueField(page).inputValue()).toBe('another');
  });

  test('the value field is not remembered, warns of whitespace, generates values, and takes several lines', async () => {
    const page = await comeAs(admin());
    await openForm(page);
    const value = valueField(page);
    expect(await value.getAttribute('autocomplete')).toBe('off');
    expect(await value.getAttribute('spellcheck')).toBe('false');
    await value.fill(' padded\n');
    await button(page, 'Remove the space and the line break').click();
    expect(await value.inputValue()).toBe('padded');
    await page.getByText('Generate a random value').click();
    await page.getByLabel('Length', { exact: true }).fill('64');
    await page.getByLabel('Length', { exact: true }).blur();
    await button(page, 'Generate').click();
    expect(await value.inputValue()).toMatch(/^[A-Za-z0-9]{64}$/);
    const name = fresh('DEPLOY');
    await nameField(page).fill(name);
    await value.fill('-----BEGIN KEY-----\nb3BlbnNzaC1rZXk\n-----END KEY-----');
    await value.press('Control+Enter');
    await toast(page, `Added ${name}.`);
    await button(page, `Reveal ${name}`).click();
    expect(await revealed(page).textContent()).toContain('\nb3BlbnNzaC1rZXk\n');
  });

  test('a changed description can be undone; a new value replaces the old one', async () => {
    const { name, page } = await showKey();
    await button(page, `Edit ${name}`).click();
    await page.getByLabel('Description', { exact: true }).fill('Something else');
    await button(page, 'Save').click();
    await keyPage(page).getByText('Something else').waitFor();
    await button(page, 'Undo').click();
    await keyPage(page).getByText('Payments').waitFor();
    await button(page, 'Replace').click();
    await page.getByLabel('New value', { exact: true }).fill('sk_live_2');
    await button(page, 'Save').click();
    await toast(page, `Saved a new value for ${name}.`);
    await keyPage(page)
      .getByRole('button', { name: `Reveal ${name}` })
      .click();
    expect(await revealed(page).textContent()).toBe('sk_live_2');
  });

  test('a revealed value is hidden after 30 seconds, on blur, in a hidden tab, and on another page', async () => {
    const { name, page } = await showKey({ hasClock: true });
    const reveal = async () => {
      await button(page, `Reveal ${name}`).click();
      await revealed(page).waitFor();
    };
    const expectHidden = async () => {
      await button(page, `Reveal ${name}`).waitFor();
      expect(await page.content()).not.toContain('sk_live_1');
    };
    await reveal();
    // The page's clock also runs on its own.
    await page.clock.runFor(revealMs - 10_000);
    await revealed(page).waitFor();
    await page.clock.runFor(11_000);
    await expectHidden();

    await reveal();
    await page.evaluate(`dispatchEvent(new Event('blur'))`);
    await expectHidden();

    await reveal();
    await page.evaluate(`
      Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
      delete document.hidden;
    `);
    await expectHidden();

    await reveal();
    await page.getByRole('link', { name: 'Access Logs' }).click();
    await page.getByRole('heading', { name: 'Access Logs' }).waitFor();
    expect(await page.content()).not.toContain('sk_live_1');
  });

  test('a value that arrives after the window lost the focus is not shown', async () => {
    const { name, page } = await showKey();
    const held = await holdAnswers(page, ({ pathname }) => pathname === `/keys/${name}`);
    await button(page, `Reveal ${name}`).click();
    await page.evaluate(`dispatchEvent(new Event('blur'))`);
    const arrived = page.waitForResponse(`**/keys/${name}`);
    await expect.poll(() => held.length).toBe(1);
    held[0]?.();
    await (await arrived).finished();
    expect(await page.content()).not.toContain('sk_live_1');
  });

  test('while the vault takes its time, the button that was pressed says so, or the one of the row', async () => {
    const { name, page } = await showKey();
    const held = await holdAnswers(page, ({ pathname }) => pathname === `/keys/${name}`);
    const busy = () =>
      page.locator('[aria-busy="true"]').evaluateAll((found) => found.map(({ ariaLabel }) => ariaLabel));
    const press = async (begin: () => Promise<void>) => {
      const before = held.length;
      await begin();
      await expect.poll(() => held.length).toBe(before + 1);
      const found = await busy();
      held.at(-1)?.();
      await expect.poll(busy).toEqual([]);
      return found;
    };
    expect(await press(() => button(page, `Copy ${name}`).click())).toEqual([`Copy ${name}`]);
    expect(await press(() => button(page, `Reveal ${name}`).click())).toEqual([`Hide ${name}`]);
    await keyRow(page, name).focus();
    expect(await press(() => page.keyboard.press('c'))).toEqual([`Copy ${name}`]);
  });

  test('copying does not show the value, and clears the clipboard later unless it has changed', async () => {
    const { name, page } = await showKey({ hasClock: true, permissions: ['clipboard-read', 'clipboard-write'] });
    const clipboard = () => page.evaluate('navigator.clipboard.readText()');
    await button(page, `Copy ${name}`).click();
    await toast(page, `Copied ${name}.`);
    expect(await page.content()).not.toContain('sk_live_1');
    expect(await clipboard()).toBe('sk_live_1');
    expect(await page.locator('.toast-count').textContent()).toMatch(/^(30|2\d)$/);
    await button(page, 'Dismiss').click();
    await page.clock.runFor(revealMs + 1_000);
    await expect.poll(clipboard).toBe('');

    await button(page, `Copy ${name}`).click();
    await expect.poll(clipboard).toBe('sk_live_1');
    await page.evaluate(`navigator.clipboard.writeText('my own words')`);
    await page.clock.runFor(revealMs + 1_000);
    expect(await clipboard()).toBe('my own words');
  });

  test('over plain http, without the clipboard API, it copies too, and says that it cannot check the clipboard', async () => {
    const name = fresh('STRIPE');
    await addKey(admin(), name, 'sk_live_1');
    const page = await comeAs(admin(), { hasClock: true }, url().replace('127.0.0.1', plainHost));
    expect(await page.evaluate('[isSecureContext, typeof navigator.clipboard]')).toEqual([false, 'undefined']);
    await button(page, `Copy ${name}`).click();
    await toast(page, `Copied ${name}.`);
    await searchField(page).focus();
    await page.keyboard.press('Control+v');
    expect(await searchField(page).inputValue()).toBe('sk_live_1');
    await page.clock.runFor(revealMs + 1_000);
    await toast(page, 'may still be on the clipboard');
  });

  test('search and sort order are in the address and survive a reload', async () => {
    const user = await newUser();
    const [deploy, stripe] = [fresh('DEPLOY'), fresh('STRIPE')];
    await addKey(user, deploy, 'x');
    await addKey(user, stripe, 'x', 'Payments');
    const page = await comeAs(user);
    await button(page, 'Changed').click();
    await searchField(page).fill('pay');
    await keyRow(page, stripe).waitFor();
    expect(await keyRow(page, deploy).count()).toBe(0);
    await page.waitForURL(/#\/keys\?sort=-updated&q=pay/);
    await page.reload();
    await page.getByText('1 of 2').waitFor();
    await searchField(page).fill('nothing like that');
    await page.getByRole('heading', { name: 'No matching keys' }).waitFor();
    await button(page, 'Clear search').click();
    const names = () => page.locator('.grid-body .row-name').allInnerTexts();
    await expect.poll(names).toEqual([stripe, deploy]);
    await button(page, 'Name').click();
    await expect.poll(names).toEqual([deploy, stripe]);
    expect(await button(page, 'Created by').count()).toBe(0);
  });

  test('markup and odd characters in names and descriptions are shown as text', async () => {
    const hostile = [
      '<img src=x onerror=alert(1)>',
      '"><script>document.title="pwned"</script>',
      '__proto__',
      'constructor',
      'a/../b?c#d%2f+;e',
      '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🔑',
      `long-${'x'.repeat(240)}`,
    ];
    const user = await newUser();
    await Promise.all(hostile.map((name) => addKey(user, name, `value of ${name}`, `<b onclick=alert(1)>${name}</b>`)));
    const page = await comeAs(user);
    page.on('dialog', () => expect.unreachable('markup was run'));
    for (const name of hostile) {
      await searchField(page).fill(name);
      await keyRow(page, name).waitFor();
      await button(page, `Reveal ${name}`).click();
      await revealed(page).waitFor();
      expect(await revealed(page).textContent()).toBe(`value of ${name}`);
      const opened = await openKey(page, name);
      expect(await opened.getByRole('heading', { level: 2 }).textContent()).toBe(name);
      await opened.getByText(`<b onclick=alert(1)>${name}</b>`, { exact: true }).waitFor();
      await page.keyboard.press('Escape');
      await opened.waitFor({ state: 'detached' });
    }
    await page.goto(`${url()}/#/logs`);
    await page.locator('.log', { hasText: '<img src=x onerror=alert(1)>' }).first().waitFor();
    expect(await page.locator('main img, main script, main b').count()).toBe(0);
    expect(await page.title()).toBe('Access Logs · Keystore');
  });

  test('deleting a key moves it to the trash, and Undo brings it back', async () => {
    const { name, page } = await showKey();
    await button(page, `Delete ${name}`).click();
    await toast(page, `Moved ${name} to the trash.`);
    expect(await keyRow(page, name).count()).toBe(0);
    await button(page, 'Undo').click();
    await keyRow(page, name).waitFor();
    await button(page, `Delete ${name}`).click();
    await toast(page, `Moved ${name} to the trash.`);
    const listed = page.waitForResponse('**/keys');
    await page.reload();
    await (await listed).finished();
    await page.locator('.grid, .blank').waitFor();
    expect(await keyRow(page, name).count()).toBe(0);
  });

  test('revealing or copying a key that was deleted meanwhile reports an error, and the key leaves the list', async () => {
    const { name, page } = await showKey();
    const other = fresh('OTHER');
    await addKey(admin(), other);
    await page.reload();
    await keyRow(page, other).waitFor();
    for (const gone of [name, other]) await ask(url(), 'DELETE', `/keys/${gone}`, { token: admin().token });
    const reveal = button(page, `Reveal ${name}`);
    // The first of the two answers takes both off the list, so the second request goes out before it.
    const held = await holdAnswers(page, ({ pathname }) => pathname === `/keys/${name}`);
    await reveal.click();
    await expect.poll(() => held.length).toBe(1);
    await button(page, `Copy ${other}`).click();
    await toast(page, 'no such key');
    held[0]?.();
    await expect.poll(() => page.locator('.toast.bad').count()).toBe(2);
    for (const gone of [name, other]) await expect.poll(() => keyRow(page, gone).count()).toBe(0);
  });

  test('a user sees own keys only, but cannot take the name of another user’s key', async () => {
    const theirs = fresh('STRIPE');
    await addKey(admin(), theirs);
    const page = await comeAs(await newUser());
    await addKeyByForm(page, theirs, 'x');
    await page
      .locator('.field', { has: nameField(page) })
      .locator('.field-error')
      .waitFor();
    const own = fresh('OWN');
    await nameField(page).fill(own);
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await keyRow(page, own).waitFor();
    expect(await keyRow(page, theirs).count()).toBe(0);
  });

  test('admins see who created a key, sort by it, and see a key that they add while the list is loading', async () => {
    const { name, page } = await showKey();
    await keyRow(page, name).waitFor();
    await button(page, 'Created by').click();
    await page.waitForURL(/sort=owner/);
    const held = await holdAnswers(page, ({ pathname }) => pathname === '/keys');
    await page.getByRole('link', { name: 'Access Logs' }).click();
    await page.getByRole('link', { name: 'API Keys' }).click();
    await expect.poll(() => held.length).toBe(1);
    const added = fresh('MEANWHILE');
    await addKeyByForm(page, added, '1');
    await toast(page, `Added ${added}.`);
    await expect.poll(() => held.length).toBe(2);
    for (const pass of held) {
      const arrived = page.waitForResponse((response) => new URL(response.url()).pathname === '/keys');
      pass();
      await (await arrived).finished();
      await keyRow(page, added).waitFor();
    }
  });
});
