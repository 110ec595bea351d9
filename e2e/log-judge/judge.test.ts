/** The log of a running vault, judged by a program in Go with libraries that other people wrote for other logs. On both runtimes. */
import { mkdtempSync, readFileSync } from 'node:fs';
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
  const pin = join(folder, 'newest checkpoint');
  const vault = await startVault({ folder: homeIn(folder).folder, runtime, env: { AUDIT_PIN_FILE: pin } });
  const admin = await signIn(vault.url, 'admin', password);
  const made = await ask<{ token: string }>(vault.url, 'POST', '/tokens', {
    token: admin,
    body: { name: 'judge', access: 'audit' },
  });
  expect(made.status).toBe(201);
  return { vault, pin, token: made.body.token };
}

/** After the events of one tile and more were archived: what the vault says of them, and that the rest goes on. */
async function goOnWithoutArchived(folder: string): Promise<void> {
  const home = homeIn(folder);
  const written = runOn(home, ['archive-logs.ts', 'write', '1970-01-01T00:05:00Z']);
  expect(written.code, written.output.slice(0, 300)).toBe(0);
  const removed = runOn(home, ['archive-logs.ts', 'remove'], { input: written.stdout });
  expect(removed.output).toMatch(/^Deleted the log entries 1 to 299/);
  const vault = await startVault({ folder, runtime: 'standalone' });
  try {
    const token = await signIn(vault.url, 'admin', password);
    const get = async (path: string, method = 'GET') => {
      const answer = await fetch(vault.url + path, { method, headers: { Authorization: `Bearer ${token}` } });
      return { status: answer.status, text: await answer.text() };
    };
    expect(await get('/logs/checkpoint', 'POST')).toMatchObject({ status: 200 });
    expect((await get('/logs/proof/1')).text).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex 0\n/);
    expect((await get('/logs/proof/300')).text).toMatch(/^c2sp\.org\/tlog-proof@v1\nextra /);
    expect(await get('/logs/tile/entries/000')).toMatchObject({ status: 404 });
    expect(await get('/logs/tile/0/000')).toMatchObject({ status: 200 });
    expect(JSON.parse((await get('/logs/verify?after=0')).text)).toMatchObject({ wrong: null });
    const { logs } = JSON.parse((await get('/logs?action=archive_log')).text);
    expect(logs).toMatchObject([{ action: 'archive_log', target: '1 to 299', user_name: null }]);
    expect(JSON.parse((await get('/logs?user_name=person3&match=exact&limit=500')).text).logs).toHaveLength(43);
  } finally {
    await vault.stop();
  }
}

describe.each(['wrangler', 'standalone'] as const)('under %s', (runtime) => {
  test('checkpoints, inclusion, consistency, tiles and entries hold for outsiders', async ({ skip }) => {
    const program = needTool(judge, skip);
    const { vault, pin, token } = await start(runtime);
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
      expect(Number(readFileSync(pin, 'utf8').split('\n')[1])).toBeGreaterThan(events);
      const { stdout: proven } = await run(
        join(project, 'HelperScripts/verify-audit.sh'),
        ['--local', vault.files.file],
        {
          env: { ...compileCache, PATH: process.env.PATH },
        },
      );
      // AUDIT_PIN_FILE has the newest checkpoint.
      expect(proven).toMatch(/^verified: 6\d\d events, root /m);
      if (runtime === 'standalone') await goOnWithoutArchived(vault.folder);
    } finally {
      await vault.dispose();
    }
  });
});
