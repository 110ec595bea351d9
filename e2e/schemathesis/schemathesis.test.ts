/**
 * schemathesis, a public fuzzer of APIs, against a live vault: from the document that the vault serves it makes requests that fit and
 * requests that do not, alone and in sequences. None may be answered with a 5xx, or with what the document does not say.
 *
 * It is installed with pip at its first run, into dist/schemathesis. Without Python the test is skipped; with CI=true that is a failure.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { maxEventsPerList } from '../../core/limits.ts';
import { project } from '../../testing/disk-vaults.ts';
import { ask, type RunningVault, signIn, startVault } from '../../testing/vault.ts';

const version = '4.32.5';
const venv = join(project, 'dist/schemathesis');
const program = join(venv, 'bin/schemathesis');

/** For each operation and kind of request. */
const maxCases = 10;

/** Sequences of requests, each of which uses what one before it answered. */
const maxSequences = 200;

const password = 'a long password for the fuzzer';

/** The token is not in its arguments, which others on the machine can read. */
function settings(token: string): string {
  return `headers = { Authorization = "Bearer ${token}" }

[phases.stateful]
max-steps = 12

[phases.stateful.generation]
max-examples = ${maxSequences}
mode = "positive"
codec = "ascii"
allow-x00 = false
`;
}

/** What it does in every run. */
const often = ['add_key', 'view_key', 'update_key', 'delete_key', 'add_project', 'add_token', 'rotate_token'];

const timeoutMs = 600_000;

const hasPython = spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0;
if (!hasPython && process.env.CI !== 'true') {
  console.warn(
    'The test with schemathesis is skipped: install Python 3 with venv and pip (apt-get install python3-venv).',
  );
}

let vault: RunningVault;
let folder: string;

async function run(command: string, ...args: string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(command, args, { cwd: folder, env: { ...process.env, NO_COLOR: '1', COLUMNS: '200' } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output };
}

beforeAll(async () => {
  vault = await startVault({ env: { MAX_REQUESTS_PER_MINUTE: '100000' } });
  folder = mkdtempSync(join(tmpdir(), 'keystore-schemathesis-'));
}, timeoutMs);

afterAll(async () => {
  if (folder) rmSync(folder, { recursive: true, force: true });
  await vault?.dispose();
});

async function install(): Promise<void> {
  if (existsSync(program)) return;
  const made = await run('python3', '-m', 'venv', venv);
  if (made.status !== 0) throw new Error(made.output);
  const installed = await run(
    join(venv, 'bin/pip'),
    'install',
    '-q',
    '--disable-pip-version-check',
    `schemathesis==${version}`,
  );
  if (installed.status !== 0) throw new Error(installed.output);
}

/** How often each action was carried out, as the log has it. */
async function doneActions(token: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let before = Number.MAX_SAFE_INTEGER;
  for (let hasMore = true; hasMore; ) {
    const path = `/logs?success=true&limit=${maxEventsPerList}&before=${before}`;
    const { body } = await ask<{ logs: { action: string }[]; next?: number }>(vault.url, 'GET', path, { token });
    for (const { action } of body.logs) counts[action] = (counts[action] ?? 0) + 1;
    hasMore = body.next !== undefined;
    before = body.next ?? before;
  }
  return counts;
}

test.skipIf(!hasPython && process.env.CI !== 'true')(
  'schemathesis finds no 5xx and no answer that the document does not describe',
  async () => {
    await install();
    const first = await signIn(vault.url, 'admin', 'admin123');
    // Who must change a password makes no service tokens.
    const passwords = { current_password: 'admin123', new_password: password };
    expect((await ask(vault.url, 'POST', '/auth/password', { token: first, body: passwords })).status).toBe(200);
    const token = await signIn(vault.url, 'admin', password);
    writeFileSync(join(folder, 'schemathesis.toml'), settings(token), { mode: 0o600 });
    const { status, output } = await run(
      program,
      ...['run', `${vault.url}/openapi.json`, '--url', vault.url, '--seed', '1', '-n', String(maxCases)],
      ...['--phases', 'examples,coverage,fuzzing,stateful', '--continue-on-failure', '--generation-database', 'none'],
      '--checks',
      'not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance',
      // These would end its own session, or take its account away. The tests of the routes cover them.
      ...['--exclude-path-regex', '^/auth/(login|logout|password|sessions/)'],
      ...['changeUser', 'deleteUser', 'signOutUser', 'endUserSession'].flatMap((id) => ['--exclude-operation-id', id]),
    );
    console.log(output);
    expect(status, output).toBe(0);
    // It was signed in to the end: otherwise every answer would be a 401, which fits the document.
    expect((await ask(vault.url, 'GET', '/auth/session', { token })).status).toBe(200);
    // Not refused all the time, for what it made up: it also did things.
    const done = await doneActions(token);
    console.log(done);
    expect(done).toMatchObject(Object.fromEntries(often.map((action) => [action, expect.any(Number)])));
    expect(Object.keys(done).length).toBeGreaterThan(20);
    expect(Number(/(\d+) generated/.exec(output)?.[1])).toBeGreaterThan(500);
    expect(Number(/API Links: +(\d+) covered/.exec(output)?.[1])).toBeGreaterThan(3);
  },
  timeoutMs,
);
