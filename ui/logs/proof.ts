/**
 * Checks in the browser that an entry is in the log that the vault signed. The proof (C2SP tlog-proof) has the leaf, the hashes that
 * lead from it to the root, and the signed checkpoint. A page over plain HTTP has no WebCrypto: it loads a SHA-256, and does without
 * the signature.
 */
import { fromBase64 } from '../../core/audit/base64.ts';
import { sha256 } from '../../core/audit/browser-hash.ts';
import { rootFrom } from '../../core/audit/inclusion.ts';
import { idOf, idSource, type NoteKey, parseCheckpoint, splitNote, splitNoteKey } from '../../core/audit/note-text.ts';
import { wireAction } from '../../core/vocabulary.ts';
import type { LogEntry } from '../api/wire.ts';

export type Finding =
  | { is: 'proven'; size: number; origin: string; isSigned: boolean }
  /** `why` ends a sentence. */
  | { is: 'wrong'; why: string };

/** @param subtle is missing where the page came over plain HTTP. */
export const checkProof = async (
  entry: LogEntry,
  proofText: string,
  keyText: string,
  subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle,
): Promise<Finding> => {
  const proof = parseProof(proofText);
  if (!proof) return wrong('the proof cannot be read');
  const hash = (...parts: Uint8Array[]) => sha256(joined(parts), subtle);
  const key = splitNoteKey(keyText.trim());
  const isKey = key !== null && idOf(await hash(idSource(key))) === key.id;
  const note = isKey ? splitNote(proof.note, key) : null;
  const checkpoint = note && parseCheckpoint(note.text);
  if (!note || !checkpoint || checkpoint.origin !== key?.name)
    return wrong('the checkpoint is not one of this vault, or has no signature of it');
  const isSigned = await verified(note.text, note.signature, key, subtle);
  if (isSigned === false) return wrong('the signature of the checkpoint does not hold');
  const node = async (left: Hashing, right: Hashing) => hash(Uint8Array.of(1), await left, await right);
  const leaf = hash(Uint8Array.of(0), proof.leaf);
  const root = await rootFrom<Hashing>(leaf, proof.index, checkpoint.size, proof.hashes, node);
  if (proof.index !== entry.id - 1 || !root || !isSame(root, checkpoint.root))
    return wrong('the proof does not lead to the root that the vault signed');
  const other = differenceOf(proof.leaf, entry);
  if (other !== null) return wrong(`what was sealed has another ${other} than this entry shows`);
  return { is: 'proven', size: checkpoint.size, origin: checkpoint.origin, isSigned: isSigned === true };
};

/** A hash, or a promise of one. */
type Hashing = Uint8Array | Promise<Uint8Array>;

const joined = (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

const wrong = (why: string): Finding => ({ is: 'wrong', why });

interface Proof {
  leaf: Uint8Array;
  index: number;
  hashes: Uint8Array[];
  note: string;
}

/** Null if it has not the form, or no leaf. */
const parseProof = (text: string): Proof | null => {
  const end = text.indexOf('\n\n');
  const [version, extra = '', index = '', ...hashLines] = text.slice(0, end).split('\n');
  const leaf = /^extra \S+$/.test(extra) ? fromBase64(extra.slice('extra '.length)) : null;
  const digits = /^index (0|[1-9]\d{0,15})$/.exec(index)?.[1];
  const hashes = hashLines.map(fromBase64);
  const isWhole = end > 0 && version === 'c2sp.org/tlog-proof@v1' && hashes.every((hash) => hash?.length === 32);
  if (!isWhole || !leaf || digits === undefined) return null;
  return { leaf, index: Number(digits), hashes: hashes as Uint8Array[], note: text.slice(end + 2) };
};

/** Null if this browser cannot tell: it has no WebCrypto here, or one without Ed25519. */
const verified = async (
  text: string,
  signature: Uint8Array,
  { publicKey }: NoteKey,
  subtle: SubtleCrypto | undefined,
): Promise<boolean | null> => {
  try {
    if (!subtle) return null;
    const key = await subtle.importKey('raw', publicKey as BufferSource, 'Ed25519', false, ['verify']);
    return await subtle.verify('Ed25519', key, signature as BufferSource, new TextEncoder().encode(text));
  } catch {
    return null;
  }
};

const isSame = (one: Uint8Array, other: Uint8Array) =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

/** What of the entry is called how in the leaf. */
const facts: Record<string, (entry: LogEntry) => string | number | null | undefined> = {
  id: ({ id }) => id,
  at: ({ timestamp }) => Date.parse(timestamp),
  actor_name: ({ user_name }) => user_name,
  actor_role: ({ role }) => role,
  target: ({ target }) => target,
  outcome: ({ outcome }) => outcome,
  reason: ({ reason }) => reason,
  address: ({ ip_address }) => ip_address,
  user_agent: ({ user_agent }) => user_agent,
  requests: ({ count }) => count,
  token_id: ({ token_id }) => token_id,
  token: ({ token }) => token,
  project: ({ project }) => project,
  child: ({ child }) => child,
  via: ({ via }) => via,
  request_id: ({ request_id }) => request_id,
};

/** The first fact that differs, in words; null if there is none. A leaf leaves out what is null. */
const differenceOf = (leaf: Uint8Array, entry: LogEntry): string | null => {
  const sealed = factsIn(leaf);
  if (!sealed) return 'form';
  const other = Object.entries(facts).find(([name, shown]) => (sealed[name] ?? null) !== (shown(entry) ?? null));
  if (other) return other[0].replaceAll('_', ' ');
  const { action, outcome } = sealed;
  return wireAction(String(action), outcome === 'allowed') === entry.action ? null : 'action';
};

const factsIn = (leaf: Uint8Array): Record<string, unknown> | null => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(leaf));
  } catch {
    return null;
  }
};
