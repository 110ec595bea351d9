import { sql } from 'drizzle-orm';
import { likeness } from '../../core/accounts/likeness.ts';
import { passwordProblem } from '../../core/accounts/password-policy.ts';
import { openCanary, sealCanary } from '../../core/crypto/keyring.ts';
import { makeVerifier } from '../../core/crypto/password.ts';
import type { Role } from '../../core/policy/policy.ts';
import { read, StoreFailure, transact } from '../store/commit.ts';
import { auditEvents, currentMigration, instance, users } from '../store/schema.ts';
import { type Statement, statement, value } from '../store/statement.ts';
import type { Vault } from './vault.ts';

/** The vault as a whole: is this database ours, whole and current; and how a new one is set up. */

/** The vault cannot serve until somebody does what the message says. */
export class VaultUnavailable extends Error {
  override name = 'VaultUnavailable';
  readonly reason: 'database' | 'schema' | 'setup' | 'wrong_key' | 'damaged';
  constructor(reason: VaultUnavailable['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

interface Condition {
  migration: string | null;
  key_id: string | null;
  canary: string | null;
  has_data: number;
}

const condition = statement<Condition>(sql`
  SELECT (SELECT name FROM d1_migrations ORDER BY id DESC LIMIT 1) AS migration, key_id, canary,
    EXISTS (SELECT 1 FROM ${users}) OR EXISTS (SELECT 1 FROM ${auditEvents}) AS has_data
  FROM (SELECT 1) LEFT JOIN ${instance} ON true`);

/**
 * Makes sure that this is a vault which our key opens; a new database is set up. One round trip where all is well.
 *
 * @throws VaultUnavailable with a sentence for whoever runs the vault.
 */
export const openInstance = async (vault: Vault, now: number): Promise<void> => {
  const found = await inspect(vault.db);
  if (found.migration !== currentMigration) throw schemaDiffers(found.migration);
  if (found.key_id === null || found.canary === null) {
    if (found.has_data) throw new VaultUnavailable('damaged', damaged);
    return setUp(vault, now);
  }
  const { keyring } = vault;
  if (!keyring.byId.has(found.key_id)) throw wrongKey(keyring.primary.id, found.key_id);
  if (!openCanary(keyring, found.canary, found.key_id)) throw new VaultUnavailable('damaged', damaged);
  if (found.key_id !== keyring.primary.id) await adoptPrimaryKey(vault);
};

const damaged =
  'The database has lost the record that says which key seals it. Restore a backup (HelperScripts/restore-data.sh).';

const inspect = async (db: D1Database): Promise<Condition> => {
  try {
    const [found] = await read(db, condition, {});
    if (found) return found;
  } catch (error) {
    if (error instanceof StoreFailure && error.kind === 'schema') throw schemaDiffers(null);
    throw new VaultUnavailable('database', 'The database does not answer. See the log of the service for the cause.', {
      cause: error,
    });
  }
  throw schemaDiffers(null);
};

const schemaDiffers = (found: string | null) =>
  new VaultUnavailable(
    'schema',
    `The database is at migration ${found ?? '(none)'}, this version needs ${currentMigration}. ` +
      'Restart a local vault with `npm start`; on the edge run `npm run migrate`.',
  );

const wrongKey = (have: string, need: string) =>
  new VaultUnavailable(
    'wrong_key',
    `ENCRYPTION_KEY has the fingerprint ${have}, but this database is sealed with the key ${need}. ` +
      'Put that key back (it is in the .env of your backup). Nothing has been written.',
  );

const adoptPrimaryKey = async ({ db, keyring }: Vault) => {
  const { token, keyId } = sealCanary(keyring);
  await transact(
    db,
    [statement(sql`UPDATE ${instance} SET canary = ${value('canary')}, key_id = ${value('key_id')}`)],
    {
      canary: token,
      key_id: keyId,
    },
  );
};

interface FirstAccount {
  name: string;
  password: string;
  role: Role;
  mustChange: boolean;
}

/** Which accounts a new vault begins with. On the edge nobody may find a vault with a password that everyone knows. */
const firstAccounts = ({ adminPassword, makesDefaultAccounts }: Vault): FirstAccount[] => {
  if (adminPassword !== null) {
    const problem = passwordProblem(adminPassword, 'admin');
    if (problem) throw new VaultUnavailable('setup', `ADMIN_PASSWORD: ${problem}`);
    return [{ name: 'admin', password: adminPassword, role: 'admin', mustChange: false }];
  }
  if (makesDefaultAccounts) {
    return [
      { name: 'admin', password: 'admin123', role: 'admin', mustChange: true },
      { name: 'user', password: 'user123', role: 'user', mustChange: true },
    ];
  }
  throw new VaultUnavailable(
    'setup',
    'This vault has no account yet. Set the secret ADMIN_PASSWORD (`npx wrangler secret put ADMIN_PASSWORD`), then sign in as admin.',
  );
};

/** Two workers may do this at once: the canary of the first is the one that stands, and only its accounts are made. */
const setUp = async (vault: Vault, now: number) => {
  const accounts = firstAccounts(vault);
  const { token, keyId } = sealCanary(vault.keyring);
  const values: Record<string, string | number> = { now, key_id: keyId, canary: token };
  const steps: Statement[] = [
    statement(sql`
      INSERT INTO ${instance} (id, created_at, key_id, canary)
      SELECT 1, ${value('now')}, ${value('key_id')}, ${value('canary')} WHERE NOT EXISTS (SELECT 1 FROM ${instance})`),
  ];
  for (const [index, { name, password, role, mustChange }] of accounts.entries()) {
    values[`name${index}`] = name;
    values[`likeness${index}`] = likeness(name);
    values[`verifier${index}`] = await makeVerifier(password, vault.passwordCost);
    values[`role${index}`] = role;
    values[`must_change${index}`] = Number(mustChange);
    steps.push(
      statement(sql`
        INSERT INTO ${users} (name, likeness, verifier, role, must_change_password, created_at)
        SELECT ${value(`name${index}`)}, ${value(`likeness${index}`)}, ${value(`verifier${index}`)},
          ${value(`role${index}`)}, ${value(`must_change${index}`)}, ${value('now')}
        WHERE (SELECT canary FROM ${instance}) = ${value('canary')}`),
    );
  }
  await transact(vault.db, steps, values);
};
