/** What a run of the benchmark measures, from its command line. */
import { parseArgs } from 'node:util';
import type { Runtime } from '../testing/vault.ts';

/** Measured in turn, as rates. */
export const rates = ['live', 'read', 'write', 'bulk', 'list', 'member list', 'logs', 'login'] as const;
/** Measured once, with the first vault: 16 sign-ins at once, and memory after a minute. */
const once = ['sign-ins', 'minute'] as const;

/** Left out of a quick run. */
const slow: readonly string[] = ['login', ...once];

export interface Plan {
  runtimes: Runtime[];
  connections: number[];
  seconds: number;
  rounds: number;
  warmUpSeconds: number;
  /** As `sizeOf` in fill.ts reads them. */
  vaults: string[];
  operations: string[];
  quick: boolean;
  /** Measures only the parts of a read, and counts what requests do. */
  ladder: boolean;
  /** Accepts the counts, and measures nothing. */
  write: boolean;
  /** Measures only what `keystore run` adds to a command. */
  cli: boolean;
  /** Measures only the UI. */
  browser: boolean;
}

/** @throws Error if an operation is not known. */
export function readPlan(args: string[]): Plan {
  const { values: given } = parseArgs({
    args,
    options: {
      runtime: { type: 'string', default: 'wrangler,standalone' },
      connections: { type: 'string' },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      vault: { type: 'string' },
      operations: { type: 'string' },
      quick: { type: 'boolean', default: false },
      ladder: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      cli: { type: 'boolean', default: false },
      browser: { type: 'boolean', default: false },
    },
  });
  const { quick, ladder, write, cli, browser } = given;
  const known: string[] = [...rates, ...once];
  const usual = quick ? known.filter((operation) => !slow.includes(operation)) : known;
  const operations = given.operations?.split(',') ?? usual;
  const unknown = operations.filter((operation) => !known.includes(operation));
  if (unknown.length > 0) throw new Error(`No such operation: ${unknown.join()}. There are: ${known.join()}.`);
  return {
    runtimes: given.runtime.split(',') as Runtime[],
    connections: (given.connections ?? (quick ? '16' : '1,16,64')).split(',').map(Number),
    seconds: Number(given.seconds ?? 1),
    rounds: Number(given.rounds ?? (quick ? 1 : 5)),
    warmUpSeconds: quick ? 1 : 3,
    vaults: (given.vault ?? (quick ? '50x1000' : '50x1000,10000x1000000,10000x1000in50')).split(','),
    operations,
    quick,
    ladder,
    write,
    cli,
    browser,
  };
}
