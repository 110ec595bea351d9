/** The UI with 10,001 keys: size, first paint and long tasks. The figures are written to output/bench/browser.json. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyringOf, sealAnew } from '../../testing/disk-vaults.ts';
import { ask, type RunningVault, signIn, startVault } from '../../testing/vault.ts';
import { describeInBrowser, launch, signInAs, visit } from './support/browser.ts';

const project = resolve(import.meta.dirname, '../..');
const password = 'correct horse battery';
const keysMade = 10_001;
const maxRows = 40;
/** What the first screen needs, compressed, and that with what is fetched after it. */
const maxStartBytes = 37 * 1024;
const maxAllBytes = 101 * 1024;
const maxStyleBytes = 12 * 1024;
/** The targets, for a machine that does nothing else. */
const targetLongTaskMs = 100;
const targetFirstPaintMs = 1_000;
/** What the test accepts, since other tests run at the same time. */
const maxLongTaskMs = 400;
const maxFirstPaintMs = 4_000;

let vault: RunningVault;
let browser: Browser;
const measured: Record<string, unknown> = { cores: cpus().length, keys: keysMade };

/** Writes the keys straight into the database: only reading them is measured. */
function fill(folder: string) {
  const objects = join(folder, 'data/v3/d1/miniflare-D1DatabaseObject');
  const file = readdirSync(objects).find((name) => name.endsWith('.sqlite') && !name.startsWith('metadata'));
  const db = new DatabaseSync(join(objects, file ?? ''));
  db.exec(`
    PRAGMA busy_timeout = 10000;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${keysMade - 1})
    INSERT INTO secrets (name, description, owner_id, created_by, created_at, updated_at, current_version)
    SELECT printf('SERVICE_%05d_API_KEY', i), 'Key number ' || i || ' of a team that has many of them', 1, 'admin',
      1700000000000 + i * 60000, 1700000000000 + ((i * 7919) % 10007) * 60000, 1
    FROM n`);
  sealAnew(db, keyringOf(join(folder, '.env')));
  db.close();
}

function watchLongTasks(page: Page) {
  return page.evaluate(`
    globalThis.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => Math.round(duration))))
      .observe({ type: 'longtask', buffered: true });
  `);
}

function longTasks(page: Page) {
  return page.evaluate<number[]>('new Promise((go) => setTimeout(() => go(longTasks.splice(0)), 100))');
}

function settled(page: Page) {
  return page.evaluate('new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(() => go(0))))');
}

function rows(page: Page) {
  return page.locator('.grid-body [role="row"]').count();
}

