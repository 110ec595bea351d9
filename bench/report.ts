/** Turns measurements into the tables that the benchmark prints. */
import type { Measured } from './load.ts';
import type { ManyLists } from './memory.ts';
import type { SignIns } from './sign-ins.ts';

/** One measurement, with its rate in units of the yardstick's read, at as many connections and right beside it. */
export interface Round extends Measured {
  /** Undefined if there is no yardstick. */
  ratio: number | undefined;
}

/** One line of the table: an operation at a number of connections. */
export interface Line extends Round {
  runtime: string;
  /** What the vault holds: `<keys>x<log rows>`. */
  vault: string;
  connections: number;
  operation: string;
}

/** What was measured of one runtime beside its rates. */
export interface Extras {
  runtime: string;
  vault: string;
  startMs: number;
  signIns?: SignIns;
  memoryAfterMinuteMb?: number;
  manyLists?: ManyLists;
}

const columns: [string, (line: Line) => string][] = [
  ['runtime', ({ runtime }) => runtime],
  ['vault', ({ vault }) => vault],
  ['connections', ({ connections }) => String(connections)],
  ['operation', ({ operation }) => operation],
  ['x yardstick', ({ ratio }) => shownRatio(ratio)],
  ['requests/s', ({ perSecond }) => perSecond.toFixed(perSecond < 100 ? 1 : 0)],
  ['p50 ms', ({ p50Ms }) => p50Ms.toFixed(1)],
  ['p99 ms', ({ p99Ms }) => p99Ms.toFixed(1)],
  ['p99/p50', ({ p50Ms, p99Ms }) => (p99Ms / p50Ms).toFixed(1)],
  ['CPU ms', ({ cpuMs }) => cpuMs.toFixed(2)],
  ['memory MB', ({ memoryMb }) => memoryMb.toFixed(0)],
  ['failed', ({ failed }) => String(failed)],
];

export function shownRatio(ratio: number | undefined): string {
  return ratio === undefined ? '' : ratio.toFixed(2);
}

/** The lines as a table in Markdown. */
export function table(lines: readonly Line[]): string {
  return markdown(
    columns.map(([name]) => name),
    lines.map((line) => columns.map(([, cell]) => cell(line))),
  );
}

/** A table in Markdown, in columns also for who reads it as text. */
export function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const write = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [write(header), write(widths.map((width) => '-'.repeat(width))), ...rows.map(write)].join('\n');
}

/** The round with the median rate, the median ratio, and the failures of all rounds. */
export function median(rounds: readonly Round[]): Round {
  const middle = middleBy(rounds, ({ perSecond }) => perSecond);
  if (!middle) throw new Error('No round was measured.');
  return {
    ...middle,
    ratio: middleBy(rounds, ({ ratio }) => ratio ?? 0)?.ratio,
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0),
  };
}

function middleBy<Item>(items: readonly Item[], key: (item: Item) => number): Item | undefined {
  return [...items].sort((a, b) => key(a) - key(b))[Math.floor(items.length / 2)];
}
