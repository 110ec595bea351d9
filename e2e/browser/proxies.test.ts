/** The UI under a sub-path, and behind a proxy that rewrites Host, as nginx does by default. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type RunningVault, startVault } from '../../testing/vault.ts';
import { addKeyByForm, describeInBrowser, keyRow, launch, newVisitor, plainHost, signInAs } from './support/browser.ts';

const adminPassword = 'correct horse battery';

/** Starts a proxy that asks the vault under the vault's own address, and adds nothing. Returns its port. */
async function startRewritingProxy(vaultUrl: string): Promise<number> {
  const { host, hostname, port } = new URL(vaultUrl);
  const server = createServer((req, res) => {
    const { method, url: path, headers } = req;
    const sent = request({ hostname, port, method, path, headers: { ...headers, host } }, (reply) => {
      res.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(res);
    });
    sent.on('error', () => res.destroy());
    req.pipe(sent);
  });
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describeInBrowser('behind a proxy', () => {
  let vault: RunningVault;
  let browser: Browser;
  beforeAll(async () => {
    const env = { ADMIN_PASSWORD: adminPassword, BASE_PATH: '/vault' };
    [vault, browser] = await Promise.all([startVault({ env }), launch()]);
  });
  afterAll(async () => {
    await browser?.close();
    await vault?.dispose();
  });

  test('under a sub-path everything works, and an address of the API that a person types opens its view', async () => {
    const { page, context, leave } = await newVisitor(browser, `${vault.url}/vault`);
    await page.goto(`${vault.url}/vault/`);
    await signInAs(page, 'admin', adminPassword);
    await addKeyByForm(page, 'UNDER_A_PATH', 'a value');
    await keyRow(page, 'UNDER_A_PATH').waitFor();
    expect((await context.cookies())[0]).toMatchObject({ path: '/vault', sameSite: 'Strict' });
    for (const [typed, heading] of [
      ['logs', 'Access Logs'],
      ['users', 'Users'],
      ['keys', 'API Keys'],
    ]) {
      await page.goto(`${vault.url}/vault/${typed}`);
      await page.getByRole('heading', { name: heading ?? '', exact: true }).waitFor();
      expect(page.url()).toBe(`${vault.url}/vault/#/${typed}`);
    }
    await page.goto(`${vault.url}/vault/keys/UNDER_A_PATH`);
    await keyRow(page, 'UNDER_A_PATH').waitFor();
    expect(await page.locator('body').textContent()).not.toContain('a value');
    await page.goto(`${vault.url}/vault/#/about`);
    await page.getByText(`curl ${vault.url}/vault/auth/login`).waitFor();
    await leave();
  });

  test('that rewrites Host over plain HTTP, a change is refused with both origins, and the session goes on', async () => {
    const url = `http://${plainHost}:${await startRewritingProxy(vault.url)}`;
    const { page, context } = await newVisitor(browser, url);
    await page.goto(`${url}/vault/`);
    await signInAs(page, 'admin', adminPassword);
    await page.getByRole('heading', { name: 'API Keys' }).waitFor();
    await addKeyByForm(page, 'REFUSED', 'a value');
    await page.getByText(`a page of ${url}, but the vault was asked as ${vault.url},`).waitFor();
    await page.getByText('proxy_set_header Host').waitFor();
    await context.close();
  });

  test('that rewrites Host, a browser that vouches for the page is believed', async () => {
    const url = `http://localhost:${await startRewritingProxy(vault.url)}`;
    const { page, leave } = await newVisitor(browser, url);
    await page.goto(`${url}/vault/`);
    await signInAs(page, 'admin', adminPassword);
    await addKeyByForm(page, 'VOUCHED_FOR', 'a value');
    await keyRow(page, 'VOUCHED_FOR').waitFor();
    await leave();
  });
});
