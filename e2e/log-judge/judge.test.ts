/** The log of a running vault, judged by a program in Go with libraries that other people wrote for other logs. On both runtimes. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileCache, homeIn, makeHome, project, runOn } from '../../testing/disk-vaults.ts';
import { addEvents } from '../../testing/sealed-log.ts';
import { goPrograms, needTool, run, type Tool } from '../../testing/tools.ts';
import { ask, type Runtime, signIn, startVault } from '../../testing/vault.ts';

const password = 'correct horse battery';
/** Two full tiles and a part of the third. */
const events = 600;

let judge: Tool;

beforeAll(async () => {
  judge = await goPrograms(join(import.meta.dirname, 'judge'), ['main.go']);
}, 15 * 60_000);

/** A vault with a log, and a token that may read it and nothing else. */
async function start(runtime: Runtime) {
  const folder = mkdtempSync(join(tmpdir(), 'log-judge-'));
  const home = await makeHome(folder, { DEPLOY_KEY: 'a value' });
  {
    using database = new DatabaseSync(home.files.file);
    addEvents(database, events);
  }
  const reset = runOn(home, ['reset-admin.ts'], { input: `${password}\n` });
  expect(reset.code, reset.output).toBe(0);
  const vault = await startVault({ folder: homeIn(folder).folder, runtime });
  const admin = await signIn(vault.url, 'admin', password);
  const made = await ask<{ token: string }>(vault.url, 'POST', '/tokens', {
    token: admin,
    body: { name: 'judge', access: 'audit' },
  });
  expect(made.status).toBe(201);
  return { vault, admin, token: made.body.token };
}

describe.each(['wrangler', 'standalone'] as const)('under %s', (runtime) => {
  test('checkpoints, inclusion, consistency, tiles and entries hold for outsiders', async ({ skip }) => {
    const program = needTool(judge, skip);
    const { vault, token } = await start(runtime);
    try {
      const { stdout } = await run(join(program, 'log-judge'), [], {
        env: { VAULT_URL: vault.url, VAULT_TOKEN: token },
      });
      const lines = stdout.trimEnd().split('\n');
      expect(lines.filter((line) => line.startsWith('inclusion: '))).toHaveLength(8);
      expect(lines.filter((line) => line.startsWith('consistency: '))).toHaveLength(7);
      for (const what of ['key: keystore/', 'tiles: root ', 'entries: ', 'lies: none']) {
        expect(lines.filter((line) => line.startsWith(what))).toHaveLength(1);
      }
      expect(lines.at(-1)).toMatch(/^done: 6\d\d events$/);
      // What was sealed over HTTP is what the program beside the vault verifies.
      await vault.stop();
      const { stdout: proven } = await run(
        join(project, 'HelperScripts/verify-audit.sh'),
        ['--local', vault.files.file],
        {
          env: { ...compileCache, PATH: process.env.PATH },
        },
      );
      expect(proven).toMatch(/^verified: 6\d\d events, root /m);
    } finally {
      await vault.dispose();
    }
  });
});
