import { applyD1Migrations, env } from 'cloudflare:test';
import { getTableConfig } from 'drizzle-orm/sqlite-core';
import { expect, test } from 'vitest';
import { testDb } from '../testing/vault.ts';
import * as schema from './schema.ts';

const { TEST_MIGRATIONS: migrations } = env as unknown as { TEST_MIGRATIONS: Parameters<typeof applyD1Migrations>[1] };
const { instance, users, sessions, secrets, secretVersions, auditEvents } = schema;

test('the newest migration is the one that the code is written for', () => {
  expect(migrations.at(-1)?.name).toBe(schema.currentMigration);
});

test.each([instance, users, sessions, secrets, secretVersions, auditEvents].map(getTableConfig))(
  'the table $name has the columns that the migrations make',
  async ({ name, columns }) => {
    await applyD1Migrations(testDb(), migrations);
    const { results } = await testDb()
      .prepare(`SELECT name, type, "notnull", pk FROM pragma_table_info('${name}')`)
      .all();
    const made = results.map((row) => [row.name, row.type, row.notnull === 1 || row.pk === 1]);
    const known = columns.map((column) => [
      column.name,
      column.getSQLType().toUpperCase(),
      column.notNull || column.primary,
    ]);
    expect(known).toEqual(made);
  },
);
