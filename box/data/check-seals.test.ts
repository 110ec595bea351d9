import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sealCanary } from '../../core/crypto/keyring.ts';
import { rowOf, sealedKinds, sealedRowSql, sealedTables, sealFor } from '../../core/sealed-rows.ts';
import { keyringOf, makeHome } from '../../testing/disk-vaults.ts';
import { checkFile } from './check-database.ts';
import { checkSeals } from './check-seals.ts';

const folder = mkdtempSync(join(tmpdir(), 'check-seals-'));
let database: DatabaseSync;
let home: Awaited<ReturnType<typeof makeHome>>;

beforeAll(async () => {
  home = await makeHome(folder, { STRIPE: 'a value' });
  database = new DatabaseSync(home.files.file);
  database.exec(`INSERT INTO projects (name, likeness, key_likeness, created_by, created_at) VALUES ('shop', 'shop', 'shop', '', 0);
    INSERT INTO members (project_id, user_id, role, added_at, added_by) VALUES (1, 1, 'manager', 0, '')`);
});
afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

test('a vault that no version with seals has served has none, and that is no fault', () => {
  expect(checkSeals(database, keyringOf(home.envFile))).toMatchObject({ rowsAreSealed: false, brokenSeals: [] });
});

test('every row that was changed from outside is named, and a file with one is refused', () => {
  const keyring = keyringOf(home.envFile);
  for (const table of sealedTables) {
    for (const { sealed } of database.prepare(`SELECT ${sealedRowSql(table, table)} AS sealed FROM ${table}`).all()) {
      const row = rowOf(JSON.parse(String(sealed)));
      const where = sealedKinds[table].locator.map((column) => `${column} = ?`).join(' AND ');
      database.prepare(`UPDATE ${table} SET seal = ? WHERE ${where}`).run(sealFor(keyring, row), ...row[1]);
    }
  }
  const { token } = sealCanary(keyring, { rowsAreSealed: true });
  database.prepare('UPDATE instance SET canary = ?').run(token);
  expect(checkSeals(database, keyring)).toEqual({ rowsAreSealed: true, sealedRows: 5, brokenSeals: [] });
  database.exec(`UPDATE users SET role = 'user'; UPDATE members SET role = 'viewer'; UPDATE secrets SET seal = NULL;
    UPDATE secret_versions SET number = 2; UPDATE secrets SET current_version = 2`);
  const broken = ['user admin', 'member admin of project shop', 'key STRIPE', 'version 2 of key STRIPE'];
  expect(checkSeals(database, keyring).brokenSeals.toSorted()).toEqual(broken.toSorted());
  const lookup = (name: string) => (name === 'ENCRYPTION_KEY' ? encryptionKey(home.envFile) : undefined);
  const check = { files: home.files, lookup, print: () => {} };
  expect(() => checkFile(home.files.file, check)).toThrow(/seal does not hold: user admin/);
  expect(checkFile(home.files.file, { ...check, acceptDamaged: true }).brokenSeals).toHaveLength(4);
});

function encryptionKey(envFile: string): string | undefined {
  return /^ENCRYPTION_KEY=(.*)$/m.exec(readFileSync(envFile, 'utf8'))?.[1];
}
