/**
 * Reading many values at once: those of some names, or all below a prefix that the caller may read. Each has an event of its own
 * and leaves only by it; a missing one and one that the caller may not read are alike.
 */
import { SealedValueError } from '../../core/crypto/keyring.ts';
import { newNonce } from '../../core/crypto/random.ts';
import { maxReadBytes, maxSecretsAtOnce } from '../../core/limits.ts';
import type { VerdictRow } from '../store/verdict.ts';
import { charge } from './admission.ts';
import { commitOpen, type Operation } from './operation.ts';
import { noName, openedAll, type SecretName } from './secret-values.ts';
import { readSecret } from './secrets.ts';
import { action, below, byFewNames, byNames, byPaddedNames } from './values-plans.ts';
import type { Context } from './vault.ts';

/** A name as it was sent, and as it is looked up. */
interface AskedName extends SecretName {
  sent: string;
}

/** Some names, no two alike; or what they begin with, up to and with a `/`. */
export type ValuesQuery = { names: AskedName[] } | { prefix: string };

export interface ReadValues {
  /** By the names as they were sent, or as they are stored. */
  values: [name: string, value: string][];
  missing: string[];
}

/** The values that have come with their events; null if there is one that is too long for that, as only vaults of v0.6 have any. */
const commitFew = async (context: Context, asked: readonly AskedName[]) => {
  const names = JSON.stringify(asked.map(({ name }) => name));
  const committed = await commitOpen(context, byFewNames, { names, longest: Math.floor(maxReadBytes / asked.length) });
  if (committed.outcome !== 'allowed') return committed;
  if (committed.rows.length < allowedOf(committed.judged)) return null;
  // Without white space around them, no two names are alike: a row is that of the name that it has.
  const places = new Map(asked.map(({ name }, index) => [name, index]));
  return { ...committed, rows: committed.rows.map((row) => ({ ...row, position: places.get(row.name) ?? -1 })) };
};

const allowedOf = (judged: readonly VerdictRow[] = []) => judged.filter(({ outcome }) => outcome === 'allowed').length;

const commitQuery = async ({ vault, caller }: Context, asked: ValuesQuery) => {
  const context = { vault, caller: { ...caller, via: caller.via ?? ('bulk' as const) } };
  if (!('names' in asked)) {
    return commitOpen(context, below, { prefix: asked.prefix, prefix_end: `${asked.prefix.slice(0, -1)}0` });
  }
  const { names } = asked;
  if (names.some(({ padded }) => padded !== null)) {
    return commitOpen(context, byPaddedNames, {
      names: JSON.stringify(names.map(({ name, padded }) => [name, padded])),
    });
  }
  const few = names.length <= maxSecretsAtOnce ? await commitFew(context, names) : null;
  if (few) return few;
  // If one was too long, this counts as another request, so the log says twice that all was read.
  const again = { vault, caller: { ...context.caller, requestId: newNonce() } };
  return commitOpen(again, byNames, { names: JSON.stringify(names.map(({ name }) => name)) });
};

/**
 * Reads values. It counts as one request for each key, as reading them one by one would: so an account fills the log no faster.
 */
export const readValues: Operation<ValuesQuery, ReadValues> = {
  action,
  recordInvalid: readSecret.recordInvalid,
  async perform(context, asked) {
    const committed = await commitQuery(context, asked);
    if (committed.outcome !== 'allowed') {
      if (committed.reason === 'empty_prefix') return { outcome: 'allowed', result: { values: [], missing: [] } };
      return { ...committed, action };
    }
    const { rows, principal, judged = [] } = committed;
    charge(context, judged.length - 1);
    const allowed = allowedOf(judged);
    if (rows.length === 0 && allowed > 0) return { outcome: 'invalid', action, reason: tooLarge };
    if (rows.length < allowed) throw new SealedValueError('token_invalid');
    const named = rows.map((row) => ({ ...row, name: nameAskedFor(asked, row) }));
    const values = await openedAll(context, named, principal);
    return { outcome: 'allowed', result: resultOf(asked, named, values) };
  },
};

const tooLarge = `These values have more than ${maxReadBytes / 1024 / 1024} MiB together. Ask for fewer at once.`;

type Row = { position: number; name: string };

/** The name that was asked for, so that no other value opens; no name if the row is another one's. */
const nameAskedFor = (asked: ValuesQuery, { position, name }: Row): string => {
  if (!('names' in asked)) return name.startsWith(asked.prefix) ? name : noName;
  const { name: meant = noName, padded = null } = asked.names[position] ?? {};
  return name === padded ? padded : meant;
};

const resultOf = (asked: ValuesQuery, rows: readonly Row[], values: readonly string[]): ReadValues => {
  if (!('names' in asked)) {
    return { values: rows.map(({ name }, index): [string, string] => [name, values[index] ?? '']), missing: [] };
  }
  const sent = ({ position }: Row) => asked.names[position]?.sent ?? '';
  const found = new Set(rows.map(sent));
  return {
    values: rows.map((row, index): [string, string] => [sent(row), values[index] ?? '']),
    missing: asked.names.map((each) => each.sent).filter((each) => !found.has(each)),
  };
};
