/** vitest's global set-up: builds what the vaults of a suite run, once, before its files run side by side. */
import { buildStandaloneIfStale } from '../box/commands/build-standalone.ts';
import { project } from './disk-vaults.ts';

export async function setup(): Promise<void> {
  await buildStandaloneIfStale(project);
}
