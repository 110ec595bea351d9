/** `keystore run`: a command with values in its environment. */

import { isatty } from 'node:tty';
import { defaultWatchSeconds } from '../../core/limits.ts';
import { runWithValues } from '../run/run.ts';
import { usageFailure } from '../terminal/failure.ts';
import { listFolder } from '../vault/keys.ts';
import { offlineOf, openForReading, readLayers } from '../vault/values.ts';
import type { Given } from './arguments.ts';
import { namingOf } from './naming.ts';

export async function run(given: Given): Promise<number> {
  const offline = offlineOf(given.has('offline'), given.text('max-age'));
  const interval = given.number('interval', 1, 86_400);
  if (interval !== undefined && !given.has('watch')) throw usageFailure('--interval needs --watch.');
  const vault = openForReading(offline);
  return runWithValues({
    command: given.command,
    naming: namingOf(given),
    files: given.list('file'),
    filesIn: given.text('files-in'),
    environment: environmentOf(given),
    masking: maskingOf(given),
    watchMs: given.has('watch') ? (interval ?? defaultWatchSeconds) * 1_000 : undefined,
    read: () => readLayers(vault, given.positionals, offline),
    look: async () => {
      const keys = [];
      for (const place of given.positionals) keys.push(...(await listFolder(vault, place)));
      return JSON.stringify(keys.map(({ key_name: name, version, created_at: time }) => [name, version, time]));
    },
  });
}

/** What the command has in its environment beside the values. The token is for this program, and opens more than the values. */
function environmentOf(given: Given): Record<string, string> {
  const kept = given.parts('keep');
  if (kept.length > 0 && !given.has('no-inherit-env')) throw usageFailure('--keep needs --no-inherit-env.');
  const isKept = (name: string) => {
    if (name === 'KEYSTORE_TOKEN' || name === 'KEYSTORE_TOKEN_FILE') return given.has('pass-token');
    return !given.has('no-inherit-env') || kept.includes(name);
  };
  const entries = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries.filter(([name]) => isKept(name)));
}

/** What goes to a terminal is left as it is, so that the command sees a terminal. */
function maskingOf(given: Given): { stdout: boolean; stderr: boolean } {
  if (given.has('mask') && given.has('no-mask')) throw usageFailure('Use either --mask or --no-mask.');
  if (given.has('no-mask')) return { stdout: false, stderr: false };
  if (given.has('mask')) return { stdout: true, stderr: true };
  return { stdout: !isatty(1), stderr: !isatty(2) };
}
