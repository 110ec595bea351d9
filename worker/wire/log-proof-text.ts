/** Proofs of the log in the forms that other programs read: C2SP tlog-checkpoint, tlog-proof, tlog-witness and tlog-tiles. */

import type { InferOutput } from 'valibot';
import { type Hash, hashBytes } from '../../core/audit/tree.ts';
import { base64 } from '../../core/crypto/encoding.ts';
import type { verified } from '../answers/log-proofs.ts';
import type { ConsistencyProof, InclusionProof } from '../operations/log-proofs.ts';
import type { Sealed } from '../operations/log-sealing.ts';
import type { Verified } from '../operations/log-verification.ts';
import { failed, type Plain, type Reply } from './reply.ts';

const text = (content: string): Plain => ({ type: 'text/plain; charset=utf-8', content });

export const logKey = (line: string): Plain => text(`${line}\n`);

export const checkpoint = (note: string): Plain => text(note);

/** The checkpoint after sealing; an error if there was too much to seal at once. */
export const sealed = ({ checkpoint: note, size, rest }: Sealed): Reply =>
  rest === 0
    ? { status: 200, body: null, plain: checkpoint(note) }
    : failed(409, `${size} events are sealed so far, and ${rest} are left. Ask again to go on.`);

const lines = (hashes: readonly Hash[]) => hashes.map((hash) => `${base64(hash)}\n`).join('');

/** C2SP tlog-proof; the extra data is the leaf. */
export const inclusionProof = ({ leaf, index, hashes, checkpoint }: InclusionProof): Plain =>
  text(
    `c2sp.org/tlog-proof@v1\n${leaf ? `extra ${base64(leaf)}\n` : ''}index ${index}\n${lines(hashes)}\n${checkpoint}`,
  );

/** The body of a request for a cosignature: C2SP tlog-witness, add-checkpoint. */
export const consistencyProof = ({ from, hashes, checkpoint }: ConsistencyProof): Plain =>
  text(`old ${from}\n${lines(hashes)}\n${checkpoint}`);

const bytes = (content: Uint8Array): Plain => ({ type: 'application/octet-stream', content });

/** A tile of C2SP tlog-tiles: hashes of 32 bytes, one after the other. */
export const tile = (hashes: readonly Hash[]): Plain => {
  const content = new Uint8Array(hashes.length * hashBytes);
  for (const [index, hash] of hashes.entries()) content.set(hash, index * hashBytes);
  return bytes(content);
};

/** A bundle of entries of C2SP tlog-tiles: each with its length before it, in two bytes, big-endian. */
export const entries = (leaves: readonly Uint8Array[]): Plain => {
  const content = new Uint8Array(leaves.reduce((sum, { length }) => sum + 2 + length, 0));
  const view = new DataView(content.buffer);
  let at = 0;
  for (const leaf of leaves) {
    view.setUint16(at, leaf.length);
    content.set(leaf, at + 2);
    at += 2 + leaf.length;
  }
  return bytes(content);
};

export const verification = ({ size, root, checkedTo, next, wrong }: Verified): InferOutput<typeof verified> => ({
  size,
  root: base64(root),
  checked_to: checkedTo,
  next,
  wrong,
});
