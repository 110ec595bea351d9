/** vitest's global set-up: builds what the vaults of a suite run, once, before its files run side by side. */
import type { TestProject } from 'vitest/node';
import { buildIfStale } from '../box/commands/build.ts';
import { buildStandalone } from '../box/commands/build-standalone.ts';
import { project } from './disk-vaults.ts';

export async function setup({ name }: TestProject): Promise<void> {
  await (name === 'standalone' || name === 'clients' ? buildStandalone(project) : buildIfStale(project));
}
