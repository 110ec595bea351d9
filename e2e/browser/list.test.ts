/** The list of keys: how much of it is seen at once, what a row offers, and values under their rows. */
import type { Locator, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import { button, describeInBrowser, keyRow, overflow } from './support/browser.ts';
import { browserKit } from './support/kit.ts';

const longValue = `sk_live_${'0123456789'.repeat(60)}`;
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

describeInBrowser('the list of keys', () => {
  const { url, admin, fresh, newUser, addKey, comeAs } = browserKit();
  let first: string;
  let second: string;

  beforeAll(async () => {
    [first, second] = [fresh('A_KEY'), fresh('A_KEY')];
    await addKey(admin(), first, longValue, 'What it is for');
    await addKey(admin(), second, 'short');
    for (let made = 0; made < 30; made += 1) await addKey(admin(), fresh('KEY'));
    await ask(url(), 'POST', '/projects', { token: admin().token, body: { name: 'shop' } });
    await addKey(admin(), 'shop/prod/STRIPE_SECRET_KEY', 'sk_1', 'Payments');
  });

  const rows = (page: Page) => page.locator('.grid-body .grid-row');
  const box = async (element: Locator) => {
    const found = await element.boundingBox();
    if (!found) throw new Error('It is not on the page.');
    return found;
  };
  /** How many rows are seen whole without scrolling. */
  const wholeRows = async (page: Page) => {
    await rows(page).nth(17).waitFor();
    return page.evaluate<number>(`(() => {
      const bar = document.querySelector('.tabs').getBoundingClientRect();
      const bottom = getComputedStyle(document.querySelector('.tabs')).position === 'fixed' ? bar.top : innerHeight;
      const whole = (row) => row.top >= 0 && row.bottom <= bottom;
      return [...document.querySelectorAll('.grid-body .grid-row')].filter((row) => whole(row.getBoundingClientRect())).length;
    })()`);
  };

  test('a laptop shows 18 keys at once, each with its description beside its name', async () => {
    const page = await comeAs(admin(), { viewport: { width: 1440, height: 900 } });
    expect(await wholeRows(page)).toBeGreaterThanOrEqual(18);
    const row = keyRow(page, first);
    expect((await box(row)).height).toBe(44);
    const [name, description] = [await box(row.locator('.row-name')), await box(row.getByText('What it is for'))];
    expect(description.x).toBeGreaterThan(name.x + name.width);
    expect(Math.abs(description.y + description.height / 2 - name.y - name.height / 2)).toBeLessThan(3);
  });

  test('a phone shows ten keys at once, and a tablet has the table', async () => {
    const small = await comeAs(admin(), phone);
    expect(await wholeRows(small)).toBeGreaterThanOrEqual(10);
    expect((await box(keyRow(small, first))).height).toBe(56);
    expect(await overflow(small)).toBe(0);
    const tablet = await comeAs(admin(), { ...phone, viewport: { width: 768, height: 1024 } });
    await tablet.getByRole('columnheader', { name: 'Changed' }).waitFor();
    expect((await box(keyRow(tablet, first))).height).toBeLessThan(50);
    expect(await overflow(tablet)).toBe(0);
  });

  test('on a phone, sorting and filtering wait behind a button', async () => {
    const page = await comeAs(admin(), phone);
    await keyRow(page, first).waitFor();
    const sort = page.getByLabel('Sort by', { exact: true });
    expect(await sort.isVisible()).toBe(false);
    await button(page, 'Sort, filter, select').tap();
    await sort.selectOption('-name');
    await expect.poll(() => rows(page).first().locator('.row-name').textContent()).toBe('shop/prod/STRIPE_SECRET_KEY');
    await page.getByLabel('Which keys', { exact: true }).selectOption('personal');
    await expect.poll(() => rows(page).first().locator('.row-name').textContent()).not.toContain('shop/');
  });

  test('rows of two lines are a choice that the browser remembers, and other tabs follow', async () => {
    const page = await comeAs(admin(), {});
    const other = await page.context().newPage();
    await other.goto(`${url()}/#/keys`);
    await keyRow(other, first).waitFor();
    await button(page, 'Two-line rows').click();
    await expect.poll(async () => (await box(keyRow(page, first))).height).toBe(60);
    await expect.poll(async () => (await box(keyRow(other, first))).height).toBe(60);
    await page.reload();
    await keyRow(page, first).waitFor();
    const row = keyRow(page, first);
    expect((await box(row)).height).toBe(60);
    const [name, description] = [await box(row.locator('.row-name')), await box(row.getByText('What it is for'))];
    expect(description.y).toBeGreaterThanOrEqual(name.y + name.height - 1);
    await button(page, 'Two-line rows').click();
    await expect.poll(() => page.evaluate("localStorage.getItem('keystore-rows')")).toBeNull();
    await expect.poll(async () => (await box(row)).height).toBe(44);
  });

  test('copy is on every row; the rest appears on the row under the mouse, and on the row that has the focus', async () => {
    const page = await comeAs(admin());
    const row = keyRow(page, first);
    const seen = (name: string) =>
      page
        .getByRole('button', { name, exact: true })
        .evaluate((one) =>
          (one as unknown as { checkVisibility: (how: object) => boolean }).checkVisibility({ opacityProperty: true }),
        );
    await row.waitFor();
    await page.mouse.move(0, 0);
    expect([await seen(`Copy ${first}`), await seen(`Reveal ${first}`), await seen(`Edit ${first}`)]).toEqual([
      true,
      false,
      false,
    ]);
    await row.hover();
    expect([await seen(`Reveal ${first}`), await seen(`Edit ${first}`), await seen(`Reveal ${second}`)]).toEqual([
      true,
      true,
      false,
    ]);
    await keyRow(page, second).focus();
    expect(await seen(`Delete ${second}`)).toBe(true);
  });

  test('a value opens under its row, in the whole width and without being cut off, and the rows after it make room', async () => {
    const page = await comeAs(admin(), { viewport: { width: 1440, height: 900 } });
    const next = keyRow(page, second);
    const before = await box(next);
    await button(page, `Reveal ${first}`).click();
    const value = page.getByLabel('Revealed value');
    await value.waitFor();
    expect(await value.textContent()).toBe(longValue);
    expect(await value.evaluate((one) => (one as unknown as { scrollWidth: number }).scrollWidth)).toBeLessThanOrEqual(
      Math.ceil((await box(value)).width),
    );
    const [row, shown] = [await box(keyRow(page, first)), await box(page.locator('.grid-below'))];
    expect(shown.width).toBe(row.width);
    expect(shown.y).toBe(row.y + row.height);
    expect((await box(value)).width).toBeGreaterThan(0.9 * row.width);
    await expect.poll(async () => (await box(next)).y).toBe(before.y + shown.height);

    await button(page, `Reveal ${second}`).click();
    await expect.poll(() => value.textContent()).toBe('short');
    expect(await page.content()).not.toContain(longValue);
    expect((await box(next)).y).toBe(before.y);
    await button(page, `Hide ${second}`).click();
    await expect.poll(() => value.count()).toBe(0);
    await expect.poll(async () => (await box(rows(page).nth(2))).y).toBe(before.y + 44);
  });

  test('a value goes when its row does, and R shows and hides it', async () => {
    const page = await comeAs(admin());
    await keyRow(page, second).focus();
    await page.keyboard.press('r');
    await page.getByLabel('Revealed value').waitFor();
    await page.keyboard.press('r');
    await expect.poll(() => page.getByLabel('Revealed value').count()).toBe(0);
    await page.keyboard.press('r');
    await page.getByLabel('Revealed value').waitFor();
    await page.getByLabel('Search keys', { exact: true }).fill(first);
    await expect.poll(() => page.locator('.grid-below').count()).toBe(0);
    await page.getByLabel('Search keys', { exact: true }).fill('');
    await button(page, `Reveal ${second}`).waitFor();
    expect(await page.getByLabel('Revealed value').count()).toBe(0);
  });

  test('an admin sees who used a key last; a user sees the own uses only', async () => {
    const user = await newUser();
    const own = fresh('USED');
    await addKey(user, own);
    await ask(url(), 'GET', `/keys/${own}`, { token: user.token });
    const used = (page: Page) => keyRow(page, own).locator('.cell-used').textContent();
    const page = await comeAs(admin());
    await page.getByLabel('Search keys', { exact: true }).fill(own);
    await expect.poll(() => used(page)).toBe(`just now by ${user.name}`);
    await button(page, `Reveal ${own}`).click();
    await expect.poll(() => used(page)).toBe('just now by admin');
    const other = fresh('UNUSED');
    await addKey(user, other);
    const theirs = await comeAs(user, {});
    await theirs.getByRole('columnheader', { name: 'Last used by you' }).waitFor();
    await expect.poll(() => used(theirs)).toBe('just now');
    expect(await keyRow(theirs, other).locator('.cell-used').textContent()).toBe('never');
  });

  test('a user sees no column of owners', async () => {
    const user = await newUser();
    const own = fresh('OWN');
    await addKey(user, own);
    const page = await comeAs(user);
    await keyRow(page, own).waitFor();
    expect(await page.getByRole('columnheader', { name: 'Created by' }).count()).toBe(0);
  });
});
