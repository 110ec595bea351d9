import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { locateFiles } from '../box/data/database.ts';
import { parseKeyring } from '../core/crypto/keyring.ts';
import { type RunningVault, type Runtime, signIn, startVault } from '../testing/vault.ts';
import { fill, type Size } from './fill.ts';

export interface FilledVault {
  vault: RunningVault;
  token: string;
  /** From the start of the process to the first healthy answer. */
  startMs: number;
}

/** A vault on a temporary folder, filled while it was stopped. */
export async function startFilled(project: string, runtime: Runtime, size: Size): Promise<FilledVault> {
  const made = await startVault({ runtime });
  await made.stop();
  const { ENCRYPTION_KEY } = parseEnv(readFileSync(made.envFile, 'utf8'));
  fill(locateFiles(project, made.dataFolder).file, parseKeyring(ENCRYPTION_KEY), size);
  const began = Date.now();
  const vault = await startVault({ folder: made.folder, runtime });
  const startMs = Date.now() - began;
  return { vault, token: await signIn(vault.url, 'admin', 'admin123'), startMs };
}
