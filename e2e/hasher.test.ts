/** The process, or thread, that hashes passwords beside the worker, from outside: who can reach it, and what it leaves behind. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';
import { isAlive, runFolders } from './standalone/kit.ts';

const isStandalone = process.env.KEYSTORE_RUNTIME === 'standalone';
let vault: RunningVault;

beforeAll(async () => {
  vault = await startVault();
});

afterAll(() => vault?.dispose());

/** The folder of the standalone vault's hasher, which is there while it runs. */
function hasherFolder({ process: { pid } }: RunningVault): string {
  return join(runFolders(pid)[0] ?? '', 'hasher');
}

function hasherPid(of: RunningVault): number {
  return Number(readFileSync(join(hasherFolder(of), 'pid'), 'utf8'));
}

/** The processes that the vault has started, and itself. */
function processesOf({ process: { pid } }: RunningVault): number[] {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const parents = new Map(all.map((each) => [each, Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${each}/status`))?.[1])]));
  const descends = (each: number): boolean => each === pid || (each > 1 && descends(parents.get(each) ?? 0));
  return all.filter(descends);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    // It has just ended.
    return '';
  }
}

/** The threads that have a lower priority than the vault, as their names. */
function lowThreads(of: RunningVault): string[] {
  const usual = niceness(`/proc/${of.process.pid}/stat`).value;
  return processesOf(of).flatMap((pid) =>
    threadsOf(pid)
      .map((thread) => niceness(`/proc/${pid}/task/${thread}/stat`))
      .filter(({ value }) => value > usual)
      .map(({ name }) => name),
  );
}

function threadsOf(pid: number): string[] {
  return existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : [];
}

function niceness(file: string): { name: string; value: number } {
  const [, name = '', rest = ''] = /\((.*)\) (.*)$/s.exec(read(file)) ?? [];
  return { name, value: Number(rest.split(' ')[16]) };
}

test('passwords are hashed outside the worker, at a lower priority than requests are served', async () => {
  await signIn(vault.url, 'admin', 'admin123');
  // The names of the runtime's helper threads differ.
  expect(lowThreads(vault)).toContain(isStandalone ? 'workerd' : 'libuv-worker');
  expect(vault.output()).not.toContain('hash');
});

test('a password is in no argument, environment, file or line of output while it is hashed', async () => {
  const password = 'a password to look for';
  const token = await signIn(vault.url, 'admin', 'admin123');
  await ask(vault.url, 'POST', '/users', { token, body: { username: 'looked-for', password } });
  let isOver = false;
  const signInOften = async () => {
    for (let i = 0; i < 4; i++) await signIn(vault.url, 'looked-for', password);
  };
  const attempts = signInOften().finally(() => {
    isOver = true;
  });
  const folders = () => [vault.data, ...runFolders(vault.process.pid)];
  let looks = 0;
  for (; !isOver; looks++) {
    for (const pid of processesOf(vault)) {
      expect(read(`/proc/${pid}/cmdline`) + read(`/proc/${pid}/environ`)).not.toContain(password);
    }
    for (const folder of folders()) {
      for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (file.isFile()) expect(read(join(file.parentPath, file.name))).not.toContain(password);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await attempts;
  expect(looks).toBeGreaterThan(2);
  expect(vault.output()).not.toContain(password);
});

test.runIf(isStandalone)('the socket is in a folder that only the owner of the vault may enter', async () => {
  await signIn(vault.url, 'admin', 'admin123');
  expect(statSync(join(hasherFolder(vault), 'socket')).isSocket()).toBe(true);
  for (const folder of [hasherFolder(vault), join(hasherFolder(vault), '..')]) {
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  }
});

test.runIf(isStandalone)('signing in goes on when the hasher is killed or stopped, and a new one starts', async () => {
  await signIn(vault.url, 'admin', 'admin123');
  const first = hasherPid(vault);
  process.kill(first, 'SIGKILL');
  await signIn(vault.url, 'admin', 'admin123');
  await expect
    .poll(async () => {
      await signIn(vault.url, 'admin', 'admin123');
      return existsSync(hasherFolder(vault)) && hasherPid(vault) !== first;
    })
    .toBe(true);
  // One that takes no work is not waited for.
  process.kill(hasherPid(vault), 'SIGSTOP');
  await signIn(vault.url, 'admin', 'admin123');
  expect(vault.output()).toContain('does not answer');
});

test.runIf(isStandalone)('it ends when it has nothing to do, and with the vault, however that ends', async () => {
  const { folder } = vault;
  await vault.stop();
  vault = await startVault({ folder });
  await signIn(vault.url, 'admin', 'admin123');
  const idle = hasherPid(vault);
  await expect.poll(() => isAlive(idle), { timeout: 40_000 }).toBe(false);
  for (const end of ['stop', 'kill'] as const) {
    await signIn(vault.url, 'admin', 'admin123');
    const pid = hasherPid(vault);
    expect(isAlive(pid)).toBe(true);
    await vault[end]();
    await expect.poll(() => isAlive(pid)).toBe(false);
    vault = await startVault({ folder });
  }
});
