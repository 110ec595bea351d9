/** What a process and all its descendants use, read from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100;

/** CPU time so far, in seconds. */
export function cpuSeconds(root: number): number {
  return sumOverTree(root, (pid) => {
    const fields = stat(pid);
    return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond;
  });
}

/** Memory in MiB, where each page counts in proportion to the processes that share it (PSS). */
export function memoryMb(root: number): number {
  return sumOverTree(root, (pid) => Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024);
}

function sumOverTree(root: number, measure: (pid: number) => number): number {
  const children = Map.groupBy(
    readdirSync('/proc').filter((name) => /^\d+$/.test(name)),
    (pid) => Number(stat(Number(pid))[1] ?? 0),
  );
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []).map(Number));
  return tree.reduce((sum, pid) => sum + measure(pid), 0);
}

/** The fields of /proc/<pid>/stat after the command's name: state, parent, ... */
function stat(pid: number): string[] {
  return read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
}

/** The text of a file; empty if the process has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
