/** `npm run bench -- --browser`: how quick the UI is with 10,000 keys, in a Chromium on this machine. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { startVault } from '../testing/vault.ts';
import { fill } from './fill.ts';

const size = { keys: 10_000, logRows: 1_000 };
const rounds = 5;
const scrolledFrames = 120;
const texts = ['1', '12', '123', 'bench', 'key 9', 'no such key'];
const password = 'password of the benchmark';

/** Runs before the page's own scripts: notes when the first row of the list is there, in ms since the navigation began. */
const noteFirstRow = `
new MutationObserver((_, observer) => {
  if (!document.querySelector('.grid-body [role="row"]')) return;
  observer.disconnect();
  requestAnimationFrame(() => { globalThis.firstRowMs = performance.now(); });
}).observe(document, { childList: true, subtree: true });
`;

/** The content security policy keeps Playwright's own way of waiting out. */
const firstRowMs = `new Promise((found) => {
  const look = () => (globalThis.firstRowMs ? found(globalThis.firstRowMs) : requestAnimationFrame(look));
  look();
})`;

/** The time of each frame while the list is scrolled from its top to its end. */
const scroll = `new Promise((done) => {
  const frames = [];
  const height = document.documentElement.scrollHeight;
  let last = performance.now();
  const step = (now) => {
    frames.push(now - last);
    last = now;
    if (frames.length > ${scrolledFrames}) return done(frames.slice(1));
    scrollTo(0, (height * frames.length) / ${scrolledFrames});
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})`;

/** From a changed text to the frame that shows what it finds. */
function search(text: string): string {
  return `(async () => {
    const field = document.querySelector('main [data-search]');
    field.value = ${JSON.stringify(text)};
    const began = performance.now();
    field.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((go) => requestAnimationFrame(() => setTimeout(go)));
    return performance.now() - began;
  })()`;
}

export async function printBrowser(): Promise<void> {
  const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium'].find((path) => path && existsSync(path));
  if (executablePath === undefined) throw new Error('Chromium is not installed. Install it, or set CHROMIUM_PATH.');
  const env = { ADMIN_PASSWORD: password };
  const empty = await startVault({ env });
  await empty.stop();
  fill(empty, size);
  const vault = await startVault({ folder: empty.folder, env });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await signedIn(browser, vault.url);
    const firstRow: number[] = [];
    const frames: number[] = [];
    const searches: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await page.reload();
      firstRow.push(await page.evaluate<number>(firstRowMs));
      await page.waitForLoadState('networkidle');
      frames.push(...(await page.evaluate<number[]>(scroll)));
      await page.evaluate('scrollTo(0, 0)');
      for (const text of texts) searches.push(await page.evaluate<number>(search(text)));
      await page.evaluate(search(''));
    }
    console.log(
      `${size.keys.toLocaleString()} keys, ${rounds} rounds, 1440 x 900, in ms: median, 95 % of all, longest\n`,
    );
    for (const [what, times] of Object.entries({
      'first row': firstRow,
      'frame of scrolling': frames,
      search: searches,
    }))
      console.log(`| ${what} | ${[0.5, 0.95, 1].map((part) => quantile(times, part).toFixed(0)).join(' | ')} |`);
  } finally {
    await browser.close();
    await vault.dispose();
  }
}

async function signedIn(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(noteFirstRow);
  await page.goto(url);
  await page.getByLabel('User name').fill('admin');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.grid-body [role="row"]').first().waitFor();
  return page;
}

/** @param part from 0 to 1. */
function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
