import { OperatorError } from '../../core/operator-error.ts';

/** The id that names the local database: wrangler prefers preview_database_id for `wrangler dev`. */
export function databaseId(wranglerToml: string): string {
  const find = (name: string) => new RegExp(`^\\s*${name}\\s*=\\s*["']([^"']+)["']`, 'm').exec(wranglerToml)?.[1];
  const id = find('preview_database_id') ?? find('database_id');
  if (id === undefined)
    throw new OperatorError('wrangler.toml has no database_id. Bring back the one that came with Keystore.');
  return id;
}
