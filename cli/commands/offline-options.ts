/** The options of all commands that read values. */

import type { Option } from './arguments.ts';

export const offline: Record<string, Option> = {
  offline: { help: 'keep an encrypted copy, and use it while the vault cannot be reached' },
  'max-age': { value: 'AGE', help: 'how old a copy may be, such as 90m, 24h or 7d (24h)' },
};
