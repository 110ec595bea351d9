/** What a request does, as counts that do not depend on time: bench/worker/ counts, `bench/counts.json` has what was accepted. */
import { spawnSync } from 'node:child_process';
import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { project } from '../testing/disk-vaults.ts';
import { markdown } from './report.ts';

type Counts = Record<string, Record<string, Record<string, number>>>;

/** What vitest writes; `meta` is what a test leaves. */
interface VitestReport {
  testResults: { message: string; assertionResults: { meta: { counts?: Counts }; failureMessages: string[] }[] }[];
}

/** Counts on both databases and prints the counts. `accept` writes them to bench/counts.json, by which later ones are judged. */
export function printCounts(accept: boolean): void {
  using temporary = mkdtempDisposableSync(join(tmpdir(), 'keystore-counts-'));
  const output = join(temporary.path, 'counts.json');
  const projects = ['--project', 'counts', '--project', 'counts-standalone'];
  const vitest = join(project, 'node_modules/vitest/vitest.mjs');
  spawnSync(process.execPath, [vitest, 'run', ...projects, '--reporter=json', `--outputFile=${output}`], {
    cwd: project,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const { testResults } = JSON.parse(readFileSync(output, 'utf8')) as VitestReport;
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const counts: Counts = Object.assign({}, ...tests.map(({ meta }) => meta.counts ?? {}));
  const problems = [...testResults.map(({ message }) => message), ...tests.flatMap((test) => test.failureMessages)];
  if (Object.keys(counts).length !== 2) throw new Error(`The counts could not be made.\n${problems.join('\n')}`);
  for (const [runtime, operations] of Object.entries(counts)) console.log(`\n${countsTable(runtime, operations)}\n`);
  if (accept) {
    const path = join(project, 'bench/counts.json');
    const sorted = Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
    writeFileSync(path, `${JSON.stringify(sorted, null, 2)}\n`);
    console.log(`Written to ${path}`);
  } else {
    for (const problem of problems) if (problem) console.log(problem.replace(/\n +at .*/g, ''));
  }
}

/** One row for each count, one column for each operation. */
function countsTable(runtime: string, operations: Counts[string]): string {
  const names = [...new Set(Object.values(operations).flatMap((counts) => Object.keys(counts)))].sort();
  const rows = names.map((name) => [
    name,
    ...Object.values(operations).map((counts) => (counts[name] === undefined ? '' : String(counts[name]))),
  ]);
  return markdown([runtime, ...Object.keys(operations)], rows);
}
