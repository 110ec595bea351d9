/** Starts the yardstick (bench/yardstick/): a small service in Flask, whose speed is the unit that all others are given in. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { project } from '../testing/disk-vaults.ts';
import { freePort } from '../testing/vault.ts';
import type { HttpRequest } from './client.ts';
import type { Target } from './targets.ts';

/** What the tables call it. */
export const yardstickName = 'yardstick';

/** At its first start it is installed, which takes most of a minute. */
const startTimeoutMs = 180_000;

const environment = process.env.YARDSTICK_VENV ?? join(project, 'dist/yardstick');

/** Starts it, or returns a sentence that says why it is left out and what to do about it. */
export async function startYardstick(): Promise<Target | string> {
  const isInstalled = existsSync(join(environment, 'bin/gunicorn'));
  if (!isInstalled && spawnSync('python3', ['-c', 'import venv, ensurepip'], { stdio: 'ignore' }).status !== 0)
    return leftOut('Python 3 with venv and pip is not installed (on Debian and Ubuntu: apt install python3-venv)');
  const port = await freePort();
  const child = spawn(join(project, 'bench/yardstick/run.sh'), [String(port)], {
    env: { ...process.env, YARDSTICK_VENV: environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let token = '';
  let problems = '';
  child.stdout.on('data', (chunk) => (token += String(chunk)));
  child.stderr.on('data', (chunk) => (problems += String(chunk)));
  const began = Date.now();
  const url = `http://127.0.0.1:${port}`;
  if (!(await isUp(url, child))) {
    await end(child);
    return leftOut(`it did not start. pip needs the Python package index the first time.\n${problems}`);
  }
  const requests: Partial<Record<string, HttpRequest[]>> = {
    live: [{ path: '/health' }],
    read: [{ path: '/keys/bench', headers: { Authorization: `Bearer ${token.trim()}` } }],
  };
  return {
    name: yardstickName,
    url,
    pid: child.pid ?? 0,
    startMs: Date.now() - began,
    requests: (operation) => requests[operation],
    dispose: () => end(child),
  };
}

function leftOut(why: string): string {
  return `The ratios to the yardstick are left out: ${why}`;
}

async function isUp(url: string, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + startTimeoutMs;
  while (child.exitCode === null && Date.now() < deadline) {
    if (
      await fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return true;
    await delay(50);
  }
  return false;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
