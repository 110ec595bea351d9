/** The schema that drizzle knows, compared with the one that the migrations make. */
import { getTableConfig } from 'drizzle-orm/sqlite-core';
import { expect, test } from 'vitest';
import { applyTestMigrations, testDb, testMigrations } from '../testing/test-database.ts';
import * as schema from './schema.ts';

const { instance, users, sessions, secrets, secretVersions, auditEvents } = schema;
const { projects, members, secretLabels, pathEntries } = schema;
const { serviceTokens, tokenSecrets, tokenScopes } = schema;
const { keyReaders, activity, logBlocks, usage, knownAddresses, throttles } = schema;

const tables = [
  ...[instance, users, sessions, secrets, secretVersions, auditEvents],
  ...[projects, members, secretLabels, pathEntries],
  ...[serviceTokens, tokenSecrets, tokenScopes],
  ...[keyReaders, activity, logBlocks, usage, knownAddresses, throttles],
];

test('the code is written for the newest migration', () => {
  expect(testMigrations.at(-1)?.name).toBe(schema.currentMigration);
});

test.each(tables.map(getTableConfig))(
  'the schema of $name has the columns, types and NOT NULLs of the migrations',
  async ({ name, columns }) => {
    await applyTestMigrations();
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
