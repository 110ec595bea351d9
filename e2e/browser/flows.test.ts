import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ask, type RunningVault, signIn, startVault } from '../../testing/vault.ts';
import { describeInBrowser, launch, paste, plainHost, signInAs, type Visitor, visit } from './support/browser.ts';

/** What an admin and a user do, from the first sign-in of a new vault on. The tests build on one another. */

const adminPassword = 'correct horse battery';
const alicePassword = 'quiet river stone';
const revealMs = 30_000;

let vault: RunningVault;
let browser: Browser;
let visitor: Visitor | undefined;

const come = async (options = {}): Promise<Page> => {
  visitor = await visit(browser, vault.url, options);
  return visitor.page;
};

const comeAs = async (name: string, password: string, options = {}): Promise<Page> => {
  const page = await come(options);
  await signInAs(page, name, password);
  await page.getByRole('heading', { name: 'API Keys' }).waitFor();
  return page;
};

const comeAsAdmin = (options = {}) => comeAs('admin', adminPassword, options);
const comeAsAlice = (options = {}) => comeAs('alice', alicePassword, options);

const row = (page: Page, name: string) =>
  page.locator('[role="row"]', { has: page.getByRole('button', { name, exact: true }) });
const said = (page: Page, text: string | RegExp) => page.locator('.toast', { hasText: text }).last().waitFor();
const textOf = (page: Page) => page.evaluate<string>('document.body.innerText');

