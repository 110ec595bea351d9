/**
 * A seeded vault whose clock stands still, so that a picture of it is the same on every day: the worker as it is built, with a `Date`
 * that tells what the latest request said. The seed's requests are spread over two days before the day of the pictures.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildIfStale } from '../box/commands/build.ts';
import { start } from '../box/commands/start.ts';

/** When the pictures are taken: a Thursday. */
export const now = Date.UTC(2026, 10, 26, 14, 20);

/** The header in which a request says what time it is, in ms. */
export const clockHeader = 'x-clock';

const adminPassword = 'password of the pictures';
const minuteMs = 60_000;

export interface ClockedVault {
  url: string;
  dispose: () => Promise<void>;
}

/** @param print what is told of the progress. */
export async function startSeededVault(project: string, print: (line: string) => void): Promise<ClockedVault> {
  await buildIfStale(project);
  const folder = mkdtempSync(join(tmpdir(), 'keystore-pictures-'));
  const home = makeHome(project, folder);
  const env = {
    ...process.env,
    PORT: '0',
    HOST: '127.0.0.1',
    KEYSTORE_DATA: join(folder, 'data'),
    KEYSTORE_ENV: join(folder, 'keys.env'),
    ADMIN_PASSWORD: adminPassword,
  };
  let url = '';
  const vault = start(home, env, (line) => {
    url ||= /http:\/\/\S+/.exec(line)?.[0] ?? '';
  });
  const dispose = async () => {
    await vault.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await vault.ready;
    print('Seeding a vault.');
    await seed(project, url);
    return { url, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A folder to start from, with the build in it and no sources, so that nothing is built anew. */
function makeHome(project: string, folder: string): string {
  const home = join(folder, 'project');
  mkdirSync(home);
  for (const name of ['migrations', 'node_modules']) symlinkSync(join(project, name), join(home, name));
  for (const name of ['wrangler.toml', 'package.json', 'dist/ui', 'dist/worker'])
    cpSync(join(project, name), join(home, name), { recursive: true });
  const file = join(home, 'dist/worker/index.js');
  writeFileSync(file, withClock(readFileSync(file, 'utf8')));
  return home;
}

/** A `Date` of which `globalThis.clock` is now. */
const clockedDate = `
globalThis.clock = ${now};
globalThis.Date = class extends Date {
  constructor(...given) {
    if (given.length === 0) super(globalThis.clock);
    else super(...given);
  }
  static now() {
    return globalThis.clock;
  }
};
`;

function withClock(worker: string): string {
  const clocked = worker.replace(
    /export \{\s*(\w+) as default\s*\};/,
    (_, name) => `export default {
  ...${name},
  fetch(request, env, context) {
    globalThis.clock = Number(request.headers.get('${clockHeader}') ?? globalThis.clock);
    return ${name}.fetch(request, env, context);
  },
};`,
  );
  if (clocked === worker) throw new Error('The built worker has no default export to put a clock before.');
  return clockedDate + clocked;
}

/** Runs `npm run seed` through a proxy that moves the clock from request to request. */
async function seed(project: string, url: string): Promise<void> {
  let time = now - 46 * 60 * minuteMs;
  let step = 0;
  const proxy = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    step += 1;
    // Some minutes. If the seed grows, its last requests come close together.
    time = Math.min(time + (5 + ((step * 11) % 41)) * minuteMs, now - 2 * minuteMs);
    const { authorization = '' } = request.headers;
    const answer = await fetch(new URL(request.url ?? '/', url), {
      method: request.method ?? 'GET',
      headers: { 'content-type': 'application/json', authorization, [clockHeader]: String(time) },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const through = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const shim = `data:text/javascript,${encodeURIComponent(clockedDate)}`;
  const child = spawn(process.execPath, ['--import', shim, join(project, 'tools/seed.ts'), '--url', through], {
    env: { PATH: process.env.PATH, KEYSTORE_ENV: '/dev/null', ADMIN_PASSWORD: adminPassword },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  proxy.close();
  if (code !== 0) throw new Error('The seed failed.');
}
