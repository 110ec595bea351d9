/** `keystore history`: the versions of a key. */

import { say, sayJson, sayTable, shownTime } from '../terminal/output.ts';
import { openVault } from '../vault/client.ts';
import type { Given } from './arguments.ts';

interface Version {
  version: number;
  created_at: string;
  created_by: string;
  is_current: boolean;
  destroyed: boolean;
}

export async function run(given: Given): Promise<undefined> {
  const vault = openVault();
  const versions: Version[] = [];
  let after: number | undefined;
  do {
    const { body } = await vault.ask<{ versions: Version[]; next?: number }>('GET', '/key/versions', {
      query: { key_name: given.argument(0), after },
    });
    versions.push(...body.versions);
    after = body.next;
  } while (after !== undefined);
  if (given.json) sayJson({ versions });
  else if (versions.length === 0) say('There are no versions.');
  else {
    sayTable(
      ['VERSION', 'MADE', 'BY', ''],
      versions.map(({ version, created_at: time, created_by: by, is_current: isCurrent, destroyed }) => [
        String(version),
        shownTime(time),
        by,
        isCurrent ? 'current' : destroyed ? 'destroyed' : '',
      ]),
    );
  }
}
