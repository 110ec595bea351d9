/** Measures what `keystore run` adds to a command: `node -e 0` with it and without it, in turn. */
import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { node, openCli } from '../testing/cli.ts';
import { ask, type Runtime, signIn, startVault } from '../testing/vault.ts';
import { markdown } from './report.ts';

const rounds = 21;
const keys = 20;

/** In ms. */
const goalMs = 150;

/** Prints a table with a line for each runtime. */
export async function printCli(runtimes: readonly Runtime[]): Promise<void> {
  const rows: string[][] = [];
  for (const runtime of runtimes) rows.push(await measure(runtime));
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  console.log(`\nkeystore run with ${keys} keys, Node.js ${version}, median of ${rounds}\n`);
  console.log(markdown(['vault', 'node -e 0', 'keystore run', 'added', 'added, the fastest of each', 'goal'], rows));
}

async function measure(runtime: Runtime): Promise<string[]> {
  const vault = await startVault({ runtime });
  const token = await signIn(vault.url, 'admin', 'admin123');
  const entries = Array.from({ length: keys }, (_, index) => ({ key_name: `KEY_${index}`, api_key: 'x'.repeat(40) }));
  await ask(vault.url, 'POST', '/keys/import', { token, body: { prefix: 'bench/', entries } });
  const { env, folder, dispose } = openCli(vault.url, token);
  try {
    const plain = ['-e', '0'];
    const withKeys = [`${folder}/bin/keystore`, 'run', 'bench', '--', node, ...plain];
    const time = (args: string[]) => {
      const began = performance.now();
      const { status, stderr } = spawnSync(node, args, { env, encoding: 'utf8' });
      if (status !== 0) throw new Error(`node ${args.join(' ')} failed: ${stderr}`);
      return performance.now() - began;
    };
    time(withKeys);
    const [alone, run]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      alone.push(time(plain));
      run.push(time(withKeys));
    }
    const [a, b] = [median(alone), median(run)];
    const shown = [a, b, b - a, Math.min(...run) - Math.min(...alone)].map((ms) => `${ms.toFixed(0)} ms`);
    return [runtime, ...shown, `< ${goalMs} ms`];
  } finally {
    dispose();
    await vault.dispose();
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
