/**
 * `npm run screenshots`: makes every picture in docs/screenshots anew, from a seeded vault whose clock stands still. Names, values and
 * times are the same each time, so only what has changed in the UI changes a picture. It needs Chromium, as the browser tests do.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { clockHeader, now, startSeededVault } from './clocked-vault.ts';

const password = 'example team password';
const desktop = { width: 1440, height: 900 };
const phone = { width: 360, height: 740 };

interface Picture {
  /** Whose browser it is. */
  user: string;
  theme: 'light' | 'dark';
  size: { width: number; height: number };
  /** What follows `#/` in the address. */
  address: string;
  /** Brings the page to what the picture shows. */
  show: (page: Page) => Promise<void>;
}

const pasted = `# from the old server
STRIPE_SECRET_KEY=sk_test_example_not_a_real_value
SENTRY_DSN=https://public@sentry.example.com/4
SMTP_PASSWORD="example password of the mail server"
FEATURE_FLAGS=
PAYPAL_CLIENT_SECRET=example-paypal-not-a-real-value
`;

/** The pictures by the names of their files. The log comes first: each picture adds entries to it. */
export const pictures: Record<string, Picture> = {
  'logs-dark.png': {
    user: 'mira',
    theme: 'dark',
    size: desktop,
    address: 'logs',
    show: (page) =>
      page
        .getByText(/events/)
        .first()
        .waitFor(),
  },
  'keys.png': {
    user: 'jonas',
    theme: 'light',
    size: desktop,
    address: 'keys',
    show: async (page) => {
      const row = page.getByRole('row').filter({ hasText: 'platform/prod/GRAFANA_TOKEN' });
      await row.hover();
      await row.getByRole('button', { name: /^Reveal/ }).click();
      await page.getByText('example-platform-prod-grafana-token', { exact: false }).first().waitFor();
    },
  },
  'key.png': {
    user: 'luca',
    theme: 'light',
    size: desktop,
    address: 'keys/shop%2Fprod%2FSTRIPE_SECRET_KEY',
    show: async (page) => {
      const key = page.getByRole('region', { name: /^Key / });
      await key.getByText('Versions', { exact: true }).click();
      await key
        .getByText(/restored|stored|by luca/i)
        .first()
        .waitFor();
    },
  },
  'project-dark.png': {
    user: 'luca',
    theme: 'dark',
    size: desktop,
    address: 'projects/shop?view=environments',
    show: (page) => page.getByRole('table').or(page.getByRole('grid')).first().waitFor(),
  },
  'import.png': {
    user: 'luca',
    theme: 'light',
    size: desktop,
    address: 'projects/shop',
    show: async (page) => {
      await page.getByRole('button', { name: 'Import', exact: true }).click();
      await page.getByRole('dialog').getByRole('textbox').first().fill(pasted);
      await page
        .getByRole('dialog')
        .getByLabel(/folder|under/i)
        .last()
        .fill('shop/staging');
      await page.getByRole('button', { name: 'Check', exact: true }).click();
      await page.getByRole('button', { name: /^Add \d/ }).waitFor();
    },
  },
  'phone-keys.png': {
    user: 'jonas',
    theme: 'light',
    size: phone,
    address: 'keys',
    show: (page) => page.getByRole('row').nth(3).waitFor(),
  },
};

/** Writes the pictures, and removes others from the folder. */
export async function takePictures(project: string, folder: string): Promise<void> {
  const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium'].find((path) => path && existsSync(path));
  if (executablePath === undefined)
    throw new Error('Chromium is not installed. Install it (apt-get install chromium), or set CHROMIUM_PATH.');
  const vault = await startSeededVault(project, console.log);
  try {
    const browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'],
    });
    mkdirSync(folder, { recursive: true });
    for (const [name, picture] of Object.entries(pictures)) {
      console.log(`Taking ${name}.`);
      await take(browser, vault.url, picture, join(folder, name));
    }
    await browser.close();
  } finally {
    await vault.dispose();
  }
  for (const name of readdirSync(folder)) if (!(name in pictures)) rmSync(join(folder, name));
}

async function take(browser: Browser, url: string, picture: Picture, file: string): Promise<void> {
  const context = await browser.newContext({
    viewport: picture.size,
    colorScheme: picture.theme,
    reducedMotion: 'reduce',
    isMobile: picture.size === phone,
    hasTouch: picture.size === phone,
    locale: 'en-US',
    timezoneId: 'UTC',
    extraHTTPHeaders: { [clockHeader]: String(now) },
  });
  await context.clock.setFixedTime(now);
  const page = await openAs(context, url, picture.user);
  await page.goto(`${url}/#/${picture.address}`);
  await picture.show(page);
  await page.mouse.move(0, 0);
  // What is fetched beside it, such as who used each key last.
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: file, animations: 'disabled', caret: 'hide' });
  await context.close();
}

async function openAs(context: BrowserContext, url: string, user: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await page.getByLabel('User name').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

if (import.meta.main) {
  const project = resolve(import.meta.dirname, '..');
  await takePictures(project, join(project, 'docs/screenshots'));
  process.exit(0);
}
