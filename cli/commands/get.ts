/** `keystore get`: one value. */

import { maxVersionsPerSecret } from '../../core/limits.ts';
import { sayJson, standardOutput } from '../terminal/output.ts';
import { readKey } from '../vault/keys.ts';
import { offlineOf, openForReading, withCopies } from '../vault/values.ts';
import type { Given } from './arguments.ts';

/** Versions count on when older ones are gone. */
const maxVersion = maxVersionsPerSecret * 1_000_000;

export async function run(given: Given): Promise<undefined> {
  const [name, version] = [given.argument(0), given.number('version', 1, maxVersion)];
  const offline = offlineOf(given.has('offline'), given.text('max-age'));
  const vault = openForReading(offline);
  const key = await withCopies(vault, `key ${version ?? ''} ${name}`, offline, async () => {
    const { body } = await readKey(vault, name, version);
    return body;
  });
  if (given.json) sayJson(key);
  else {
    const out = standardOutput();
    out.write(key.api_key);
    if (out.isTTY && !key.api_key.endsWith('\n')) out.write('\n');
  }
}
