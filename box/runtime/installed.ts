/** What the installed packages know: where workerd is, and how wrangler reads wrangler.toml. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { databaseId } from '../../core/data-folder/layout.ts';
import { OperatorError } from '../../core/operator-error.ts';

/** The path of the workerd executable that miniflare, and so `wrangler dev`, uses. */
export function workerdPath(): string {
  const require = createRequire(createRequire(import.meta.url).resolve('miniflare'));
  return (require('workerd') as { default: string }).default;
}

/**
 * Reads wrangler.toml with wrangler's own reader. That loads all of wrangler, which takes a second: only for builds and tests.
 *
 * @throws OperatorError if the compatibility date is missing, or the database is not the one that box/ opens.
 */
export async function readWranglerConfig(project: string): Promise<{ compatibilityDate: string }> {
  const { unstable_readConfig: readConfig } = await import('wrangler');
  const { compatibility_date: compatibilityDate, d1_databases: databases } = readConfig({
    config: join(project, 'wrangler.toml'),
  });
  if (compatibilityDate === undefined) throw new OperatorError('wrangler.toml has no compatibility_date. Restore it.');
  // `wrangler dev` prefers preview_database_id, too.
  const id = databases[0]?.preview_database_id ?? databases[0]?.database_id;
  if (id !== databaseId) {
    throw new OperatorError(`The local database in wrangler.toml is ${id}. Set preview_database_id to ${databaseId}.`);
  }
  return { compatibilityDate };
}
