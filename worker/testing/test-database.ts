/** The database of a test file: D1. The tests of the standalone runtime replace this file with their own (vitest.config.ts). */
import { applyD1Migrations, env } from 'cloudflare:test';

type Migrations = Parameters<typeof applyD1Migrations>[1];

const { DB, TEST_MIGRATIONS } = env as unknown as { DB: D1Database; TEST_MIGRATIONS: Migrations };

export const testMigrations = TEST_MIGRATIONS;

export const testDb = (): D1Database => DB;

export const applyTestMigrations = (): Promise<void> => applyD1Migrations(DB, TEST_MIGRATIONS);
