/** All routes that the API document describes. */
import type { Descriptions } from './description.ts';
import { keys, trash } from './keys.ts';
import { logProofs } from './log-proofs.ts';
import { log, probes } from './others.ts';
import { signIn, users } from './people.ts';
import { projects } from './projects.ts';
import { tokens } from './tokens.ts';

export const descriptions: Descriptions = {
  ...signIn,
  ...keys,
  ...trash,
  ...projects,
  ...tokens,
  ...log,
  ...logProofs,
  ...users,
  ...probes,
};
