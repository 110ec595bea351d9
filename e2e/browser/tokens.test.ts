/** The page of service tokens: making one, what it reaches, the secret that is shown once, rotating, revoking, and the look of it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import { button, describeInBrowser, field, heading, toast } from './support/browser.ts';
import { browserKit, type Person } from './support/kit.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describeInBrowser('service tokens', () => {
  const { url, fresh, newUser, addKey, comeAs } = browserKit();

  const open = async (person: Person, options?: Parameters<typeof comeAs>[1]) => {
    const page = await comeAs(person, options);
    await page.goto(`${url()}/#/tokens`);
    await heading(page, 'Service tokens').waitFor();
    return page;
  };
  const row = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name });
  const dialog = (page: Page) => page.getByRole('dialog');
  const made = async (page: Page) => (await page.locator('input[name=made_token]').inputValue()) ?? '';
  const reads = async (token: string, key: string) =>
    (await ask(url(), 'GET', `/keys/${encodeURIComponent(key)}`, { token })).status;
  const make = async (person: Person, body: object = {}) => {
    const name = fresh('bot');
    const answer = await ask(url(), 'POST', '/tokens', {
      token: person.token,
      body: { name, access: 'read', scopes: ['*'], ...body },
    });
    return { name, token: String((answer.body as { token: string }).token) };
  };

  test('somebody picks a folder, sees what the token reaches, makes it, copies it, and it works', async () => {
    const person = await newUser();
    const folder = fresh('folder');
    await addKey(person, `${folder}/A`);
    await addKey(person, `${folder}/B`);
    const outside = fresh('OUTSIDE');
    await addKey(person, outside);
    const page = await open(person);
    await button(page, 'New token').click();
    const name = fresh('deploy');
    await field(page, 'Name').fill(name);
    await page.getByLabel('Add a folder to the scopes').selectOption(`${folder}/*`);
    await page.getByText(`Reaches 2 of your 3 keys: ${folder}/A, ${folder}/B.`).waitFor();
    await field(page, 'Scopes').fill(`${folder}/A*`);
    await page.locator('.token-reach').filter({ hasText: 'is none of these' }).waitFor();
    await button(page, 'Make token').click();
    await page.locator('.field-error').waitFor();
    await field(page, 'Scopes').fill(`${folder}/*`);
    await button(page, 'Make token').click();
    await dialog(page)
      .getByRole('heading', { name: `Token ${name}` })
      .waitFor();
    const token = await made(page);
    expect(token).toMatch(/^ks_\w{36}$/);
    expect(await reads(token, `${folder}/A`)).toBe(200);
    expect(await reads(token, outside)).toBe(404);

    await button(page, 'Close').last().click();
    await page.getByText('You have not copied the token.').waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor();
    await button(page, 'Copy token').click();
    await page.getByText('Copied the token').first().waitFor();
    await button(page, 'Done').click();
    await expect.poll(() => dialog(page).count()).toBe(0);
    await button(page, 'Refresh').click();
    await row(page, name).getByText('last used just now').waitFor();
    expect(await page.content()).not.toContain(token);
  });

  test('a token that was not copied is closed only when somebody says so', async () => {
    const page = await open(await newUser());
    await button(page, 'New token').click();
    await field(page, 'Name').fill('lost');
    await field(page, 'Scopes').fill('*');
    await button(page, 'Make token').click();
    await page.locator('input[name=made_token]').waitFor();
    await page.getByRole('button', { name: 'Close' }).first().click();
    await button(page, 'Close without copying').click();
    await expect.poll(() => dialog(page).count()).toBe(0);
    await row(page, 'lost').waitFor();
  });

  test('the examples are for the vault and a key that the token reaches, and only the .env has the token', async () => {
    const person = await newUser();
    const key = fresh('STRIPE');
    await addKey(person, key);
    const page = await open(person);
    await button(page, 'New token').click();
    await field(page, 'Name').fill('examples');
    await field(page, 'Scopes').fill(key);
    await button(page, 'Make token').click();
    await page.locator('input[name=made_token]').waitFor();
    const token = await made(page);
    const code = page.locator('.token-snippet');
    for (const [text, part] of [
      ['curl', `${url()}/keys/${key}`],
      ['Node', 'process.env.KEYSTORE_TOKEN'],
      ['Python', 'os.environ["KEYSTORE_TOKEN"]'],
      ['GitHub Actions', 'secrets.KEYSTORE_TOKEN'],
      ['.env', `KEYSTORE_TOKEN=${token}`],
    ] as const) {
      await field(page, 'How a program uses it').selectOption({ label: text });
      const shown = (await code.textContent()) ?? '';
      expect(shown, text).toContain(part);
      expect(shown.includes(token), text).toBe(text === '.env');
    }
    await button(page, 'Copy token').click();
    await button(page, 'Done').click();
  });

  test('rotating gives another secret, with a grace, and revoking ends it', async () => {
    const person = await newUser();
    const key = fresh('KEY');
    await addKey(person, key);
    const { name, token: old } = await make(person);
    const page = await open(person);
    await button(page, `Rotate ${name}`).click();
    await button(page, 'Make another secret').click();
    await page.locator('input[name=made_token]').waitFor();
    const next = await made(page);
    expect(next).not.toBe(old);
    expect([await reads(old, key), await reads(next, key)]).toEqual([200, 200]);
    await button(page, 'Copy token').click();
    await button(page, 'Done').click();
    await row(page, name).getByText('the secret before works until').waitFor();
    await button(page, `Revoke ${name}`).click();
    await button(page, 'Revoke token').click();
    await toast(page, `Revoked ${name}.`);
    expect([await reads(old, key), await reads(next, key)]).toEqual([401, 401]);
    await page.getByText('Revoked and expired (1)').click();
    await row(page, name).getByText('revoked').first().waitFor();
  });

  test('a token that expires soon, and one that was never used, are marked', async () => {
    const person = await newUser();
    await make(person, { expires_in_days: 3 });
    const page = await open(person, { hasClock: true });
    await page.getByText('expires in 3 days').waitFor();
    await make(person);
    await page.clock.setSystemTime(Date.now() + 40 * 86_400_000);
    await page.reload();
    await page.getByText('never used', { exact: true }).first().waitFor();
  });

  test.each([
    ['wide', { width: 1440, height: 900 }],
    ['narrow', { width: 360, height: 740 }],
  ])('on a %s screen nothing is cut off, and axe finds nothing', async (_, viewport) => {
    const person = await newUser();
    const long = 'a-very-long-folder-name/'.repeat(8);
    await make(person, {
      scopes: [`${long}*`, 'stripe'],
      allowed_addresses: ['10.0.0.0/8', '2001:db8::/32'],
      expires_in_days: 3,
    });
    const page = await open(person, { viewport });
    const isWhole = () => page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth');
    const faults = async () => {
      await page.evaluate(`${axeSource}; 0`);
      const found = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(
        'axe.run().then(({ violations }) => violations)',
      );
      return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    };
    await page.getByText('expires in 3 days').waitFor();
    expect([await isWhole(), await faults()]).toEqual([true, []]);
    await button(page, 'New token').click();
    await field(page, 'Name').fill('looked at');
    await field(page, 'Scopes').fill('*');
    expect([await isWhole(), await faults()]).toEqual([true, []]);
    await button(page, 'Make token').click();
    await page.locator('input[name=made_token]').waitFor();
    expect([await isWhole(), await faults()]).toEqual([true, []]);
    if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/tokens-made-${viewport.width}.png` });
    await button(page, 'Copy token').click();
    await button(page, 'Done').click();
    await expect.poll(() => dialog(page).count()).toBe(0);
    if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/tokens-${viewport.width}.png` });
    await button(page, 'New token').click();
    if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/tokens-form-${viewport.width}.png` });
  });
});
