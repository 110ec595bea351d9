/** The vault as a whole: whether the database is this vault's, undamaged and current; and how a new one is set up. */
import { desc, eq, sql } from 'drizzle-orm';
import { defaultPasswords } from '../../core/accounts/default-passwords.ts';
import { likeness } from '../../core/accounts/likeness.ts';
import { passwordProblem } from '../../core/accounts/password-policy.ts';
import { readCanary, sealCanary } from '../../core/crypto/keyring.ts';
import { makeVerifier } from '../../core/crypto/password.ts';
import { maxHashSilenceMs } from '../../core/limits.ts';
import { sealedTables, sealOfAccount } from '../../core/sealed-rows.ts';
import { sentences } from '../../core/settings/messages.ts';
import { StoreFailure } from '../../core/store-failure.ts';
import { auditEvents, currentMigration, instance, logTree, migrations, users } from '../store/schema.ts';
import { sealedTable } from '../store/sealed.ts';
import { type Filled, fill, insertFrom, integer, query, statement } from '../store/statement.ts';
import { transact } from '../store/transact.ts';
import { adoptionEvent, hasTakenOver, rememberSealed, wasSealed } from './adoption.ts';
import { type NotedBroken, notedBroken } from './broken-seals.ts';
import { scryptBy } from './hasher.ts';
import { resealTree } from './log-sealing.ts';
import { keysInUse } from './sealing-keys.ts';
import { adoptRows, resealRows } from './sealing-rows.ts';
import type { Vault } from './vault.ts';

