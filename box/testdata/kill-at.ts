/** Loaded with `--import`: kills this process (SIGKILL) just before file system change number KILL_AT. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

let left = Number(process.env.KILL_AT);

const changes = [
  'writeFileSync',
  'renameSync',
  'rmSync',
  'copyFileSync',
  'chmodSync',
  'mkdirSync',
  'fsyncSync',
] as const;

for (const name of changes) {
  const original = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      left--;
      if (left === 0) process.kill(process.pid, 'SIGKILL');
      return original(...args);
    },
  });
}
syncBuiltinESMExports();
