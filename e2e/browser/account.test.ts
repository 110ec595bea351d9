import { expect, test } from 'vitest';
import { ask, signIn } from '../../testing/vault.ts';
import { describeInBrowser, textOf, toast } from './support/browser.ts';
import { browserKit, type Person } from './support/kit.ts';

describeInBrowser('account and about', () => {
  const { url, admin, newUser, comeAs } = browserKit();

  const openAccount = async (person: Person) => {
    const page = await comeAs(person);
    await page.goto(`${url()}/#/account`);
    await page.locator('.session', { hasText: 'this session' }).waitFor();
    return page;
  };

  test('users see their sessions and end one of them', async () => {
    const user = await newUser();
    const other = await signIn(url(), user.name, user.password);
    const page = await openAccount(user);
    const sessions = page.locator('.session');
    expect(await sessions.count()).toBe(2);
    await sessions.filter({ hasNotText: 'this session' }).getByRole('button', { name: 'End' }).click();
    await page.getByRole('button', { name: 'End session' }).click();
    await toast(page, 'Session ended.');
    await expect.poll(() => sessions.count()).toBe(1);
    expect((await ask(url(), 'GET', '/keys', { token: other })).status).toBe(401);
    expect((await ask(url(), 'GET', '/keys', { token: user.token })).status).toBe(200);
  });

  test('users change their password, which ends their other sessions, and sign out, which removes the cookie', async () => {
    const user = await newUser();
    const other = await signIn(url(), user.name, user.password);
    const page = await openAccount(user);
    const change = async (current: string) => {
      await page.getByLabel('Current password').fill(current);
      await page.getByLabel('New password', { exact: true }).fill('another good password');
      await page.getByLabel('Confirm new password').fill('another good password');
      await page.getByRole('button', { name: 'Change password' }).click();
    };
    await change('wrong');
    await page.locator('.field-error', { hasText: 'current password' }).waitFor();
    await change(user.password);
    await toast(page, 'Password changed.');
    await expect.poll(() => page.locator('.session').count()).toBe(1);
    expect((await ask(url(), 'GET', '/keys', { token: other })).status).toBe(401);
    await page.getByRole('main').getByRole('button', { name: 'Sign out' }).first().click();
    await page.getByLabel('User name').waitFor();
    const kept = (await page.context().cookies()).map(({ name }) => name);
    expect(kept.filter((name) => !name.startsWith('keystore_device_'))).toEqual([]);
    await signIn(url(), user.name, 'another good password');
  });

  test('the chosen theme survives a reload', async () => {
    const page = await openAccount(admin());
    const ground = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    const light = await ground();
    await page.getByRole('radio', { name: 'Dark' }).check();
    await page.reload();
    await page.getByRole('heading', { name: 'Account' }).waitFor();
    expect(await ground()).not.toBe(light);
    await page.getByRole('radio', { name: 'System' }).check();
    expect(await ground()).toBe(light);
  });

  test('the About page shows the health of the vault and an example for programs', async () => {
    const page = await comeAs(admin());
    await page.getByRole('link', { name: 'About' }).click();
    await page.getByText('Healthy', { exact: true }).waitFor();
    expect(await textOf(page)).toContain(url());
    expect(await page.getByRole('link', { name: '/health', exact: true }).getAttribute('href')).toBe('/health');
  });
});