/** The vault cannot serve until the operator does what the message says. */
export class VaultUnavailable extends Error {
  override name = 'VaultUnavailable';
  readonly reason: 'busy' | 'database' | 'schema' | 'setup' | 'wrong_key' | 'damaged' | 'seals_gone';
  constructor(reason: VaultUnavailable['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/**
 * Whether there is anything that a vault would have: then it is not a new one, whatever else is missing. Its first accounts have the numbers
 * of those of before, and so would have what is left of theirs.
 */
const hasData = sql.join(
  [...sealedTables.map(sealedTable), auditEvents, logTree].map((table) => sql`exists (select 1 from ${table})`),
  sql` or `,
);

/** The newest migration of the database, with the record that says which key seals it. */
const condition = statement([], () =>
  query
    .select({
      name: migrations.name,
      key_id: instance.key_id,
      canary: instance.canary,
      sealed_at: instance.sealed_at,
      has_data: integer('has_data', hasData),
    })
    .from(migrations)
    .leftJoin(instance, sql`true`)
    .orderBy(desc(migrations.id))
    .limit(1),
);

type ConditionRow = NonNullable<ReturnType<typeof condition>['row']>;

/**
 * Checks that the database is a vault that ENCRYPTION_KEY opens, and sets up a new one. One round trip if all is well.
 *
 * @param busyWaitMs how long to wait for another process that writes to the database.
 * @returns the fingerprints of the keys that its values are sealed with, and the rows whose seal did not hold.
 * @throws VaultUnavailable with a message for the operator.
 */
export const openInstance = async (
  vault: Vault,
  now: number,
  busyWaitMs?: number,
): Promise<{ inUse: string[]; broken: NotedBroken[] }> => {
  const { found, inUse, broken } = await inspect(vault.db, busyWaitMs);
  if (found?.name !== currentMigration) throw schemaDiffers(found?.name ?? null);
  if (found.key_id === null || found.canary === null) {
    if (found.has_data) throw new VaultUnavailable('damaged', damaged);
    if (wasSealed(vault)) throw new VaultUnavailable('seals_gone', sentences.vaultGone('the database'));
    if (await othersSetUp()) return openInstance(vault, now);
    await setUp(vault, now);
    rememberSealed(vault);
    return { inUse, broken };
  }
  const { keyring } = vault;
  if (!keyring.byId.has(found.key_id)) throw wrongKey(keyring.primary.id, found.key_id);
  const canary = readCanary(keyring, found.canary, found.key_id);
  if (!canary) throw new VaultUnavailable('damaged', damaged);
  if (!canary.rowsAreSealed && wasSealed(vault)) throw new VaultUnavailable('seals_gone', sentences.sealsGone);
  const isPrimary = found.key_id === keyring.primary.id;
  if (!isPrimary && hasTakenOver(vault)) throw new VaultUnavailable('seals_gone', sentences.keyWentBack);
  if (!canary.rowsAreSealed || !isPrimary) {
    // If this ends before the canary is replaced, all is done again.
    if (!isPrimary) await resealTree(vault);
    const adoption = canary.rowsAreSealed ? [] : [adoptionEvent(await adoptRows(vault), found.canary, now)];
    if (canary.rowsAreSealed) await resealRows(vault);
    await replaceCanary(vault, found.canary, now, adoption);
    // Others may have written rows meanwhile under the key before.
    if (!isPrimary) await resealRows(vault);
  } else if (found.sealed_at === null) await transact(vault.db, [fill(storeSealedAt(), { now })]);
  rememberSealed(vault);
  return { inUse, broken };
};

const damaged =
  'The record that says which key seals the database is missing or damaged. Restore a backup (HelperScripts/restore-data.sh).';

const busy = 'Another process is writing to the database. Requests wait for it for some seconds.';

const inspect = async (db: D1Database, busyWaitMs?: number) => {
  try {
    const steps = [fill(condition(), {}), fill(keysInUse(), {}), fill(notedBroken(), {})];
    const [[found] = [], keys = [], broken = []] = await transact(db, steps, busyWaitMs);
    return {
      found: found as ConditionRow | undefined,
      inUse: keys.map(({ key_id }) => String(key_id)),
      broken: broken as unknown as NotedBroken[],
    };
  } catch (cause) {
    if (cause instanceof StoreFailure && cause.kind === 'schema') throw schemaDiffers(null);
    if (cause instanceof StoreFailure && cause.kind === 'busy') throw new VaultUnavailable('busy', busy, { cause });
    const message = 'The database does not answer. The log of the service has the cause.';
    throw new VaultUnavailable('database', message, { cause });
  }
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

const storeCanary = statement(['canary', 'key_id', 'now', 'before'], ({ canary, key_id, now, before }) =>
  query.update(instance).set({ canary, key_id, sealed_at: now }).where(eq(instance.canary, before)),
);

const storeSealedAt = statement(['now'], ({ now }) => query.update(instance).set({ sealed_at: now }));

/** The primary key takes over, that of the log first, and the canary says from now on that the rows are sealed. */
const replaceCanary = async ({ db, keyring }: Vault, before: string, now: number, first: readonly Filled[]) => {
  const { token: canary, keyId: key_id } = sealCanary(keyring, { rowsAreSealed: true });
  await transact(db, [...first, fill(storeCanary(), { canary, key_id, now, before })]);
};

/** The accounts of a new vault. A vault on the edge never gets accounts with well-known passwords. */
const firstAccounts = ({ adminPassword, makesDefaultAccounts }: Vault) => {
  if (adminPassword !== null) {
    const problem = passwordProblem(adminPassword, 'admin');
    if (problem) throw new VaultUnavailable('setup', `ADMIN_PASSWORD: ${problem}`);
    return [
      { name: 'admin', password: adminPassword, role: 'admin', must_change_password: 0, has_default_password: 0 },
    ];
  }
  if (makesDefaultAccounts) {
    return [
      {
        name: 'admin',
        password: defaultPasswords.admin,
        role: 'admin',
        must_change_password: 1,
        has_default_password: 1,
      },
      { name: 'user', password: defaultPasswords.user, role: 'user', must_change_password: 1, has_default_password: 1 },
    ];
  }
  throw new VaultUnavailable(
    'setup',
    'This vault has no account yet. Set ADMIN_PASSWORD (on Cloudflare: `npx wrangler secret put ADMIN_PASSWORD`), then sign in as admin.',
  );
};

const addInstance = statement(['now', 'key_id', 'canary'], ({ now, key_id, canary }) =>
  query.insert(instance).values({ id: 1, created_at: now, key_id, canary, sealed_at: now }).onConflictDoNothing(),
);

const addAccount = statement(
  [
    'id',
    'name',
    'likeness',
    'verifier',
    'role',
    'must_change_password',
    'has_default_password',
    'seal',
    'now',
    'canary',
  ],
  ({ now, canary, ...account }) => {
    const fields = { ...account, is_active: 1, created_at: now, failures_forgiven_at: 0, password_number: 0 };
    return insertFrom(users, fields, instance, eq(instance.canary, canary));
  },
);

/** How often a request looks whether another one has set the vault up. */
const settingUpPollMs = 20;
/** Until when another request counts as setting the vault up. Each slice of a hash moves it on: a request may be cut off. */
let settingUpUntil = 0;
/** The verifiers that a request made before it was cut off. A probe that is impatient would start over for ever. */
const made = new Map<string, string>();

/** Waits while another request sets the vault up, since two would take twice as long. Whether it waited. */
const othersSetUp = async () => {
  let waited = false;
  for (; settingUpUntil > Date.now(); waited = true) await scheduler.wait(settingUpPollMs);
  return waited;
};

const signOfLife = async () => {
  settingUpUntil = Date.now() + maxHashSilenceMs;
  await scheduler.wait(0);
};

const verifierOf = async (password: string, { passwordCost, hasher }: Vault) => {
  const kept = made.get(password) ?? (await makeVerifier(password, passwordCost, scryptBy(hasher, signOfLife)));
  made.set(password, kept);
  return kept;
};

/** Two workers may do this at once. The canary of the first one stands, and only the accounts of the first are made. */
const setUp = async (vault: Vault, now: number) => {
  const accounts = firstAccounts(vault);
  settingUpUntil = Date.now() + maxHashSilenceMs;
  const { token: canary, keyId: key_id } = sealCanary(vault.keyring, { rowsAreSealed: true });
  const steps = [fill(addInstance(), { now, key_id, canary })];
  for (const [index, { password, ...given }] of accounts.entries()) {
    const account = { ...given, id: index + 1, verifier: await verifierOf(password, vault) };
    const seal = sealOfAccount(vault.keyring, { ...account, is_active: 1 });
    steps.push(fill(addAccount(), { ...account, seal, likeness: likeness(account.name), now, canary }));
  }
  await transact(vault.db, steps);
  made.clear();
  settingUpUntil = 0;
};
