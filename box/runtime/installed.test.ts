import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readWranglerConfig } from './installed.ts';

const project = join(import.meta.dirname, '../..');

test('wrangler.toml names the local database that box/ opens', async () => {
  const { compatibilityDate } = await readWranglerConfig(project);
  expect(compatibilityDate).toMatch(/^\d{4}-\d\d-\d\d$/);
});
