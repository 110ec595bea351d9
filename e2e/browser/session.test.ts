import { expect, test } from 'vitest';
import { ask, signIn } from '../../testing/vault.ts';
import { addKeyByForm, describeInBrowser, holdAnswers, keyRow, signInAs, toast } from './support/browser.ts';
import { browserKit, type Person } from './support/kit.ts';

const resume = 'Your session has ended. Sign in to continue where you left off.';

describeInBrowser('the session', () => {
  const { url, admin, fresh, newUser, addKey, come, comeAs } = browserKit({ keepsDefaults: true, runtime: 'wrangler' });

  const endSessions = async ({ name, password }: Person) => {
    const token = await signIn(url(), name, password);
    const answer = await ask<{ sessions: { id: string; is_current: boolean }[] }>(url(), 'GET', '/auth/sessions', {
      token,
    });
    for (const { id, is_current } of answer.body.sessions) {
      if (!is_current) await ask(url(), 'DELETE', `/auth/sessions/${id}`, { token });
    }
  };

  /** A user with a key, and the page that shows it. */
  const userWithKey = async () => {
    const user = await newUser();
    const key = fresh('THEIRS');
    await addKey(user, key);
    const page = await comeAs(user);
    await keyRow(page, key).waitFor();
    return { user, key, page };
  };

  test('a wrong password is refused with a message, and the form keeps the name', async () => {
    const { page } = await come();
    await signInAs(page, 'admin', 'not the password');
    await page.locator('.form-problem', { hasText: /user name or .*password/ }).waitFor();
    expect(await page.getByLabel('User name').inputValue()).toBe('admin');
    expect(await page.getByLabel('User name').getAttribute('autocomplete')).toBe('username');
    expect(await page.getByLabel('Password').getAttribute('autocomplete')).toBe('current-password');
  });

  test('a reload asks for the list at the same time as for the session, once; who is signed out asks for the session only', async () => {
    const { page } = await come();
    const asked: string[] = [];
    page.on('request', (request) => {
      const path = new URL(request.url()).pathname;
      if (path === '/keys' || path === '/auth/session') asked.push(path);
    });
    await page.reload();
    await page.getByLabel('User name').waitFor();
    expect(asked.splice(0)).toEqual(['/auth/session']);

    const user = await newUser();
    const key = fresh('THEIRS');
    await addKey(user, key);
    await signInAs(page, user.name, user.password);
    await keyRow(page, key).waitFor();
    asked.length = 0;
    const held = await holdAnswers(page, ({ pathname }) => pathname === '/auth/session');
    const arrived = page.waitForResponse('**/keys');
    await page.reload();
    await (await arrived).finished();
    expect(await page.content()).not.toContain(key);
    held[0]?.();
    await keyRow(page, key).waitFor();
    expect(asked.toSorted()).toEqual(['/auth/session', '/keys']);

    // Somebody has ended the session meanwhile: the list that came is of nobody.
    await endSessions(user);
    await page.unrouteAll();
    await page.reload();
    await page.getByLabel('User name').waitFor();
    expect(await page.content()).not.toContain(key);
    asked.length = 0;
    await page.reload();
    await page.getByLabel('User name').waitFor();
    expect(asked).toEqual(['/auth/session']);
  });

  test('a default password has to be changed before anything else', async () => {
    const { page } = await come();
    await signInAs(page, 'user', 'user123');
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
    await page.goto(`${url()}/#/logs`);
    await page.reload();
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);

    const change = async (current: string, chosen: string, again = chosen) => {
      await page.getByLabel('Current password').fill(current);
      await page.getByLabel('New password', { exact: true }).fill(chosen);
      await page.getByLabel('Confirm new password').fill(again);
      await page.getByRole('button', { name: 'Set password and continue' }).click();
    };
    const fieldError = (text: string) => page.locator('.field-error', { hasText: text }).waitFor();
    await change('user123', 'quiet river stone', 'something else');
    await fieldError('The passwords do not match');
    await change('not user123', 'quiet river stone');
    await fieldError('current password');
    await change('user123', 'short');
    await fieldError('at least 8 characters');
    await change('user123', 'quiet river stone');
    await page.getByRole('heading', { name: 'Access Logs' }).waitFor();
  });

  test('scripts cannot read the session, the browser stores nothing else but that there is one, and a reload keeps it', async () => {
    const { page, context } = await come();
    await signInAs(page, admin().name, admin().password);
    await page.getByRole('heading', { name: 'API Keys' }).waitFor();
    expect(await page.evaluate('[document.cookie, { ...localStorage }, sessionStorage.length]')).toEqual([
      '',
      { 'keystore-signed-in': '' },
      0,
    ]);
    const cookies = await context.cookies();
    const cookie = cookies.find(({ name }) => name.startsWith('keystore_session_'));
    expect(cookies.every(({ httpOnly, sameSite }) => httpOnly && sameSite === 'Strict')).toBe(true);
    expect(cookie).toMatchObject({
      name: expect.stringMatching(/^keystore_session_/),
      httpOnly: true,
      sameSite: 'Strict',
    });
    await page.reload();
    await page.getByRole('heading', { name: 'API Keys' }).waitFor();
  });

  test('a vault that does not respond is reported, and does not end the session', async () => {
    const page = await comeAs(admin());
    await page.route('**/auth/session', (route) => route.abort());
    await page.reload();
    await page.getByRole('heading', { name: 'Cannot reach the vault' }).waitFor();
    await page.unroute('**/auth/session');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'API Keys' }).waitFor();
  });

  test('an address that needs a session opens after signing in', async () => {
    const { page } = await come();
    await page.goto(`${url()}/#/logs?failures=only`);
    await page.reload();
    await signInAs(page, admin().name, admin().password);
    await page.getByRole('heading', { name: 'Access Logs' }).waitFor();
    expect(await page.getByLabel('Refused only').isChecked()).toBe(true);
  });

  test('nothing typed is lost when the session ends', async () => {
    const { user, key, page } = await userWithKey();
    await page.getByLabel('Search keys', { exact: true }).fill('theirs');
    await endSessions(user);
    const typed = fresh('HALF_TYPED');
    await addKeyByForm(page, typed, 'precious');
    await page.getByText(resume).waitFor();
    expect(await page.content()).not.toContain(key);
    expect(await page.getByLabel('User name').inputValue()).toBe(user.name);
    await signInAs(page, user.name, user.password);
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe(typed);
    expect(await page.getByLabel('Value', { exact: true }).inputValue()).toBe('precious');
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await toast(page, `Added ${typed}.`);
    expect(page.url()).toContain('q=theirs');
  });

  test('the next user in the same tab does not see what the last one typed', async () => {
    const { user, key, page } = await userWithKey();
    await endSessions(user);
    await addKeyByForm(page, fresh('HALF_TYPED'), 'precious');
    await page.getByText(resume).waitFor();
    await signInAs(page, admin().name, admin().password);
    await keyRow(page, key).waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.getByRole('button', { name: 'Add key' }).click();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('');
  });

  test('all tabs follow when the session ends or begins in one, and keep what was typed', async () => {
    const { user, key, page } = await userWithKey();
    const other = await page.context().newPage();
    await other.goto(`${url()}/`);
    await keyRow(other, key).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await other.getByLabel('User name').waitFor();
    await signInAs(page, user.name, user.password);
    await keyRow(other, key).waitFor();
    await endSessions(user);
    const typed = fresh('HALF_TYPED');
    await addKeyByForm(other, typed, 'x');
    await other.getByText(resume).waitFor();
    await page.getByRole('button', { name: `Reveal ${key}` }).click();
    await signInAs(page, user.name, user.password);
    await other.getByRole('dialog').waitFor();
    expect(await other.getByLabel('Name', { exact: true }).inputValue()).toBe(typed);
  });
});
