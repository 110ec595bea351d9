/** Turns measurements into the table that the benchmark prints. */
import type { Measured } from './load.ts';

/** One measurement, with its rate as a share of the rate of /health/live in the same round. */
export interface Round extends Measured {
  ofLive: number;
}

/** One line of the table: an operation at a number of connections. */
export interface Line extends Round {
  runtime: string;
  /** What the vault holds: `<keys>x<log rows>`. */
  vault: string;
  connections: number;
  operation: string;
}

const columns: [string, (line: Line) => string][] = [
  ['runtime', ({ runtime }) => runtime],
  ['vault', ({ vault }) => vault],
  ['connections', ({ connections }) => String(connections)],
  ['operation', ({ operation }) => operation],
  ['requests/s', ({ perSecond }) => perSecond.toFixed(perSecond < 100 ? 1 : 0)],
  ['of live', ({ ofLive }) => `${(ofLive * 100).toFixed(1)} %`],
  ['p50 ms', ({ p50Ms }) => String(p50Ms)],
  ['p99 ms', ({ p99Ms }) => String(p99Ms)],
  ['CPU ms', ({ cpuMs }) => cpuMs.toFixed(2)],
  ['memory MB', ({ memoryMb }) => memoryMb.toFixed(0)],
  ['failed', ({ failed }) => String(failed)],
];

/** The lines as a table in Markdown. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map((line) => columns.map(([, cell]) => cell(line)));
  const header = columns.map(([name]) => name);
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const write = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [write(header), write(widths.map((width) => '-'.repeat(width))), ...rows.map(write)].join('\n');
}

/** The round with the median rate, the median share, and the failures of all rounds. */
export function median(rounds: readonly Round[]): Round {
  const sorted = [...rounds].sort((a, b) => a.perSecond - b.perSecond);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (!middle) throw new Error('No round was measured.');
  const shares = rounds.map(({ ofLive }) => ofLive).sort((a, b) => a - b);
  return {
    ...middle,
    ofLive: shares[Math.floor(shares.length / 2)] ?? 0,
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0),
  };
}
