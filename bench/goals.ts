/** The goals of the vault's speed, as ratios to the yardstick, beside what was measured. They are no verdict: machines differ. */
import { type Extras, type Line, markdown, shownRatio } from './report.ts';

const readGoals: Record<string, Record<number, number>> = {
  'npm start': { 1: 1.0, 16: 1.3, 64: 1.3 },
  standalone: { 1: 4, 16: 5, 64: 5.5 },
};
const memoryGoals: Record<string, number> = { 'npm start': 500, standalone: 150 };

type Row = [what: string, goal: string, measured: string];

/** The table of goals, for what was measured. */
export function goals(lines: readonly Line[], extras: readonly Extras[]): string {
  const rows = [
    ...lines.flatMap((line) => [...rateGoals(line, lines), ...costGoals(line, lines)]),
    ...extras.flatMap(extraGoals),
  ];
  return markdown(['', 'goal', 'measured'], rows);
}

/** A bulk read of 30 keys costs at most three reads, a list of keys in projects a fifth more than one of personal keys. */
function costGoals(line: Line, lines: readonly Line[]): Row[] {
  const { runtime, vault, operation, connections, cpuMs } = line;
  const [keys] = vault.split('x');
  const isOfProjects = operation === 'member list' || (operation === 'list' && vault.includes('in'));
  const [most, other, isOther] =
    operation === 'bulk'
      ? [3, 'a read', (each: Line) => each.operation === 'read' && each.vault === vault]
      : isOfProjects
        ? [
            1.2,
            'a list of personal keys',
            (each: Line) =>
              each.operation === 'list' && each.vault.startsWith(`${keys}x`) && !each.vault.includes('in'),
          ]
        : [];
  const beside = lines.find((each) => isOther?.(each) && each.runtime === runtime && each.connections === connections);
  if (!beside) return [];
  const what = `${runtime}, ${operation}, ${vault}, ${connections} connection${connections === 1 ? '' : 's'}: CPU`;
  return [[what, `<= ${most} x ${other}`, shownRatio(cpuMs / beside.cpuMs)]];
}

function rateGoals(line: Line, lines: readonly Line[]): Row[] {
  const { runtime, vault, operation, connections, ratio, p50Ms, p99Ms } = line;
  const goal = readGoals[runtime]?.[connections];
  if (goal === undefined || ratio === undefined || vault.startsWith('10000x')) return [];
  const what = `${runtime}, ${operation}, ${connections} connection${connections === 1 ? '' : 's'}`;
  if (operation === 'read') {
    const rows: Row[] = [[what, `>= ${goal.toFixed(1)} x yardstick`, shownRatio(ratio)]];
    if (connections === 16) rows.push([`${what}: p99 / p50`, '<= 3', (p99Ms / p50Ms).toFixed(1)]);
    return rows;
  }
  if (!['write', 'list', 'logs'].includes(operation)) return [];
  const read = lines.find(
    (other) =>
      other.operation === 'read' &&
      other.runtime === runtime &&
      other.vault === vault &&
      other.connections === connections,
  );
  return [[what, `>= the read's ${shownRatio(read?.ratio)}`, shownRatio(ratio)]];
}

function extraGoals({ runtime, signIns, memoryAfterMinuteMb, manyLists }: Extras): Row[] {
  const rows: Row[] = [];
  if (signIns) {
    const { oneMs, slowestMs, isInOrder, liveSlowestMs } = signIns;
    rows.push(
      [`${runtime}, live while 16 sign-ins wait`, '<= 250 ms', `${liveSlowestMs.toFixed(0)} ms`],
      [
        `${runtime}, 16 sign-ins at once, the slowest`,
        'in order, <= 16 x one',
        `${isInOrder ? 'in order' : 'not in order'}, ${(slowestMs / oneMs).toFixed(1)} x ${oneMs.toFixed(0)} ms`,
      ],
    );
  }
  if (memoryAfterMinuteMb !== undefined) {
    const goal = memoryGoals[runtime] ?? 0;
    rows.push([`${runtime}, memory after a minute of reads`, `<= ${goal} MB`, `${memoryAfterMinuteMb.toFixed(0)} MB`]);
  }
  if (manyLists) {
    const { listMb, lists, beforeMb, peakMb } = manyLists;
    rows.push([
      `${runtime}, memory that ${lists} lists at once add`,
      `<= 2 x their ${(lists * listMb).toFixed(0)} MB`,
      `${(peakMb - beforeMb).toFixed(0)} MB, ${((peakMb - beforeMb) / (lists * listMb)).toFixed(1)} x`,
    ]);
  }
  return rows;
}
