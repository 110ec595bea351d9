import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import { describeInBrowser, holdAnswers } from './support/browser.ts';
import { browserKit, type Person } from './support/kit.ts';

/** More than one page of entries. */
const views = 110;

describeInBrowser('access logs', () => {
  const { url, admin, fresh, newUser, addKey, comeAs } = browserKit();
  let user: Person;
  let key: string;

  /** A user who has viewed a key more often than a page of the log has entries. */
  beforeAll(async () => {
    user = await newUser();
    key = fresh('VIEWED');
    await addKey(user, key);
    for (let viewed = 0; viewed < views; viewed += 10) {
      const batch = Array.from({ length: 10 }, () => ask(url(), 'GET', `/keys/${key}`, { token: user.token }));
      for (const { status } of await Promise.all(batch)) expect(status).toBe(200);
    }
  });

  const openLogs = async (person: Person, query = '') => {
    const page = await comeAs(person);
    await page.goto(`${url()}/#/logs${query}`);
    await page.locator('.log').first().waitFor();
    return page;
  };
  const entries = (page: Page) => page.locator('.log').count();

  test('entries read as sentences, refused ones say why, and a chart shows the activity by hours or days', async () => {
    const theirs = fresh('THEIRS');
    await addKey(admin(), theirs);
    await ask(url(), 'GET', `/keys/${theirs}`, { token: user.token });
    const page = await openLogs(admin());
    const sentence = `${user.name} tried to view ${theirs} Refused: it belongs to another user`;
    await page.locator('.log.refused', { hasText: sentence }).waitFor();
    const time = page.locator('.log time').first();
    expect(await time.getAttribute('datetime')).toMatch(/^\d{4}-.*Z$/);
    expect(await time.getAttribute('title')).toMatch(/20\d\d/);

    await page.getByRole('img', { name: /Activity in the last 48 hours/ }).waitFor();
    await page.getByRole('radio', { name: 'Days' }).check();
    await page.getByRole('img', { name: /Activity in the last 30 days/ }).waitFor();
  });

  test('filters are in the address, and older entries are loaded on request', async () => {
    const page = await openLogs(admin());
    await page.getByLabel('Action').selectOption('view_key');
    await page.getByLabel('User', { exact: true }).fill(user.name);
    await page.getByLabel('Key or target').fill('VIEWED');
    await page.waitForURL(new RegExp(`#/logs\\?action=view_key&user=${user.name}&key=VIEWED`));
    await expect.poll(() => page.locator('.log', { hasNotText: `${user.name} viewed ${key}` }).count()).toBe(0);
    // What was done again and again is one line.
    const times = page.locator('.log .badge');
    expect(await times.allTextContents()).toEqual(['100 times']);
    await page.getByRole('button', { name: 'Load older entries' }).click();
    await expect.poll(() => times.allTextContents()).toEqual([`${views} times`]);
    await page.getByText('No older entries.').waitFor();
    await page.getByRole('button', { name: 'The entries' }).click();
    expect(await page.locator('.log-members li').count()).toBe(views);
    await page.locator('.log-members summary').nth(1).click();
    await page.locator('.facts', { hasText: 'view_key' }).waitFor();
  });

  test('a click on a name filters by the whole name, and a chip takes that back', async () => {
    // A part of their names is the name of another user.
    const person = await newUser();
    await ask(url(), 'POST', '/users', {
      token: admin().token,
      body: { username: `${person.name}x`, password: 'quiet river stone' },
    });
    await ask(url(), 'POST', '/auth/login', { body: { username: `${person.name}x`, password: 'quiet river stone' } });
    const page = await openLogs(admin(), `?user=${person.name}`);
    await page
      .locator('.log', { hasText: `${person.name}x` })
      .first()
      .waitFor();
    await page.locator('.log').getByRole('button', { name: person.name, exact: true }).first().click();
    await page.waitForURL(/match=exact/);
    await expect.poll(() => page.locator('.log', { hasText: `${person.name}x signed in` }).count()).toBe(0);
    const chip = page.getByRole('list', { name: 'Filters' });
    await expect.poll(() => chip.textContent()).toContain(`User is ${person.name}`);
    // The facts of an entry can be clicked, too.
    await page.getByRole('button', { name: 'All facts' }).first().click();
    await page.locator('.facts').getByRole('button', { name: '127.0.0.1' }).click();
    await expect.poll(() => chip.locator('li').count()).toBe(2);
    await page.getByRole('button', { name: `Remove: User is ${person.name}` }).click();
    await expect.poll(() => chip.textContent()).toBe('Address is 127.0.0.1');
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await expect.poll(() => chip.count()).toBe(0);
    await expect.poll(() => new URL(page.url()).hash).toBe('#/logs');
  });

  test('entries of plain browsing are counted, and shown on request, also after a reload', async () => {
    const person = await newUser();
    for (let asked = 0; asked < 4; asked += 1) await ask(url(), 'GET', '/keys', { token: person.token });
    const page = await comeAs(admin());
    await page.goto(`${url()}/#/logs?user=${person.name}`);
    await page.getByText('4 routine entries hidden').waitFor();
    const listed = page.locator('.log', { hasText: `${person.name} listed the keys` });
    expect(await listed.count()).toBe(0);
    await page.getByLabel('Show routine').check();
    await listed.locator('.badge', { hasText: '4 times' }).waitFor();
    await page.waitForURL(/routine=show/);
    await page.reload();
    await listed.waitFor();
    await page.goto(`${url()}/#/logs?user=${person.name}&action=list_keys`);
    await listed.waitFor();
  });

  test('rows are reached by arrow keys, and open to what they stand for', async () => {
    const page = await openLogs(admin());
    const openers = page.locator('.log-open');
    await openers.first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate(`document.activeElement === document.querySelectorAll('.log-open')[2]`)).toBe(true);
    expect(await page.locator('.log-open[tabindex="0"]').count()).toBe(1);
    await page.keyboard.press('Enter');
    await page.locator('.log').nth(2).locator('.log-more').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.log-more').waitFor({ state: 'detached' });
  });

  test('a log that is followed shows new entries by itself, and what it asks is folded away', async () => {
    const page = await comeAs(admin(), { hasClock: true });
    const asked: string[] = [];
    page.on('request', (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (pathname === '/logs') asked.push(searchParams.get('after') ?? 'all');
    });
    await page.goto(`${url()}/#/logs`);
    await page.locator('.log').first().waitFor();
    await page.getByRole('button', { name: 'Live' }).click();
    await expect.poll(() => asked.length).toBe(2);
    const name = fresh('FOLLOWED');
    await addKey(user, name);
    await page.clock.runFor(3_100);
    await page
      .locator('.log')
      .first()
      .filter({ hasText: `${user.name} added the key ${name}` })
      .waitFor();
    expect(asked.filter((after) => after === 'all')).toHaveLength(1);
    expect(await page.locator('.log', { hasText: 'viewed the access logs' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Live' }).click();
    const before = asked.length;
    await page.clock.runFor(120_000);
    expect(asked.length).toBe(before);
  });

  test('refused entries can be shown alone, also after a reload, and filters can be cleared', async () => {
    await ask(url(), 'GET', '/users', { token: user.token });
    const page = await openLogs(admin(), `?user=${user.name}`);
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByLabel('Refused only').check();
    await page.waitForURL(/#\/logs\?failures=only/);
    await page.reload();
    await page.locator('.log').first().waitFor();
    expect(await page.locator('.log:not(.refused)').count()).toBe(0);
    await page.getByLabel('Address').fill('203.0.113.');
    await page.getByRole('heading', { name: 'No matching entries' }).waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.locator('.log').first().waitFor();
  });

  test('a late answer to earlier filters changes nothing', async () => {
    const page = await comeAs(admin());
    // The list alone: the chart takes the same filters.
    const held = await holdAnswers(page, ({ href }) => /\/logs\?.*NOWHERE/.test(href));
    await page.goto(`${url()}/#/logs`);
    await page.getByRole('button', { name: 'Load older entries' }).waitFor();
    await page.getByLabel('Key or target').fill('NOWHERE');
    await expect.poll(() => held.length).toBe(1);
    const unfiltered = page.waitForResponse((response) => /logs\?(?!.*NOWHERE)/.test(response.url()));
    await page.getByRole('button', { name: 'Clear' }).click();
    await unfiltered;
    const late = page.waitForResponse(/\/logs\?.*NOWHERE/);
    held[0]?.();
    await (await late).finished();
    const before = await entries(page);
    await page.getByRole('button', { name: 'Load older entries' }).click();
    await expect.poll(() => entries(page)).toBeGreaterThan(before);
  });

  test('if the log cannot be loaded, the page says why and offers to try again', async () => {
    const page = await comeAs(admin());
    await page.route('**/logs?*', (route) => route.abort());
    await page.getByRole('link', { name: 'Access Logs' }).click();
    await page.getByRole('heading', { name: 'Could not load the access log' }).waitFor();
    await page.getByText('The vault is not responding.').waitFor();
    await page.unroute('**/logs?*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.log').first().waitFor();
  });

  describe('the chart', () => {
    const counted = (page: Page) => page.locator('.chart figcaption');
    const answers = (page: Page) => {
      const asked: URLSearchParams[] = [];
      page.on('request', (request) => {
        const { pathname, searchParams } = new URL(request.url());
        if (pathname === '/logs/activity') asked.push(searchParams);
      });
      return asked;
    };

    test('counts what the filters let through, by hours and by days, also after a reload', async () => {
      const page = await openLogs(admin(), `?action=view_key&user=${user.name}&key=VIEWED`);
      await expect.poll(() => counted(page).textContent()).toContain('matching events in the last 48 hours');
      await expect.poll(() => counted(page).locator('strong').textContent()).toBe(String(views));
      await page.getByRole('img', { name: /Matching activity in the last 48 hours/ }).waitFor();
      await page.getByRole('radio', { name: 'Days' }).check();
      await page.getByRole('img', { name: /Matching activity in the last 30 days/ }).waitFor();
      expect(await counted(page).locator('strong').textContent()).toBe(String(views));
      await page.getByLabel('Refused only').check();
      await expect.poll(() => counted(page).locator('strong').textContent()).toBe('0');
      await page.reload();
      await page.getByRole('img', { name: /Matching activity/ }).waitFor();
      expect(await counted(page).locator('strong').textContent()).toBe('0');
      await page.getByRole('button', { name: 'Clear' }).first().click();
      await expect.poll(() => counted(page).textContent()).not.toContain('matching');
    });

    test.each([
      ['Pacific/Kiritimati', '2026-11-25T09:30:00Z', 'Nov 25', 'Nov 26'],
      ['Pacific/Pago_Pago', '2026-11-25T10:30:00Z', 'Nov 24', 'Nov 25'],
      ['Asia/Kolkata', '2026-11-25T18:00:00Z', 'Nov 25', 'Nov 26'],
    ])('has days that begin at midnight in %s', async (timezoneId, midnight, before, after) => {
      const page = await comeAs(admin(), { timezoneId, locale: 'en-US', hasClock: true });
      await page.clock.setSystemTime('2026-11-27T12:00:00Z');
      const asked = answers(page);
      const at = (hours: number) => new Date(Date.parse(midnight) + hours * 3_600_000).toISOString();
      const counts = [
        { time: at(-1.5), allowed: 2, refused: 0 },
        { time: at(0.5), allowed: 30, refused: 1 },
      ];
      await page.route('**/logs/activity*', (route) => route.fulfill({ json: { activity: counts, step: 3_600 } }));
      await page.goto(`${url()}/#/logs`);
      await page.getByRole('radio', { name: 'Days' }).check();
      await page.getByRole('img', { name: /30 days/ }).waitFor();
      const titles = await page.locator('.chart title').allTextContents();
      expect(titles).toContain(`${before}: 2 allowed, 0 refused`);
      expect(titles).toContain(`${after}: 30 allowed, 1 refused`);
      expect(Object.fromEntries(asked.at(-1) ?? [])).toMatchObject({ per: 'hour', hours: '744' });
    });

    test('sets the range of time by dragging and by the keyboard, and clears it', async () => {
      const page = await openLogs(admin());
      await page.getByRole('img', { name: /Activity in the last 48 hours/ }).waitFor();
      const box = (await page.locator('.brush svg').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
      const bar = box.width / 48;
      const y = box.y + box.height / 2;
      const hash = () => new URLSearchParams(new URL(page.url()).hash.split('?')[1]);
      const hours = () => (Date.parse(hash().get('to') ?? '') - Date.parse(hash().get('from') ?? '')) / 3_600_000;
      await page.mouse.move(box.x + 40.5 * bar, y);
      await page.mouse.down();
      await page.mouse.move(box.x + 47.5 * bar, y, { steps: 3 });
      await page.mouse.up();
      await expect.poll(hours).toBe(8);
      await page.locator('.log').first().waitFor();
      // A part without entries.
      const slider = page.getByRole('slider', { name: 'Range of time' });
      await slider.focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('Shift+ArrowRight');
      await page.keyboard.press('Shift+ArrowRight');
      await expect.poll(hours).toBe(3);
      expect(await slider.getAttribute('aria-valuetext')).toContain('Chosen: 3 hours');
      await page.getByRole('heading', { name: 'No matching entries' }).waitFor();
      expect(await counted(page).locator('strong').textContent()).toBe('0');
      await page.keyboard.press('Escape');
      await expect.poll(() => page.url()).not.toContain('from=');
      await page.locator('.log').first().waitFor();
    });

    test('goes back in time', async () => {
      const page = await openLogs(admin());
      const asked = answers(page);
      await page.getByRole('button', { name: 'Earlier' }).click();
      await page.getByRole('img', { name: /in the 48 hours until/ }).waitFor();
      const { from = '', to = '' } = Object.fromEntries(asked.at(-1) ?? []);
      expect(Date.parse(to) - Date.parse(from)).toBe(48 * 3_600_000);
      expect(Date.parse(to)).toBeLessThan(Date.now() - 46 * 3_600_000);
      await page.getByRole('button', { name: 'Later' }).click();
      await page.getByRole('img', { name: /in the last 48 hours/ }).waitFor();
    });

    test('says from when it counts if the log is too long, and that it could not be loaded', async () => {
      const page = await comeAs(admin());
      const activity = [{ time: new Date().toISOString(), allowed: 1, refused: 0 }];
      const partial = { activity, step: 3_600, complete_from: '2026-11-24T10:00:00.000Z' };
      await page.route('**/logs/activity*', (route) => route.fulfill({ json: partial }));
      await page.goto(`${url()}/#/logs`);
      await expect.poll(() => counted(page).textContent()).toContain('Counted since');
      await page.route('**/logs/activity*', (route) => route.abort());
      await page.reload();
      await page.getByText('The activity could not be loaded.').waitFor();
    });
  });

  test('a search of a long log goes on by itself a few times, and then on request', async () => {
    const page = await comeAs(admin());
    const asked: string[] = [];
    await page.route('**/logs?*', (route) => {
      const before = new URL(route.request().url()).searchParams.get('before') ?? '100';
      asked.push(before);
      const next = Number(before) - 10;
      return route.fulfill({ json: { logs: [], ...(next > 0 && { next }) } });
    });
    await page.goto(`${url()}/#/logs?key=rare`);
    await page.getByText('None of the newer entries matches').waitFor();
    expect(asked).toEqual(['100', '90', '80', '70', '60']);
    await page.getByRole('button', { name: 'Load older entries' }).click();
    await page.getByText('No entry in the log matches all of these filters.').waitFor();
    expect(asked.at(-1)).toBe('10');
  });

  test('the log is exported as it is filtered', async () => {
    const name = fresh('EXPORTED');
    await addKey(user, name);
    const page = await openLogs(admin(), `?key=${name}`);
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByText('All entries that match the filters').waitFor();
    await page.getByRole('radio', { name: 'CSV' }).check();
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe('keystore-log.csv');
    const lines = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\r\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain(`"${name}"`);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  describe('seals and proofs', () => {
    const facts = (page: Page) => page.getByRole('button', { name: 'All facts' }).first();
    const proof = (page: Page) => page.locator('.proof');
    const seal = (page: Page) => page.locator('.seal');
    /** The answer is no JSON. */
    const sealLog = async () => {
      const headers = { Authorization: `Bearer ${admin().token}` };
      expect((await fetch(`${url()}/logs/checkpoint`, { method: 'POST', headers })).status).toBe(200);
    };

    test('the browser computes that an entry is what the vault sealed, and seals a new one on request', async () => {
      const name = fresh('PROVEN');
      await addKey(user, name);
      await sealLog();
      const page = await openLogs(admin(), `?key=${name}`);
      await expect.poll(() => seal(page).textContent()).toMatch(/Sealed up to .*entry \d/);
      await facts(page).click();
      await proof(page).getByText('Verified', { exact: true }).waitFor();
      await proof(page).getByText('that the vault signed as keystore/').waitFor();

      const newer = fresh('UNSEALED');
      await addKey(user, newer);
      await page.goto(`${url()}/#/logs?key=${newer}`);
      await page.locator('.log', { hasText: newer }).waitFor();
      await facts(page).click();
      await proof(page).getByText('Not sealed yet.').waitFor();
      // That it asked for no proof in vain: each would be a refused entry of the log.
      const { body } = await ask(url(), 'GET', '/logs?action=view_proof&success=false', { token: admin().token });
      expect(body).toMatchObject({ logs: [] });
      await proof(page).getByRole('button', { name: 'Seal now' }).click();
      await proof(page).getByText('Verified', { exact: true }).waitFor();
    });

    test('the browser says so if an entry is shown otherwise than it was sealed', async () => {
      const name = fresh('FORGED');
      await addKey(user, name);
      await sealLog();
      const page = await comeAs(admin());
      await page.route(/\/logs\?/, async (route) => {
        const response = await route.fetch();
        const text = (await response.text()).replaceAll(`"${user.name}"`, '"somebody"');
        return route.fulfill({ response, body: text });
      });
      await page.goto(`${url()}/#/logs?key=${name}`);
      await page.locator('.log', { hasText: `somebody added the key ${name}` }).waitFor();
      await facts(page).click();
      await proof(page).getByText('what was sealed has another actor name than this entry shows').waitFor();
    });

    test('the vault verifies its log part by part, until it is stopped or finds something', async () => {
      await sealLog();
      const page = await openLogs(admin());
      const verify = page.getByRole('button', { name: /^Verify/ });
      await verify.click();
      await seal(page).getByText('all are as they were sealed').waitFor();

      const asked: string[] = [];
      let isEdited = false;
      await page.route('**/logs/verify?*', async (route) => {
        const after = Number(new URL(route.request().url()).searchParams.get('after'));
        asked.push(String(after));
        const wrong = isEdited && after >= 200 ? { id: 207, kind: 'edited' } : null;
        await new Promise((go) => setTimeout(go, 100));
        await route.fulfill({ json: { size: 100_000, root: '', checked_to: after + 100, next: after + 100, wrong } });
      });
      await verify.click();
      await seal(page)
        .getByText(/verifying, [1-9]00 of 100,000/)
        .waitFor();
      await page.getByRole('button', { name: 'Stop' }).click();
      await verify.waitFor();
      isEdited = true;
      await verify.click();
      await seal(page).getByText('Entry 207 does not hold: edited').waitFor();
      expect(asked.at(-1)).toBe('200');
    });
  });

  test('users see their own entries only, refused ones included', async () => {
    await ask(url(), 'GET', '/users', { token: user.token });
    const page = await openLogs(user);
    const sentence = `${user.name} tried to list the users Refused: admins only`;
    await page.locator('.log.refused', { hasText: sentence }).first().waitFor();
    expect(new Set(await page.locator('.log strong').allTextContents())).toEqual(new Set([user.name]));
    expect(await page.getByLabel('User', { exact: true }).count()).toBe(0);
    // Seals and proofs are for admins.
    await page.getByRole('button', { name: 'All facts' }).first().click();
    await page.locator('.facts').waitFor();
    expect(await page.locator('.seal, .proof').count()).toBe(0);
  });
});
