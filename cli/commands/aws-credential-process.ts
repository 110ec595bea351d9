/** `keystore aws-credential-process`: the AWS CLI and SDKs ask, the vault answers. */

import { answerAws } from '../helpers/aws.ts';
import { sayJson } from '../terminal/output.ts';
import { offlineOf, openForReading, readNames, withCopies } from '../vault/values.ts';
import type { Given } from './arguments.ts';

export async function run(given: Given): Promise<undefined> {
  const offline = offlineOf(given.has('offline'), given.text('max-age'));
  const vault = openForReading(offline);
  const read = (names: readonly string[]) =>
    withCopies(vault, `names ${names.join('\n')}`, offline, () => readNames(vault, names));
  sayJson(await answerAws(given.argument(0), read));
}
