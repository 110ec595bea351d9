import { resolve } from 'node:path';
import { buildStandalone } from '../box/commands/build-standalone.ts';

/** vitest's global set-up of the suites that run against the standalone file. */
export const setup = (): Promise<void> => buildStandalone(resolve(import.meta.dirname, '..'));
