/** How the pages look to those who read large text, use fingers, force colours or print, and what red means. */
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../../testing/vault.ts';
import { addKeyByForm, describeInBrowser, overflow, signInAs, type VisitOptions } from './support/browser.ts';
import { browserKit } from './support/kit.ts';

const value = 'sk_live_1';
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

/** Calls a function of the page, given as text, with an element. */
function inPage<Result>(element: Locator, source: string): Promise<Result> {
  return element.evaluate(new Function('one', `return (${source})(one)`) as (one: unknown) => Result);
}

describeInBrowser('the look', () => {
  const { url, admin, fresh, newUser, addKey, come, comeAs } = browserKit();
  let key: string;

  beforeAll(async () => {
    key = fresh('A_NAME_THAT_IS_LONGER_THAN_A_PHONE_IS_WIDE');
    await addKey(admin(), key, value, 'A description that is longer than a phone is wide');
    for (let made = 0; made < 30; made += 1) await addKey(admin(), fresh('KEY'));
    const user = await newUser();
    const { token } = admin();
    await ask(url(), 'POST', '/projects', {
      token,
      body: { name: 'shop', description: 'What the web shop needs to run' },
    });
    await ask(url(), 'PUT', `/projects/shop/members/${user.name}`, { token, body: { role: 'viewer' } });
    for (const name of ['dev/A', 'prod/B']) await addKey(admin(), `shop/${name}`);
    const old = { key_name: 'shop/LOOSE', api_key: 'x', expires_at: '2020-01-01' };
    await ask(url(), 'POST', '/keys', { token, body: old });
    const gone = fresh('GONE');
    await addKey(admin(), gone);
    await ask(url(), 'DELETE', `/keys/${gone}`, { token });
    await ask(url(), 'GET', '/users', { token: user.token });
    await ask(url(), 'GET', '/keys/missing', { token: admin().token });
  });

  const open = async (page: Page, hash: string, item: string) => {
    await page.goto(`${url()}/#/${hash}`);
    await page.locator(item).first().waitFor();
  };
  const pages: [hash: string, item: string][] = [
    ['keys', '.grid-body [role="row"]'],
    ['keys/A_NAME_THAT_IS_LONGER_THAN_A_PHONE_IS_WIDE_001', '.key-page .facts'],
    ['projects', '.project'],
    ['projects/shop', '.project-settings button'],
    ['projects/shop?view=members', '.members .menu-button'],
    ['projects/shop?view=environments', '.env td'],
    ['care', '.trash-item'],
    ['trash', '.trash-item'],
    ['logs', '.log'],
    ['users', '.users .table-row .switch'],
    ['account', '.session'],
    ['about', '.pairs'],
  ];
  const openForm = async (page: Page) => {
    await open(page, 'keys', '.grid');
    await page.getByRole('button', { name: 'Add key' }).click();
    await page.getByText('Generate a random value').click();
  };
  const openPalette = async (page: Page) => {
    await open(page, 'keys', '.grid');
    await page.keyboard.press('Control+k');
    await page.locator('dialog [role="option"]').first().waitFor();
  };
  const goBig = (page: Page) => page.evaluate(`document.documentElement.style.fontSize = '200%'`);

  describe('size', () => {
    test('follows the text size of the browser, and fields are large enough that iOS does not zoom in', async () => {
      const page = await comeAs(admin());
      expect(await page.evaluate('getComputedStyle(document.documentElement).fontSize')).toBe('16px');
      const small: string[] = [];
      for (const show of [
        openForm,
        ...pages.map(
          ([hash, item]) =>
            (of: Page) =>
              open(of, hash, item),
        ),
        openPalette,
      ]) {
        await show(page);
        small.push(
          ...(await page.evaluate<string[]>(`
            [...document.querySelectorAll('input:not([type=checkbox], [type=radio], [type=range], [hidden]), select, textarea')]
              .filter((field) => parseFloat(getComputedStyle(field).fontSize) < 16)
              .map((field) => field.outerHTML)
          `)),
        );
        if ((await page.getByRole('dialog').count()) > 0) await page.keyboard.press('Escape');
      }
      expect(small).toEqual([]);
    });

    /** Walks from the middle of each control to where something else would be clicked. */
    const tooSmall = (page: Page, least: number) =>
      page.evaluate<string[]>(`(() => {
        const scope = document.querySelector('dialog[open]') ?? document;
        const controls = [...scope.querySelectorAll('a[href], button, summary, select, textarea, input:not([hidden]), [role=option]')]
          .filter((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }) && !one.closest('[aria-hidden=true]'));
        const reach = (one, dx, dy) => {
          const box = (one.matches('.segmented input') ? one.closest('label') : one).getBoundingClientRect();
          const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
          let steps = 0;
          while (steps < 60) {
            const hit = document.elementFromPoint(x + dx * steps, y + dy * steps);
            const target = hit?.closest('a, button, summary, select, textarea, input, [role=option]') ?? hit?.closest('label')?.control;
            if (target !== one) break;
            steps += 0.5;
          }
          return steps;
        };
        return controls.flatMap((one) => {
          // What stands in a sentence may be small (WCAG 2.5.8); the open entry has the same names, large enough.
          if (one.matches('.skip') || (${least} > 24 && one.matches('p .pick'))) return [];
          one.scrollIntoView({ block: 'center', inline: 'center' });
          const [wide, high] = [reach(one, 1, 0) + reach(one, -1, 0), reach(one, 0, 1) + reach(one, 0, -1)];
          // A check box is hit through its label.
          return Math.min(one.matches('[type=checkbox]') ? ${least} : wide, high) < ${least} - 1.5
            ? [wide + ' × ' + high + ': ' + (one.getAttribute('aria-label') ?? one.textContent ?? one.outerHTML).trim() + ' ' + one.className]
            : [];
        });
      })()`);

    test.each([
      ['a finger on a phone', 44, phone],
      ['a finger on a narrow phone', 44, { ...phone, viewport: { width: 320, height: 640 } }],
      ['a finger on a tablet', 44, { viewport: { width: 1100, height: 800 }, hasTouch: true, isMobile: true }],
      ['a mouse', 24, {}],
    ] as const)('whatever reacts is large enough for %s', async (_, least, options) => {
      const page = await comeAs(admin(), options);
      const found: Record<string, string[]> = {};
      for (const [hash, item] of pages) {
        await open(page, hash, item);
        found[hash] = [...new Set(await tooSmall(page, least))];
      }
      await openForm(page);
      found.form = await tooSmall(page, least);
      await page.keyboard.press('Escape');
      await openPalette(page);
      found.palette = await tooSmall(page, least);
      expect(found).toEqual(
        Object.fromEntries([...pages.map(([hash]) => hash), 'form', 'palette'].map((name) => [name, []])),
      );
    });

    /**
     * Pairs of texts of one row, or of two rows, that are drawn over each other; and text that is cut off at the bottom. The tools of
     * the row under the mouse are meant to lie over its end.
     */
    const collisions = (page: Page) =>
      page.evaluate<string[]>(`(() => {
        const rows = [...document.querySelectorAll('.grid-body [role=row], .log, .table-row')].filter((row) => {
          // Off the screen, the browser does not lay entries out.
          const { top, bottom } = row.getBoundingClientRect();
          return bottom > 0 && top < innerHeight;
        });
        const bounds = rows.map((row) => row.getBoundingClientRect()).sort((a, b) => a.top - b.top);
        const overlapping = bounds.filter((box, index) => index > 0 && box.top < bounds[index - 1].bottom - 0.6).map(() => 'rows overlap');
        const inside = rows.flatMap((row) => {
          const parts = [...row.querySelectorAll('.row-name, .row-description, time, .value, .icon-button, .badge, .disc, select, .switch, .log-text, .log-meta, .who')]
            .filter((one) => one.checkVisibility() && !one.closest('.value .value, .row-tools') && one.getBoundingClientRect().width > 0);
          const box = row.getBoundingClientRect();
          return parts.flatMap((a, at) => {
            const first = (a.closest('.cut') ?? a).getBoundingClientRect();
            const sticksOut = first.bottom > box.bottom + 1 || first.top < box.top - 1 ? [a.className + ' sticks out of its row'] : [];
            return sticksOut.concat(parts.slice(at + 1).flatMap((b) => {
              if (a.contains(b) || b.contains(a)) return [];
              const second = (b.closest('.cut') ?? b).getBoundingClientRect();
              const wide = Math.min(first.right, second.right) - Math.max(first.left, second.left);
              const high = Math.min(first.bottom, second.bottom) - Math.max(first.top, second.top);
              return wide > 1 && high > 1 ? [(a.className || a.tagName) + ' over ' + (b.className || b.tagName)] : [];
            }));
          });
        });
        return [...new Set(overlapping.concat(inside))];
      })()`);

    test.each([
      [320, '100%'],
      [360, '100%'],
      [768, '100%'],
      [1280, '100%'],
      [360, '200%'],
      [768, '200%'],
      [1280, '200%'],
    ])('at %i, with text of %s, nothing is drawn over something else', async (width, size) => {
      const page = await comeAs(admin(), { viewport: { width, height: 740 } });
      const found: Record<string, string[]> = {};
      for (const [hash, item] of pages) {
        await open(page, hash, item);
        await page.evaluate(`document.documentElement.style.fontSize = '${size}'`);
        await expect.poll(() => collisions(page)).toEqual([]);
        found[hash] = await collisions(page);
        await expect.poll(async () => [hash, await overflow(page)]).toEqual([hash, 0]);
      }
    });

    test('rows follow a text that grows while they are on screen, and the same row stays at the top', async () => {
      const page = await comeAs(admin());
      await open(page, 'keys', '.grid-body [role="row"]');
      await page.evaluate('scrollTo(0, 900)');
      const top = () =>
        page.evaluate<string>(`
          [...document.querySelectorAll('.grid-body [role=row]')]
            .sort((a, b) => a.dataset.index - b.dataset.index)
            .find((row) => row.getBoundingClientRect().bottom > 1).dataset.index
        `);
      await expect.poll(top).not.toBe('0');
      // The list hears of the scrolling with the next frame.
      await page.evaluate('new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))');
      const before = Number(await top());
      // Larger text alone: no rem, and no event but the new size.
      await page.evaluate(`
        const sheet = new CSSStyleSheet();
        sheet.replaceSync('.row-name, .note { font-size: 30px !important; line-height: 1.6 !important }');
        document.adoptedStyleSheets = [sheet];
      `);
      await expect.poll(() => collisions(page)).toEqual([]);
      expect(Math.abs(Number(await top()) - before)).toBeLessThanOrEqual(1);
      await page.evaluate('document.adoptedStyleSheets = []');
      await expect
        .poll(() => inPage(page.locator('.grid-body [role="row"]').first(), '(row) => row.offsetHeight'))
        .toBe(44);
    });

    test('badges and counts do not break over two lines', async () => {
      const page = await comeAs(admin(), { viewport: { width: 320, height: 640 } });
      for (const [hash, item] of [
        ['account', '.badge'],
        ['logs', '.legend-refused'],
      ] as const) {
        await open(page, hash, item);
        const pill = page.locator(item).first();
        expect(await inPage(pill, '(one) => one.getClientRects().length')).toBe(1);
        const lines = await inPage<number>(
          pill,
          '(one) => one.offsetHeight / parseFloat(getComputedStyle(one).lineHeight)',
        );
        expect(lines).toBeLessThan(1.6);
      }
    });

    test('no dialog loses its buttons when the text is large', async () => {
      const page = await comeAs(admin(), phone);
      await openForm(page);
      await goBig(page);
      const add = page.getByRole('dialog').getByRole('button', { name: 'Add key' });
      await add.scrollIntoViewIfNeeded();
      expect(await add.isVisible()).toBe(true);
      expect(
        await page.evaluate(
          `(() => { const one = document.querySelector('dialog'); return one.scrollWidth - one.clientWidth })()`,
        ),
      ).toBe(0);
    });
  });

  describe('with forced colours, a state is visible without its own colours', () => {
    const schemes = ['light', 'dark'] as const;

    /** Takes pictures of the same element with and without the state. Returns the themes in which they are the same. */
    const sameIn = async (element: Locator, without: string) => {
      await inPage(element, `(one) => { one.dataset.pinned = '' }`);
      const page = element.page();
      const pinned = page.locator('[data-pinned]');
      const pictures = async () => {
        const taken: Buffer[] = [];
        for (const colorScheme of schemes) {
          await page.emulateMedia({ colorScheme });
          taken.push(await pinned.screenshot({ animations: 'disabled' }));
        }
        return taken;
      };
      await page.mouse.move(0, 0);
      const before = await pictures();
      await inPage(pinned, without);
      const after = await pictures();
      return schemes.filter((_, index) => before[index]?.equals(after[index] as Buffer));
    };
    const states: { state: string; show: (page: Page) => Promise<unknown>; of: string; without: string }[] = [
      ...(['.tab[aria-current]', '.sort.chosen .icon'] as const).map((of) => ({
        state: of,
        show: (page: Page) => open(page, 'keys', '.grid'),
        of,
        without: `(one) => { one.removeAttribute('aria-current'); one.parentElement.classList.remove('chosen') }`,
      })),
      {
        state: 'your own account',
        show: (page) => open(page, 'account', '.session'),
        of: '.me[aria-current]',
        without: `(one) => one.removeAttribute('aria-current')`,
      },
      {
        state: 'the chosen one of several',
        show: (page) => open(page, 'account', '.session'),
        of: '.segmented label:has(:checked)',
        without: `(one) => { one.querySelector('input').checked = false }`,
      },
      {
        state: 'a switch that is on',
        show: (page) => open(page, 'users', '.switch'),
        of: '.switch[aria-checked="true"]:enabled',
        without: `(one) => { one.setAttribute('aria-checked', 'false'); one.querySelector('span').style.translate = '1rem' }`,
      },
      {
        state: 'a switch that is off limits',
        show: (page) => open(page, 'users', '.switch'),
        of: '.switch:disabled',
        without: `(one) => { one.disabled = false }`,
      },
      {
        state: 'a button that is off limits',
        show: (page) => open(page, 'users', '.switch'),
        of: '.icon-button:disabled',
        without: `(one) => { one.disabled = false }`,
      },
      {
        state: 'the chosen command',
        show: openPalette,
        of: '[aria-selected="true"]',
        without: `(one) => one.setAttribute('aria-selected', 'false')`,
      },
      {
        state: 'the field with the mistake',
        show: async (page) => {
          await addKeyByForm(page, key, 'x');
          await page.locator('.field-error').waitFor();
          await page.getByLabel('Description').focus();
        },
        of: '.input[aria-invalid="true"]',
        without: `(one) => one.removeAttribute('aria-invalid')`,
      },
      {
        state: 'the button that submits',
        show: openForm,
        of: 'dialog .button.primary',
        without: `(one) => one.classList.remove('primary')`,
      },
      {
        state: 'a button that is busy',
        show: (page) => open(page, 'keys', '.grid'),
        of: '.page-actions .button',
        without: `(one) => one.setAttribute('aria-busy', 'true')`,
      },
      {
        state: 'the button that destroys',
        show: async (page) => {
          await open(page, 'users', '.switch');
          await page
            .getByRole('button', { name: /^Delete person/ })
            .first()
            .click();
          await page.getByLabel(/Type the name/).waitFor();
          await page.evaluate(`document.querySelector('dialog .danger').disabled = false`);
        },
        of: 'dialog .danger',
        without: `(one) => one.classList.replace('danger', 'plain')`,
      },
      {
        state: 'a refused action',
        show: (page) => open(page, 'logs?failures=only', '.log.refused'),
        of: '.log.refused',
        without: `(one) => one.classList.remove('refused')`,
      },
      {
        state: 'a mistake that is no refusal',
        show: (page) => open(page, 'logs?failures=only', '.log.mistake'),
        of: '.log.mistake',
        without: `(one) => one.classList.remove('mistake')`,
      },
      {
        state: 'the bars of the chart',
        show: (page) => open(page, 'logs', '.brush svg'),
        of: '.brush svg',
        without: `(one) => { for (const bar of one.querySelectorAll('.bar-allowed')) bar.remove() }`,
      },
      {
        state: 'the refused part of the bars',
        show: (page) => open(page, 'logs', '.brush svg'),
        of: '.brush svg',
        without: `(one) => { for (const bar of one.querySelectorAll('.bar-refused')) bar.setAttribute('class', 'bar-allowed'), bar.removeAttribute('fill') }`,
      },
      {
        state: 'a value that is shown',
        show: async (page) => {
          await open(page, 'keys', '.grid');
          await page.getByRole('button', { name: `Reveal ${key}` }).click();
          await page.getByLabel('Revealed value').waitFor();
        },
        of: '.value.shown',
        without: `(one) => one.classList.remove('shown')`,
      },
      {
        state: 'the time that is left',
        show: async (page) => {
          await open(page, 'keys', '.grid');
          await page.getByRole('button', { name: `Reveal ${key}` }).click();
          await page.getByLabel('Revealed value').waitFor();
          await page.evaluate(`document.querySelector('.time-left').style.animation = 'none'`);
        },
        of: '.value.shown',
        without: `(one) => one.querySelector('.time-left').remove()`,
      },
      {
        state: 'an unhealthy vault',
        show: (page) => open(page, 'about', '.status'),
        of: '.status',
        without: `(one) => one.classList.replace('good', 'bad')`,
      },
      {
        state: 'the focus',
        show: (page) => open(page, 'keys', '.grid'),
        of: '.page-actions',
        without: `(one) => one.firstElementChild.focus({ focusVisible: true })`,
      },
      {
        state: 'the words that were found',
        show: (page) => open(page, 'keys?q=name', 'mark'),
        of: 'mark',
        without: `(one) => one.replaceWith(one.firstChild)`,
      },
    ];
    // A page takes a while to come, so each state is tested in both themes at once.
    const half = Math.ceil(states.length / 2);
    test.each([
      ['the first half of the states', states.slice(0, half)],
      ['the second half of the states', states.slice(half)],
    ] as const)('in both themes, %s', async (_, some) => {
      const page = await comeAs(admin(), { forcedColors: 'active' });
      const unseen: string[] = [];
      for (const { state, show, of, without } of some) {
        await page.goto(`${url()}/#/keys`);
        await page.reload();
        await page.locator('.grid').waitFor();
        await show(page);
        const place =
          of === 'mark' ? page.locator('.row-name', { has: page.locator('mark') }).first() : page.locator(of).first();
        const change =
          of === 'mark'
            ? `(one) => { for (const hit of one.querySelectorAll('mark')) hit.replaceWith(hit.firstChild) }`
            : without;
        for (const theme of await sameIn(place, change)) unseen.push(`${state}, ${theme}`);
      }
      expect(unseen).toEqual([]);
    });
  });

  describe('on paper', () => {
    // Each test has a browser context of its own, since it stays set to print.
    const print = async (page: Page, options: VisitOptions = {}) => {
      await page.evaluate(`dispatchEvent(new Event('beforeprint'))`);
      await page.emulateMedia({ media: 'print', ...options });
    };

    test('there are all keys with whole names and times, in the light theme, and no values, dialogs or controls', async () => {
      const page = await comeAs(admin(), { colorScheme: 'dark' });
      await page.getByRole('button', { name: `Reveal ${key}` }).click();
      await page.getByLabel('Revealed value').waitFor();
      await page.evaluate('scrollTo(0, 900)');
      await print(page);
      const listed = page.locator('.grid-body .grid-row');
      await expect.poll(() => listed.count()).toBeGreaterThanOrEqual(31);
      const text = await page.evaluate<string>('document.body.innerText');
      expect(text).toContain(key);
      expect(text).not.toContain(value);
      for (const gone of ['nav', '.value', '.toolbar', 'dialog', '.icon-button', '.page-actions']) {
        expect([gone, await page.locator(gone).filter({ visible: true }).count()]).toEqual([gone, 0]);
      }
      expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toContain('light');
      expect(await page.evaluate(`getComputedStyle(document.querySelector('.row-name')).color`)).toBe(
        'rgb(26, 32, 29)',
      );
      const [boxes, time] = await page.evaluate<[{ top: number; bottom: number }[], string]>(`[
        [...document.querySelectorAll('.grid-body .grid-row')].map((row) => row.getBoundingClientRect()),
        getComputedStyle(document.querySelector('.cell-updated time'), '::after').content,
      ]`);
      for (const [at, { top }] of boxes.entries())
        if (at > 0) expect(top).toBeGreaterThan((boxes[at - 1]?.bottom ?? 0) - 1);
      expect(time).toMatch(/20\d\d/);
    });

    test('the page of a key prints what is known about it, without its value and without the list', async () => {
      const page = await comeAs(admin(), {});
      await page.goto(`${url()}/#/keys/${key}`);
      await page.getByRole('button', { name: 'Replace' }).click();
      await page.getByLabel('New value', { exact: true }).fill('a newer value');
      await page
        .locator('.key-page')
        .getByRole('button', { name: `Reveal ${key}` })
        .click();
      await page.getByLabel('Revealed value').waitFor();
      await print(page);
      const text = await page.evaluate<string>('document.body.innerText');
      expect(text).toContain('A description that is longer than a phone is wide');
      expect(text).not.toContain(value);
      expect(await page.locator('button, input, textarea, .grid').filter({ visible: true }).count()).toBe(0);
    });

    test('an open form leaves nothing of what was typed', async () => {
      const page = await comeAs(admin(), {});
      await openForm(page);
      await page.getByLabel('Value', { exact: true }).fill(value);
      await print(page);
      expect(await page.getByRole('dialog').filter({ visible: true }).count()).toBe(0);
      expect(await page.locator('input, textarea').filter({ visible: true }).count()).toBe(0);
    });

    test('the browser’s own print command reaches all rows, and the log prints its entries', async () => {
      const page = await comeAs(admin(), {});
      await page.locator('.grid-body [role="row"]').first().waitFor();
      await page.evaluate(`
        addEventListener('beforeprint', () => queueMicrotask(() => {
          globalThis.printed = document.querySelectorAll('.grid-body [role="row"]').length;
        }));
      `);
      await page.pdf();
      await expect.poll(() => page.evaluate('printed')).toBeGreaterThanOrEqual(31);
      await expect.poll(() => page.locator('.grid-body [role="row"]').count()).toBeLessThan(31);
      await open(page, 'logs', '.log');
      const entries = await page.locator('.log').count();
      await print(page);
      expect(await page.locator('.log').filter({ visible: true }).count()).toBe(entries);
      expect(await page.locator('.list-end, .filters').filter({ visible: true }).count()).toBe(0);
    });
  });

  describe('red', () => {
    const isRed = (element: Locator) =>
      inPage<boolean>(
        element,
        `(one) => {
          const red = document.createElement('i');
          red.style.color = 'var(--danger)';
          document.body.append(red);
          const { color } = getComputedStyle(red);
          red.remove();
          return getComputedStyle(one).color === color;
        }`,
      );

    test('is not for a typo, a taken name or a vault that is away', async () => {
      const page = await comeAs(admin());
      await addKeyByForm(page, key, 'x');
      const error = page.locator('.field-error');
      await error.waitFor();
      expect(await isRed(error)).toBe(false);
      await page.getByLabel('Name', { exact: true }).fill(fresh('OFFLINE'));
      await page.context().setOffline(true);
      await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
      await page.locator('.form-problem').waitFor();
      expect(await isRed(page.locator('.form-problem'))).toBe(false);
      await page.context().setOffline(false);
      const other = await comeAs(admin());
      await open(other, 'logs?failures=only', '.log.mistake');
      expect(await isRed(other.locator('.mistake .log-why').first())).toBe(false);
    });

    test('is for a wrong password, a refused access and what destroys', async () => {
      const { page } = await come();
      await signInAs(page, admin().name, 'wrong');
      await page.locator('.form-problem').waitFor();
      expect(await isRed(page.locator('.form-problem'))).toBe(true);
      await signInAs(page, admin().name, admin().password);
      await open(page, 'logs?failures=only', '.log.refused:not(.mistake)');
      expect(await isRed(page.locator('.log.refused:not(.mistake) .log-why').first())).toBe(true);
      await open(page, 'account', '.session');
      await page.getByLabel('Current password').fill('wrong');
      for (const label of ['New password', 'Confirm new password']) {
        await page.getByLabel(label, { exact: true }).fill('quiet river stone');
      }
      await page.getByRole('button', { name: 'Change password' }).click();
      await page.locator('.field-error').waitFor();
      expect(await isRed(page.locator('.field-error'))).toBe(true);
    });

    test.each(['light', 'dark'] as const)('and amber can be read, %s', async (colorScheme) => {
      const page = await comeAs(admin(), { colorScheme });
      await addKeyByForm(page, key, 'x');
      await page.locator('.field-error').waitFor();
      const contrast = await page.evaluate<number>(`(() => {
        const luminance = (colour) => {
          const canvas = document.createElement('canvas').getContext('2d');
          canvas.fillStyle = colour;
          canvas.fillRect(0, 0, 1, 1);
          const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => part / 255)
            .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const [one, two] = [
          luminance(getComputedStyle(document.querySelector('.field-error')).color),
          luminance(getComputedStyle(document.querySelector('dialog')).backgroundColor),
        ].sort((a, b) => b - a);
        return (one + 0.05) / (two + 0.05);
      })()`);
      expect(contrast).toBeGreaterThanOrEqual(4.5);
    });
  });
});
