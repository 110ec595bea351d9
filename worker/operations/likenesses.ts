/** The likenesses of secrets that an earlier version stored without one. They are filled in before the first new secret. */
import { and, isNull, notExists, sql } from 'drizzle-orm';
import { keyLikeness } from '../../core/accounts/likeness.ts';
import { maxLikenessesPerStep } from '../../core/limits.ts';
import { secrets } from '../store/schema.ts';
import { fill, query, statement } from '../store/statement.ts';
import { read, transact } from '../store/transact.ts';

const isUnfilled = isNull(secrets.likeness);

/** Whether every secret has a likeness, so that a new name can be compared with all of them. */
export const likenessesAreFilled = notExists(query.select({ id: secrets.id }).from(secrets).where(isUnfilled));

const unfilled = statement([], () =>
  query.select({ id: secrets.id, name: secrets.name }).from(secrets).where(isUnfilled).limit(maxLikenessesPerStep),
);

/** `likenesses` is a JSON object: the likeness of each secret by its id. */
const storeLikenesses = statement(['likenesses'], ({ likenesses }) =>
  query
    .update(secrets)
    .set({ likeness: sql`json_extract(${likenesses}, '$."' || ${secrets.id} || '"')` })
    .where(and(isUnfilled, sql`${secrets.id} in (select cast(key as integer) from json_each(${likenesses}))`)),
);

/** Fills in all that are missing, in steps. In SQL this would be part of a migration, but SQL cannot fold Unicode. */
export const fillLikenesses = async (db: D1Database): Promise<void> => {
  for (;;) {
    const found = await read(db, fill(unfilled(), {}));
    if (found.length === 0) return;
    const likenesses = Object.fromEntries(found.map((secret) => [secret.id, keyLikeness(secret.name)]));
    await transact(db, [fill(storeLikenesses(), { likenesses: JSON.stringify(likenesses) })]);
  }
};