describeInBrowser('with 10,001 keys', () => {
  beforeAll(async () => {
    [vault, browser] = await Promise.all([startVault({ env: { ADMIN_PASSWORD: password } }), launch()]);
    const token = await signIn(vault.url, 'admin', password);
    await ask(vault.url, 'POST', '/keys', { token, body: { key_name: 'STRIPE', api_key: 'sk_1' } });
    fill(vault.folder);
  });
  afterAll(async () => {
    await browser?.close();
    await vault?.dispose();
    const folder = join(project, 'output/bench');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'browser.json'), `${JSON.stringify(measured, null, 2)}\n`);
  });

  test('the compressed scripts and styles are within their budgets, and the first screen needs less than half of the scripts', () => {
    const folder = join(project, 'dist/ui/assets');
    const page = readFileSync(join(project, 'dist/ui/index.html'), 'utf8');
    const sizes = readdirSync(folder).map((name) => ({
      name,
      bytes: gzipSync(readFileSync(join(folder, name))).length,
    }));
    const sum = (keeps: (name: string) => boolean) =>
      sizes.filter(({ name }) => keeps(name)).reduce((total, { bytes }) => total + bytes, 0);
    const isScript = (name: string) => name.endsWith('.js');
    const first = sum((name) => isScript(name) && page.includes(name));
    const js = sum(isScript);
    const css = sum((name) => name.endsWith('.css'));
    measured.gzipBytes = { first, js, css };
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(maxStartBytes);
    expect(first).toBeLessThan(js / 2);
    expect(js).toBeLessThan(maxAllBytes);
    expect(css).toBeGreaterThan(0);
    expect(css).toBeLessThan(maxStyleBytes);
  });

  // Retried, because the figures also measure everything else that the machine does.
  test('the list is shown, filtered, sorted and scrolled with only the visible rows in the page', {
    retry: 2,
  }, async () => {
    const { page, leave } = await visit(browser, vault.url);
    await signInAs(page, 'admin', password);
    await page.getByText('10,001 keys').waitFor();

    await page.reload();
    await watchLongTasks(page);
    await page.getByText('10,001 keys').waitFor();
    await settled(page);
    const paints = () => page.evaluate(`performance.getEntriesByName('first-contentful-paint').length`);
    await expect.poll(paints).toBe(1);
    const paint = await page.evaluate<Record<string, number>>(`({
      firstContentfulPaint: Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime),
      listOnScreen: Math.round(performance.now()),
    })`);
    const tasks: Record<string, number[]> = { load: await longTasks(page) };
    expect(await rows(page)).toBeLessThanOrEqual(maxRows);

    const search = page.getByLabel('Search keys', { exact: true });
    await search.pressSequentially('09999_api', { delay: 30 });
    await page.getByText('1 of 10,001').waitFor();
    tasks.filter = await longTasks(page);
    await search.fill('');
    await page.getByText('10,001 keys').waitFor();

    for (const column of ['Changed', 'Name', 'Created by']) {
      await page.getByRole('button', { name: column, exact: true }).click();
      await settled(page);
    }
    tasks.sort = await longTasks(page);

    await page.getByRole('button', { name: 'Name', exact: true }).click();
    const height = await page.evaluate<number>('document.documentElement.scrollHeight');
    for (let step = 1; step <= 40; step += 1) {
      await page.evaluate(`scrollTo(0, ${(height * step) / 40})`);
      await settled(page);
      expect(await rows(page)).toBeLessThanOrEqual(maxRows);
    }
    await page.getByRole('link', { name: 'STRIPE', exact: true }).waitFor();
    tasks.scroll = await longTasks(page);

    await page.getByRole('link', { name: 'STRIPE', exact: true }).click();
    await page.getByRole('region', { name: 'Key STRIPE' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('region', { name: 'Key STRIPE' }).waitFor({ state: 'detached' });
    await settled(page);
    tasks.key = await longTasks(page);

    measured.paintMs = paint;
    measured.longTasksMs = tasks;
    const longest = Math.max(0, ...Object.values(tasks).flat());
    measured.longestTaskMs = longest;
    measured.meetsTargets = longest <= targetLongTaskMs && (paint.firstContentfulPaint ?? 0) <= targetFirstPaintMs;
    expect(longest).toBeLessThan(maxLongTaskMs);
    expect(paint.firstContentfulPaint).toBeLessThan(maxFirstPaintMs);
    await leave();
  });

  test('End and Home move the focus to rows outside the page before the next key press', async () => {
    const { page, leave } = await visit(browser, vault.url);
    await signInAs(page, 'admin', password);
    await page.getByText('10,001 keys').waitFor();
    await page.locator('.grid-body [role="row"]').first().focus();
    // Waits for microtasks only, so the focus must have moved before the next frame.
    const focusedAfter = (key: string) =>
      page.evaluate<string | undefined>(`(async () => {
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: '${key}', bubbles: true }));
        for (let turn = 0; turn < 10; turn += 1) await null;
        return document.activeElement.dataset.index;
      })()`);
    expect(await focusedAfter('End')).toBe(String(keysMade - 1));
    expect(await focusedAfter('ArrowUp')).toBe(String(keysMade - 2));
    expect(await focusedAfter('Home')).toBe('0');
    await leave();
  });

  test('the palette finds the last key and copies it', async () => {
    const { page, leave } = await visit(browser, vault.url, { permissions: ['clipboard-read', 'clipboard-write'] });
    await signInAs(page, 'admin', password);
    await page.getByText('10,001 keys').waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('stripe');
    await page.keyboard.press('Enter');
    await page.locator('.toast', { hasText: 'Copied STRIPE.' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('sk_1');
    await leave();
  });

  test('the answer with the list is compressed and contains no values', async () => {
    const token = await signIn(vault.url, 'admin', password);
    const response = await fetch(`${vault.url}/keys`, { headers: { Authorization: `Bearer ${token}` } });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    const { keys, next } = (await response.json()) as { keys: Record<string, string>[]; next: string };
    expect(keys).toHaveLength(keysMade - 1);
    expect(next).toBe(keys.at(-1)?.key_name);
    expect(new Set(Object.keys(keys[0] ?? {}))).toEqual(
      new Set(
        'created_at created_by description expires_at key_name labels owner project revision role rotate_every_days rotation_due_at updated_at value_changed_at version'.split(
          ' ',
        ),
      ),
    );
  });
});