describeInBrowser('in the browser', () => {
  beforeAll(async () => {
    [vault, browser] = await Promise.all([startVault(), launch()]);
  });
  afterAll(async () => {
    await browser?.close();
    await vault?.dispose();
  });
  afterEach(async ({ task }) => {
    const last = visitor;
    if (last && task.result?.state === 'fail') console.error(last.page.url(), await textOf(last.page), vault.output());
    visitor = undefined;
    await last?.leave();
  });

  test('a wrong password is refused in words, and the form keeps the name', async () => {
    const page = await come();
    await signInAs(page, 'admin', 'not the password');
    await page.getByText('The user name or the password is not right.').waitFor();
    expect(await page.getByLabel('User name').inputValue()).toBe('admin');
    expect(await page.getByLabel('User name').getAttribute('autocomplete')).toBe('username');
    expect(await page.getByLabel('Password').getAttribute('autocomplete')).toBe('current-password');
  });

  test('a default password has to be changed before anything else', async () => {
    const page = await come();
    await signInAs(page, 'admin', 'admin123');
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
    await page.goto(`${vault.url}/#/users`);
    await page.reload();
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);

    const change = async (current: string, chosen: string, again = chosen) => {
      await page.getByLabel('Current password').fill(current);
      await page.getByLabel('New password', { exact: true }).fill(chosen);
      await page.getByLabel('New password again').fill(again);
      await page.getByRole('button', { name: 'Set password and go on' }).click();
    };
    await change('admin123', adminPassword, 'something else');
    await page.getByText('The two do not match').waitFor();
    await change('not admin123', adminPassword);
    await page.getByText('The current password is not right.').waitFor();
    await change('admin123', 'short');
    await page.getByText('The password must have at least 8 characters.').waitFor();
    await change('admin123', adminPassword);
    await page.getByRole('heading', { name: 'Users' }).waitFor();
  });

  test('no script can reach the session, nothing is kept in the browser, and a reload changes nothing', async () => {
    const page = await comeAsAdmin();
    expect(await page.evaluate('[document.cookie, localStorage.length, sessionStorage.length]')).toEqual(['', 0, 0]);
    const [cookie] = (await visitor?.context.cookies()) ?? [];
    expect(cookie).toMatchObject({ name: 'keystore_session', httpOnly: true, sameSite: 'Strict' });
    await page.reload();
    await page.getByRole('heading', { name: 'API Keys' }).waitFor();
  });

  test('the empty list offers the first key; a pasted NAME=value fills in both fields', async () => {
    const page = await comeAsAdmin();
    await page.getByRole('heading', { name: 'No keys yet' }).waitFor();
    await page.getByRole('button', { name: 'Add your first key' }).click();
    await page.getByLabel('Name', { exact: true }).focus();
    await paste(page, 'export STRIPE_LIVE="sk_live_1"');
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('STRIPE_LIVE');
    expect(await page.getByLabel('Value', { exact: true }).inputValue()).toBe('sk_live_1');
    await page.getByLabel('Description').fill('Payments');
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await said(page, 'Added STRIPE_LIVE.');
    await row(page, 'STRIPE_LIVE').waitFor();
    expect(await page.content()).not.toContain('sk_live_1');
  });

  test('secret fields are no business of the browser’s memory or spell checker', async () => {
    const page = await comeAsAdmin();
    await page.getByRole('button', { name: 'Add key' }).click();
    const field = page.getByLabel('Value', { exact: true });
    expect(await field.getAttribute('autocomplete')).toBe('off');
    expect(await field.getAttribute('spellcheck')).toBe('false');
  });

  test('a name that is taken is said at the name, and nothing typed is lost', async () => {
    const page = await comeAsAdmin();
    await page.getByRole('button', { name: 'Add key' }).click();
    await page.getByLabel('Name', { exact: true }).fill('STRIPE_LIVE');
    await page.getByLabel('Value', { exact: true }).fill('another');
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await page.locator('.field', { hasText: 'A key of that name exists already' }).waitFor();
    expect(await page.getByLabel('Name', { exact: true }).getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByLabel('Value', { exact: true }).inputValue()).toBe('another');
  });

  test('warns of white space around a value, makes random ones, takes many lines', async () => {
    const page = await comeAsAdmin();
    await page.getByRole('button', { name: 'Add key' }).click();
    const value = page.getByLabel('Value', { exact: true });
    await value.fill(' padded\n');
    await page.getByRole('button', { name: 'Remove it' }).click();
    expect(await value.inputValue()).toBe('padded');
    await page.getByText('Generate a random value').click();
    await page.getByLabel('Length', { exact: true }).fill('64');
    await page.getByLabel('Length', { exact: true }).blur();
    await page.getByRole('button', { name: 'Generate', exact: true }).click();
    expect(await value.inputValue()).toMatch(/^[A-Za-z0-9]{64}$/);
    await value.fill('-----BEGIN KEY-----\nb3BlbnNzaC1rZXk\n-----END KEY-----');
    await page.getByLabel('Name', { exact: true }).fill('DEPLOY_KEY');
    await value.press('Control+Enter');
    await said(page, 'Added DEPLOY_KEY.');
    await page.getByRole('button', { name: 'Reveal DEPLOY_KEY' }).click();
    expect(await page.getByLabel('The value').textContent()).toContain('\nb3BlbnNzaC1rZXk\n');
  });

  test('a changed description can be taken back; a new value is a new value', async () => {
    const page = await comeAsAdmin();
    const edit = async (field: string, text: string) => {
      await page.getByRole('button', { name: 'Edit STRIPE_LIVE' }).click();
      await page.getByRole('dialog').getByLabel(field).fill(text);
      await page.getByRole('button', { name: 'Save' }).click();
    };
    await edit('Description', 'Something else');
    await row(page, 'STRIPE_LIVE').getByText('Something else').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await row(page, 'STRIPE_LIVE').getByText('Payments').waitFor();
    await edit('New value', 'sk_live_2');
    await said(page, 'Saved a new value of STRIPE_LIVE.');
    await page.getByRole('button', { name: 'Reveal STRIPE_LIVE' }).click();
    expect(await page.getByLabel('The value').textContent()).toBe('sk_live_2');
  });

  test('a revealed value hides itself: after half a minute, on blur, in a hidden tab, with its row', async () => {
    const page = await come();
    await page.clock.install();
    await signInAs(page, 'admin', adminPassword);
    const reveal = async () => {
      await page.getByRole('button', { name: 'Reveal STRIPE_LIVE' }).click();
      await page.getByLabel('The value').waitFor();
    };
    const isGone = async () => {
      await page.getByRole('button', { name: 'Reveal STRIPE_LIVE' }).waitFor();
      expect(await page.content()).not.toContain('sk_live_2');
    };
    await reveal();
    // The page's clock goes on by itself as well.
    await page.clock.runFor(revealMs - 10_000);
    await page.getByLabel('The value').waitFor();
    await page.clock.runFor(11_000);
    await isGone();

    await reveal();
    await page.evaluate(`dispatchEvent(new Event('blur'))`);
    await isGone();

    await reveal();
    await page.evaluate(`
      Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
      delete document.hidden;
    `);
    await isGone();

    await reveal();
    await page.getByRole('link', { name: 'Access Logs' }).click();
    await page.getByRole('heading', { name: 'Access Logs' }).waitFor();
    expect(await page.content()).not.toContain('sk_live_2');
  });

  test('a value that arrives after one has looked away is not shown', async () => {
    const page = await comeAsAdmin();
    let answer: (() => void) | undefined;
    await page.route('**/keys/STRIPE_LIVE', async (route) => {
      await new Promise<void>((go) => {
        answer = go;
      });
      await route.continue();
    });
    await page.getByRole('button', { name: 'Reveal STRIPE_LIVE' }).click();
    await page.evaluate(`dispatchEvent(new Event('blur'))`);
    const arrived = page.waitForResponse('**/keys/STRIPE_LIVE');
    await expect.poll(() => answer).toBeDefined();
    answer?.();
    await (await arrived).finished();
    expect(await page.content()).not.toContain('sk_live_2');
  });

  test('copies without showing, and clears the clipboard only if it is unchanged', async () => {
    const page = await come({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.clock.install();
    await signInAs(page, 'admin', adminPassword);
    const clipboard = () => page.evaluate('navigator.clipboard.readText()');
    await page.getByRole('button', { name: 'Copy STRIPE_LIVE' }).click();
    await said(page, 'Copied STRIPE_LIVE.');
    expect(await page.content()).not.toContain('sk_live_2');
    expect(await clipboard()).toBe('sk_live_2');
    expect(await page.locator('.toast-count').textContent()).toMatch(/^(30|2\d)$/);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.clock.runFor(revealMs + 1_000);
    await expect.poll(clipboard).toBe('');

    await page.getByRole('button', { name: 'Copy STRIPE_LIVE' }).click();
    await expect.poll(clipboard).toBe('sk_live_2');
    await page.evaluate(`navigator.clipboard.writeText('my own words')`);
    await page.clock.runFor(revealMs + 1_000);
    expect(await clipboard()).toBe('my own words');
  });

  test('over plain http, where there is no clipboard API, it copies all the same and says what it could not check', async () => {
    visitor = await visit(browser, vault.url.replace('127.0.0.1', plainHost));
    const { page } = visitor;
    await page.clock.install();
    expect(await page.evaluate('[isSecureContext, typeof navigator.clipboard]')).toEqual([false, 'undefined']);
    await signInAs(page, 'admin', adminPassword);
    await page.getByRole('button', { name: 'Copy STRIPE_LIVE' }).click();
    await said(page, 'Copied STRIPE_LIVE.');
    await page.getByLabel('Search keys', { exact: true }).focus();
    await page.keyboard.press('Control+v');
    expect(await page.getByLabel('Search keys', { exact: true }).inputValue()).toBe('sk_live_2');
    await page.clock.runFor(revealMs + 1_000);
    await said(page, 'may still be on the clipboard');
  });

  test('search and sort stand in the address and outlive a reload', async () => {
    const page = await comeAsAdmin();
    await page.getByRole('button', { name: 'Changed' }).click();
    await page.getByLabel('Search keys', { exact: true }).fill('pay');
    await row(page, 'STRIPE_LIVE').waitFor();
    expect(await row(page, 'DEPLOY_KEY').count()).toBe(0);
    await page.waitForURL(/#\/keys\?sort=-updated&q=pay/);
    await page.reload();
    await page.getByText('1 of 2').waitFor();
    await page.getByLabel('Search keys', { exact: true }).fill('nothing like that');
    await page.getByRole('heading', { name: 'No key matches' }).waitFor();
    await page.getByRole('button', { name: 'Clear the search' }).click();
    const names = () => page.locator('.grid-body .row-name').allInnerTexts();
    await expect.poll(names).toEqual(['STRIPE_LIVE', 'DEPLOY_KEY']);
    await page.getByRole('button', { name: 'Name', exact: true }).click();
    await expect.poll(names).toEqual(['DEPLOY_KEY', 'STRIPE_LIVE']);
    await page.getByRole('button', { name: 'Created by' }).click();
    await page.waitForURL(/sort=owner/);
  });

  test('hostile names and descriptions are text and nothing else', async () => {
    const admin = await signIn(vault.url, 'admin', adminPassword);
    const hostile = [
      '<img src=x onerror=alert(1)>',
      '"><script>document.title="pwned"</script>',
      '__proto__',
      'constructor',
      'a/../b?c#d%2f+;e',
      '‮gnirts esrever',
      '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🔑',
      `long-${'x'.repeat(240)}`,
    ];
    for (const name of hostile) {
      const body = { key_name: name, api_key: `value of ${name}`, description: `<b onclick=alert(1)>${name}</b>` };
      expect((await ask(vault.url, 'POST', '/keys', { token: admin, body })).status).toBe(201);
    }
    const page = await comeAsAdmin();
    page.on('dialog', () => expect.unreachable('markup was run'));
    for (const name of hostile) {
      await page.getByLabel('Search keys', { exact: true }).fill(name);
      await row(page, name).waitFor();
      await page.getByRole('button', { name: `Reveal ${name}`, exact: true }).click();
      await page.getByLabel('The value').waitFor();
      expect(await page.getByLabel('The value').textContent()).toBe(`value of ${name}`);
      await page.getByRole('button', { name: `Edit ${name}`, exact: true }).click();
      expect(await page.getByRole('dialog').getByRole('heading').textContent()).toBe(name);
      expect(await page.getByRole('dialog').getByLabel('Description').inputValue()).toBe(
        `<b onclick=alert(1)>${name}</b>`,
      );
      await page.keyboard.press('Escape');
    }
    await page.goto(`${vault.url}/#/logs`);
    await page.locator('.log', { hasText: '<img src=x onerror=alert(1)>' }).first().waitFor();
    expect(await page.locator('main img, main script, main b').count()).toBe(0);
    expect(await page.title()).toBe('Access Logs · Keystore');
    for (const name of hostile) {
      expect((await ask(vault.url, 'DELETE', `/keys/${encodeURIComponent(name)}`, { token: admin })).status).toBe(200);
    }
  });

  test('a key is deleted only by whoever types its name', async () => {
    const page = await comeAsAdmin();
    await page.getByRole('button', { name: 'Delete DEPLOY_KEY' }).click();
    const confirm = page.getByRole('button', { name: 'Delete key' });
    expect(await confirm.isDisabled()).toBe(true);
    await page.getByLabel('Type the name to confirm').fill('DEPLOY_KE');
    expect(await confirm.isDisabled()).toBe(true);
    await page.getByLabel('Type the name to confirm').fill('DEPLOY_KEY');
    await confirm.click();
    await said(page, 'Deleted DEPLOY_KEY.');
    expect(await row(page, 'DEPLOY_KEY').count()).toBe(0);
    await page.reload();
    await row(page, 'STRIPE_LIVE').waitFor();
    expect(await row(page, 'DEPLOY_KEY').count()).toBe(0);
  });

  test('what has gone meanwhile is said, and what failed can be tried again', async () => {
    const admin = await signIn(vault.url, 'admin', adminPassword);
    await ask(vault.url, 'POST', '/keys', { token: admin, body: { key_name: 'SHORT_LIVED', api_key: '1' } });
    const page = await comeAsAdmin();
    await row(page, 'SHORT_LIVED').waitFor();
    await ask(vault.url, 'DELETE', '/keys/SHORT_LIVED', { token: admin });
    await page.getByRole('button', { name: 'Reveal SHORT_LIVED' }).click();
    await said(page, 'There is no such key, or it is not yours.');
    await page.getByRole('button', { name: 'Copy SHORT_LIVED' }).click();
    await expect.poll(() => page.locator('.toast.bad').count()).toBe(2);

    await page.route('**/logs?*', (route) => route.abort());
    await page.getByRole('link', { name: 'Access Logs' }).click();
    await page.getByRole('heading', { name: 'The access log could not be fetched' }).waitFor();
    await page.getByText('The vault does not answer.').waitFor();
    await page.unroute('**/logs?*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.log').first().waitFor();
  });

  test('a vault that does not answer is another thing than a session that is over', async () => {
    const page = await comeAsAdmin();
    await page.route('**/auth/session', (route) => route.abort());
    await page.reload();
    await page.getByRole('heading', { name: 'The vault cannot be reached' }).waitFor();
    await page.unroute('**/auth/session');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'API Keys' }).waitFor();
  });

  test('an admin adds a user with a made-up password to hand over', async () => {
    const page = await comeAsAdmin({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByRole('link', { name: 'Users' }).click();
    await page.getByRole('button', { name: 'Add user' }).click();
    const add = page.getByRole('dialog').getByRole('button', { name: 'Add user' });
    await page.getByLabel('User name').fill('ALICE');
    await page.getByLabel('Password to hand over').fill('password');
    await add.click();
    await page.locator('.field', { hasText: 'one of the most common ones' }).waitFor();
    await page.getByRole('button', { name: 'Generate' }).click();
    const password = await page.getByLabel('Password to hand over').inputValue();
    expect(password).toHaveLength(16);
    await page.getByRole('button', { name: 'Copy' }).click();
    await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toBe(password);
    await page.getByLabel('User name').fill('Admin');
    await add.click();
    await page.locator('.field', { hasText: 'looks like it, exists already' }).waitFor();
    await page.getByLabel('User name').fill('alice');
    await add.click();
    await said(page, 'Added alice.');

    const alice = await visit(browser, vault.url);
    await signInAs(alice.page, 'alice', password);
    await alice.page.getByLabel('Current password').fill(password);
    await alice.page.getByLabel('New password', { exact: true }).fill(alicePassword);
    await alice.page.getByLabel('New password again').fill(alicePassword);
    await alice.page.getByRole('button', { name: 'Set password and go on' }).click();
    await alice.page.getByRole('heading', { name: 'No keys yet' }).waitFor();
    await alice.leave();
  });

  test('a user has no Users tab, sees own keys and own logs, and is refused in words', async () => {
    const page = await comeAsAlice();
    await page.getByRole('heading', { name: 'No keys yet' }).waitFor();
    expect(await page.getByRole('link', { name: 'Users' }).count()).toBe(0);
    await page.goto(`${vault.url}/#/users`);
    await page.getByRole('heading', { name: 'Only for admins' }).waitFor();
    expect(await page.getByRole('button', { name: 'Add user' }).count()).toBe(0);

    await page.getByRole('link', { name: 'API Keys' }).click();
    await page.getByRole('button', { name: 'Add your first key' }).click();
    await page.getByLabel('Name', { exact: true }).fill('STRIPE_LIVE');
    await page.getByLabel('Value', { exact: true }).fill('x');
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await page.locator('.field', { hasText: 'A key of that name exists already' }).waitFor();
    await page.getByLabel('Name', { exact: true }).fill('ALICES_KEY');
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await row(page, 'ALICES_KEY').waitFor();
    expect(await row(page, 'STRIPE_LIVE').count()).toBe(0);

    await page.getByRole('link', { name: 'Access Logs' }).click();
    await page
      .locator('.log.refused', { hasText: 'alice tried to list the users Refused: only an admin may' })
      .waitFor();
    expect(await page.locator('.log strong').allInnerTexts()).not.toContain('admin');
    expect(await page.getByLabel('User', { exact: true }).count()).toBe(0);
  });

  test('roles and activity change with a way back; a deactivated user is out at once', async () => {
    const page = await comeAsAdmin();
    await page.getByRole('link', { name: 'Users' }).click();
    const role = page.getByLabel('Role of alice');
    const active = page.getByRole('switch', { name: 'alice is active' });
    await role.selectOption('admin');
    await said(page, 'alice is now an admin.');
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => role.inputValue()).toBe('user');

    const alice = await visit(browser, vault.url);
    await signInAs(alice.page, 'alice', alicePassword);
    await row(alice.page, 'ALICES_KEY').waitFor();
    await active.click();
    await said(page, 'alice is deactivated');
    await alice.page.getByRole('button', { name: 'Reveal ALICES_KEY' }).click();
    await alice.page.getByText('Your session has ended.').waitFor();
    await alice.leave();
    await page.getByRole('button', { name: 'Undo' }).last().click();
    await expect.poll(() => active.getAttribute('aria-checked')).toBe('true');
  });

  test('nobody can lock the last admin out: not by role, not by switch, not by deletion', async () => {
    const page = await comeAsAdmin();
    await page.getByRole('link', { name: 'Users' }).click();
    expect(await page.getByRole('switch', { name: 'admin is active' }).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Another admin can delete you' }).isDisabled()).toBe(true);
    await page.getByLabel('Role of admin').selectOption('user');
    await page.getByRole('button', { name: 'Become a user' }).click();
    await page.getByText('This is the last active admin.').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(await page.getByLabel('Role of admin').inputValue()).toBe('admin');
  });

  test('an admin resets a password and deletes a user, and is told what goes along', async () => {
    const admin = await signIn(vault.url, 'admin', adminPassword);
    const body = { username: 'bob', password: 'quiet river stone' };
    await ask(vault.url, 'POST', '/users', { token: admin, body });
    const bob = await signIn(vault.url, 'bob', body.password);
    for (const key_name of ['B1', 'B2']) {
      await ask(vault.url, 'POST', '/keys', { token: bob, body: { key_name, api_key: 'b' } });
    }
    const page = await comeAsAdmin();
    await page.getByRole('link', { name: 'Users' }).click();
    await page.getByRole('button', { name: 'Reset the password of bob' }).click();
    await page.getByLabel('Password to hand over').fill('bob');
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.locator('.field', { hasText: 'at least 8 characters' }).waitFor();
    await page.getByLabel('Password to hand over').fill('a brand new password');
    await page.getByRole('button', { name: 'Set password' }).click();
    await said(page, 'bob has a new password');
    await page.getByText('must choose a password').first().waitFor();
    expect((await ask(vault.url, 'GET', '/keys', { token: bob })).status).toBe(401);

    await page.getByRole('button', { name: 'Delete bob' }).click();
    await page.getByText('2 keys go with the account.').waitFor();
    await page.getByLabel('Type the name to confirm').fill('bob');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete user' }).click();
    await said(page, 'Deleted bob.');
    await expect.poll(() => page.getByRole('button', { name: 'Delete bob' }).count()).toBe(0);
  });

  test('the logs read as sentences, filter, keep the filter in the address, and go back further', async () => {
    const alice = await signIn(vault.url, 'alice', alicePassword);
    for (let index = 0; index < 110; index += 1) await ask(vault.url, 'GET', '/keys/ALICES_KEY', { token: alice });
    await ask(vault.url, 'GET', '/keys/STRIPE_LIVE', { token: alice });
    const page = await comeAsAdmin();
    await page.getByRole('link', { name: 'Access Logs' }).click();
    await page
      .locator('.log.refused', { hasText: 'alice tried to view STRIPE_LIVE Refused: somebody else’s key' })
      .waitFor();
    const time = page.locator('.log time').first();
    expect(await time.getAttribute('datetime')).toMatch(/^\d{4}-.*Z$/);
    expect(await time.getAttribute('title')).toMatch(/20\d\d/);
    await page.getByRole('img', { name: /Activity in the last 48 hours/ }).waitFor();
    await page.getByRole('radio', { name: 'Days' }).check();
    await page.getByRole('img', { name: /Activity in the last 30 days/ }).waitFor();

    await page.getByLabel('What happened').selectOption('view_key');
    await page.getByLabel('User', { exact: true }).fill('alice');
    await page.getByLabel('Key or target').fill('ALICES');
    await page.waitForURL(/#\/logs\?action=view_key&user=alice&key=ALICES/);
    await expect.poll(() => page.locator('.log', { hasNotText: 'alice viewed ALICES_KEY' }).count()).toBe(0);
    expect(await page.locator('.log').count()).toBe(100);
    await page.getByRole('button', { name: 'Load older entries' }).click();
    await expect.poll(() => page.locator('.log').count()).toBeGreaterThanOrEqual(110);
    await page.getByText('That is all there is.').waitFor();

    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByLabel('Refused only').check();
    await page.waitForURL(/#\/logs\?failures=only/);
    await page.reload();
    await page.locator('.log').first().waitFor();
    expect(await page.locator('.log:not(.refused)').count()).toBe(0);
    await page.getByLabel('Address').fill('203.0.113.');
    await page.getByRole('heading', { name: 'No entry matches' }).waitFor();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await page.locator('.log').first().waitFor();
  });

  test('an answer of the log to what one no longer asks for changes nothing', async () => {
    const page = await comeAsAdmin();
    const arrive: (() => void)[] = [];
    await page.route(
      ({ search }) => search.includes('NOWHERE'),
      async (route) => {
        const response = await route.fetch();
        await new Promise<void>((go) => arrive.push(go));
        await route.fulfill({ response });
      },
    );
    await page.goto(`${vault.url}/#/logs`);
    await page.getByRole('button', { name: 'Load older entries' }).waitFor();
    await page.getByLabel('Key or target').fill('NOWHERE');
    await expect.poll(() => arrive.length).toBe(1);
    const unfiltered = page.waitForResponse((response) => /logs\?(?!.*NOWHERE)/.test(response.url()));
    await page.getByRole('button', { name: 'Clear' }).click();
    await unfiltered;
    const late = page.waitForResponse(/NOWHERE/);
    arrive[0]?.();
    await (await late).finished();
    await page.getByRole('button', { name: 'Load older entries' }).click();
    await expect.poll(() => page.locator('.log').count()).toBeGreaterThan(100);
  });

  test('the account: own sessions, own password, theme', async () => {
    const elsewhere = await signIn(vault.url, 'alice', alicePassword);
    const page = await comeAsAlice();
    await page.goto(`${vault.url}/#/account`);
    await page.locator('.session', { hasText: 'this one' }).waitFor();
    const before = await page.locator('.session').count();
    expect(before).toBeGreaterThanOrEqual(2);
    const { body } = await ask<{ sessions: { id: string; is_current: boolean }[] }>(
      vault.url,
      'GET',
      '/auth/sessions',
      {
        token: elsewhere,
      },
    );
    const mine = body.sessions.findIndex((session) => session.is_current);
    await page.locator('.session').nth(mine).getByRole('button', { name: 'End' }).click();
    await page.getByRole('button', { name: 'End session' }).click();
    await said(page, 'The session has ended.');
    await expect.poll(() => page.locator('.session').count()).toBe(before - 1);
    expect((await ask(vault.url, 'GET', '/keys', { token: elsewhere })).status).toBe(401);

    const change = async (current: string, chosen: string) => {
      await page.getByLabel('Current password').fill(current);
      await page.getByLabel('New password', { exact: true }).fill(chosen);
      await page.getByLabel('New password again').fill(chosen);
      await page.getByRole('button', { name: 'Change password' }).click();
    };
    await change('wrong', 'another good password');
    await page.locator('.field', { hasText: 'The current password is not right.' }).waitFor();
    await change(alicePassword, 'another good password');
    await said(page, 'Your password is changed.');
    await expect.poll(() => page.locator('.session').count()).toBe(1);
    // It goes by itself; the next one says the same.
    await page.locator('.toast', { hasText: 'Your password is changed.' }).waitFor({ state: 'detached' });
    await change('another good password', alicePassword);
    await said(page, 'Your password is changed.');

    const ground = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    const light = await ground();
    await page.getByRole('radio', { name: 'Dark' }).check();
    await page.reload();
    await page.getByRole('heading', { name: 'Account' }).waitFor();
    expect(await ground()).not.toBe(light);
    await page.getByRole('radio', { name: 'System' }).check();
    expect(await ground()).toBe(light);
    await page.getByRole('main').getByRole('button', { name: 'Sign out' }).first().click();
    await page.getByLabel('User name').waitFor();
    expect((await visitor?.context.cookies())?.length).toBe(0);
  });

  test('about: version and health, and how programs go in', async () => {
    const page = await comeAsAlice();
    await page.getByRole('link', { name: 'About' }).click();
    await page.getByText('Healthy', { exact: true }).waitFor();
    expect(await textOf(page)).toContain(vault.url);
    expect(await page.getByRole('link', { name: '/health', exact: true }).getAttribute('href')).toBe('/health');
  });

  test('a session that ends in mid-work takes nothing along', async () => {
    const page = await comeAsAlice();
    await page.getByLabel('Search keys', { exact: true }).fill('alices');
    await page.getByRole('button', { name: 'Add key' }).click();
    await page.getByLabel('Name', { exact: true }).fill('HALF_TYPED');
    await page.getByLabel('Value', { exact: true }).fill('precious');
    await endSessions('alice', alicePassword);
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await page.getByText('Your session has ended. Sign in to go on where you were.').waitFor();
    expect(await page.content()).not.toContain('ALICES_KEY');
    expect(await page.getByLabel('User name').inputValue()).toBe('alice');
    await signInAs(page, 'alice', alicePassword);
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('HALF_TYPED');
    expect(await page.getByLabel('Value', { exact: true }).inputValue()).toBe('precious');
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await said(page, 'Added HALF_TYPED.');
    expect(page.url()).toContain('q=alices');
  });

  test('what one person was typing is not there for the next', async () => {
    const page = await comeAsAlice();
    await page.getByRole('button', { name: 'Add key' }).click();
    await page.getByLabel('Name', { exact: true }).fill('OF_ALICE');
    await endSessions('alice', alicePassword);
    await page.getByLabel('Value', { exact: true }).fill('hers');
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await page.getByText('Your session has ended.').waitFor();
    await signInAs(page, 'admin', adminPassword);
    await row(page, 'ALICES_KEY').waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.getByRole('button', { name: 'Add key' }).click();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('');
  });

  test('a key that is added while the list is on its way is in it', async () => {
    const page = await comeAsAdmin();
    await row(page, 'STRIPE_LIVE').waitFor();
    const arrive: (() => void)[] = [];
    await page.route(
      ({ pathname }) => pathname === '/keys',
      async (route) => {
        if (route.request().method() !== 'GET') return route.continue();
        const response = await route.fetch();
        await new Promise<void>((go) => arrive.push(go));
        await route.fulfill({ response });
      },
    );
    await page.getByRole('link', { name: 'Access Logs' }).click();
    await page.getByRole('link', { name: 'API Keys' }).click();
    await expect.poll(() => arrive.length).toBe(1);
    await page.getByRole('button', { name: 'Add key' }).click();
    await page.getByLabel('Name', { exact: true }).fill('MEANWHILE');
    await page.getByLabel('Value', { exact: true }).fill('1');
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await said(page, 'Added MEANWHILE.');
    await expect.poll(() => arrive.length).toBe(2);
    for (const go of arrive) {
      const arrived = page.waitForResponse((response) => new URL(response.url()).pathname === '/keys');
      go();
      await (await arrived).finished();
      await row(page, 'MEANWHILE').waitFor();
    }
    await page.unrouteAll();
    const token = await signIn(vault.url, 'admin', adminPassword);
    await ask(vault.url, 'DELETE', '/keys/MEANWHILE', { token });
  });

  test('an address that one may only see signed in leads there after signing in', async () => {
    const page = await come();
    await page.goto(`${vault.url}/#/logs?failures=only`);
    await page.reload();
    await signInAs(page, 'admin', adminPassword);
    await page.getByRole('heading', { name: 'Access Logs' }).waitFor();
    expect(await page.getByLabel('Refused only').isChecked()).toBe(true);
  });

  test('what happens to the session in one tab happens in all, and takes nothing typed along', async () => {
    const page = await comeAsAlice();
    const other = await page.context().newPage();
    await other.goto(`${vault.url}/`);
    await row(other, 'ALICES_KEY').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await other.getByLabel('User name').waitFor();
    await signInAs(page, 'alice', alicePassword);
    await row(other, 'ALICES_KEY').waitFor();
    await other.getByRole('button', { name: 'Add key' }).click();
    await other.getByLabel('Name', { exact: true }).fill('STILL_HERE');
    await other.getByLabel('Value', { exact: true }).fill('x');
    await endSessions('alice', alicePassword);
    await other.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await other.getByText('Your session has ended.').waitFor();
    await page.getByRole('button', { name: 'Reveal ALICES_KEY' }).click();
    await signInAs(page, 'alice', alicePassword);
    await other.getByRole('dialog').waitFor();
    expect(await other.getByLabel('Name', { exact: true }).inputValue()).toBe('STILL_HERE');
  });

  const endSessions = async (name: string, password: string) => {
    const token = await signIn(vault.url, name, password);
    const { body } = await ask<{ sessions: { id: string; is_current: boolean }[] }>(
      vault.url,
      'GET',
      '/auth/sessions',
      { token },
    );
    for (const { id, is_current } of body.sessions) {
      if (!is_current) await ask(vault.url, 'DELETE', `/auth/sessions/${id}`, { token });
    }
  };
});
