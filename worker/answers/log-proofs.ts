/** Answers about proofs of the log. Most are no JSON: the schema is of their text then. */
import * as v from 'valibot';
import { whole } from './parts.ts';

export const verified = v.strictObject({
  size: v.pipe(whole, v.description('How many events are sealed.')),
  root: v.pipe(v.string(), v.description('The root of the tree over them, in base64.')),
  checked_to: v.pipe(whole, v.description('The last event that was looked at and is as it was sealed.')),
  next: v.pipe(v.nullable(whole), v.description('What to ask for with after; null if nothing is left.')),
  wrong: v.pipe(
    v.nullable(
      v.strictObject({
        id: v.pipe(
          v.nullable(whole),
          v.description('The first event that is wrong; null if it is the tree or its signature.'),
        ),
        kind: v.picklist(['edited', 'missing', 'reordered', 'added', 'tree', 'signature']),
      }),
    ),
    v.description('What is not as it was sealed.'),
  ),
});

export const logKey = v.pipe(v.string(), v.description('The key in one line, as programs for signed notes read it.'));
export const checkpoint = v.pipe(v.string(), v.description('A signed note: C2SP tlog-checkpoint.'));
export const proof = v.pipe(
  v.string(),
  v.description('C2SP tlog-proof. The extra data is the leaf: the event as canonical JSON (RFC 8785).'),
);
export const consistency = v.pipe(
  v.string(),
  v.description('The body of a request add-checkpoint of C2SP tlog-witness.'),
);
export const tile = v.pipe(v.string(), v.description('Up to 256 hashes of 32 bytes: C2SP tlog-tiles.'));
export const entries = v.pipe(
  v.string(),
  v.description('Up to 256 events as canonical JSON, each after its length in two bytes.'),
);
