import { beforeAll, describe, expect, test, vi } from 'vitest';
import { base64 } from '../../core/audit/base64.ts';
import { leafOf } from '../../core/audit/leaf.ts';
import { checkpointText, type NoteKey, noteKeyText, signedNote } from '../../core/audit/note.ts';
import { hashOfRange, inclusionRanges, leafHash, rootOf, rootOfTile, tileWidth } from '../../core/audit/tree.ts';
import type { LogEntry } from '../api/wire.ts';
import { checkProof } from './proof.ts';

/** Rows as the database holds them; the third one has everything. */
const rows = Array.from({ length: 300 }, (_, index) => ({
  id: index + 1,
  at: Date.parse('2026-06-15T06:00:00Z') + index,
  request_id: `r${index}`,
  actor_id: 3,
  actor_name: 'alice',
  actor_role: 'user',
  action: 'secret.read',
  target: 'STRIPE',
  outcome: 'allowed',
  reason: null as string | null,
  address: '10.0.0.5',
  user_agent: 'curl/8',
  requests: null as number | null,
  token_id: null as number | null,
  token: null as string | null,
  project: null as string | null,
  child: null as string | null,
  via: null as string | null,
}));
Object.assign(rows[2] ?? {}, {
  outcome: 'denied',
  reason: 'role',
  requests: 7,
  token_id: 4,
  token: 'ci',
  child: 'Ab3',
});

const entryOf = (row: (typeof rows)[number]): LogEntry => ({
  id: row.id,
  timestamp: new Date(row.at).toISOString(),
  user_name: row.actor_name,
  key_name: row.target,
  action: 'view_key',
  ip_address: row.address,
  success: row.outcome === 'allowed',
  target: row.target,
  outcome: row.outcome,
  reason: row.reason,
  role: row.actor_role,
  project: row.project,
  token: row.token,
  token_id: row.token_id,
  request_id: row.request_id,
  user_agent: row.user_agent,
  ...(row.child !== null && { child: row.child }),
  ...(row.via !== null && { via: row.via }),
  ...(row.requests !== null && { count: row.requests }),
});

const leaves = rows.map((row) => leafHash(leafOf(row)));
/** Two levels are enough for these. */
const stored = (level: number, place: number): Uint8Array =>
  level === 0 ? (leaves[place] as Uint8Array) : rootOfTile(leaves.slice(place * tileWidth, (place + 1) * tileWidth));

const root = rootOf(rows.length, stored);
let key: NoteKey;
let sign: (text: string) => Promise<Uint8Array>;

beforeAll(async () => {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  key = { name: 'keystore/0123456789abcdef', publicKey };
  sign = async (text) =>
    new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, new TextEncoder().encode(text)));
});

const noteOf = async (origin = key.name, of = root) => {
  const text = checkpointText({ origin, size: rows.length, root: of });
  return signedNote(text, key, await sign(text));
};
const proofOf = async (index: number, leaf = leafOf(rows[index] ?? {}), note?: string) => {
  const hashes = inclusionRanges(index, rows.length).map((range) => base64(hashOfRange(range, stored)));
  const lines = ['c2sp.org/tlog-proof@v1', `extra ${base64(leaf)}`, `index ${index}`, ...hashes, '', ''];
  return lines.join('\n') + (note ?? (await noteOf()));
};
const check = async (index: number, change: Partial<LogEntry> = {}, proof?: string, subtle?: SubtleCrypto) =>
  checkProof(
    { ...entryOf(rows[index] as (typeof rows)[number]), ...change },
    proof ?? (await proofOf(index)),
    noteKeyText(key),
    subtle,
  );
const whyNot = (why: string) => ({ is: 'wrong', why: expect.stringContaining(why) });

describe('a proof', () => {
  test.each([0, 1, 2, 255, 256, 298, 299])('of entry %i holds, and of no other', async (index) => {
    expect(await check(index)).toEqual({ is: 'proven', size: 300, origin: key.name, isSigned: true });
    const other = (index + 1) % rows.length;
    expect(await check(other, {}, await proofOf(index))).toEqual(whyNot('does not lead to the root'));
  });

  test.each([2, 298])('of entry %i holds over plain HTTP too, where a page has no WebCrypto', async (index) => {
    const proof = await proofOf(index);
    vi.stubGlobal('crypto', {});
    try {
      const [here, other] = [await check(index, {}, proof), await check(index, { reason: 'x' }, proof)];
      expect(here).toMatchObject({ is: 'proven', isSigned: false });
      expect(other).toEqual(whyNot('another reason than'));
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test('is not said to be signed where the browser cannot check that', async () => {
    const without = {
      digest: (name: string, bytes: Uint8Array<ArrayBuffer>) => crypto.subtle.digest(name, bytes),
      importKey: () => Promise.reject(new DOMException('no', 'NotSupportedError')),
    };
    const proof = await proofOf(2);
    expect(
      await checkProof(
        entryOf(rows[2] as (typeof rows)[number]),
        proof,
        noteKeyText(key),
        without as unknown as SubtleCrypto,
      ),
    ).toMatchObject({
      is: 'proven',
      isSigned: false,
    });
  });

  test.each<[string, Partial<LogEntry>]>([
    ['at', { timestamp: '2026-06-15T06:00:00.003Z' }],
    ['actor name', { user_name: 'bob' }],
    ['actor role', { role: 'admin' }],
    ['target', { target: 'OTHER' }],
    ['outcome', { outcome: 'allowed' }],
    ['reason', { reason: null }],
    ['address', { ip_address: '10.0.0.6' }],
    ['user agent', { user_agent: 'curl/9' }],
    ['requests', { count: 8 }],
    ['token id', { token_id: 5 }],
    ['token', { token: 'cd' }],
    ['project', { project: 'shop' }],
    ['child', { child: 'Ab4' }],
    ['via', { via: 'reveal' }],
    ['request id', { request_id: 'r9' }],
    ['action', { action: 'update_key' }],
  ])('does not hold for an entry that shows another %s', async (name, change) => {
    expect(await check(2, change)).toEqual(whyNot(`another ${name} than`));
  });

  test('does not hold if leaf, hash or index were changed', async () => {
    const proof = await proofOf(2);
    const forged = await proofOf(2, leafOf({ ...rows[2], address: '10.0.0.6' }));
    expect(await check(2, { ip_address: '10.0.0.6' }, forged)).toEqual(whyNot('does not lead to the root'));
    expect(await check(2, {}, proof.replace('index 2', 'index 3'))).toEqual(whyNot('does not lead to the root'));
    const lines = proof.split('\n');
    lines.splice(3, 1);
    expect(await check(2, {}, lines.join('\n'))).toEqual(whyNot('does not lead to the root'));
  });

  test('does not hold with a checkpoint of another vault, an unsigned one, or one whose signature is of something else', async () => {
    const other = await noteOf('keystore/fedcba9876543210');
    expect(await check(2, {}, await proofOf(2, undefined, other))).toEqual(whyNot('not one of this vault'));
    const unsigned = (await noteOf()).replace(/\u2014.*\n$/, '');
    expect(await check(2, {}, await proofOf(2, undefined, unsigned))).toEqual(whyNot('not one of this vault'));
    const changed = (await noteOf()).replace('\n300\n', '\n301\n');
    expect(await check(2, {}, await proofOf(2, undefined, changed))).toEqual(whyNot('signature of the checkpoint'));
  });

  test.each([
    ['nothing', () => ''],
    ['another version', (proof: string) => proof.replace('@v1', '@v2')],
    ['no leaf', (proof: string) => proof.replace(/extra .*\n/, '')],
    ['a line that is no hash', (proof: string) => proof.replace(/(index 2\n).*/, '$1AAAA')],
    ['no index', (proof: string) => proof.replace('index 2', 'index 02')],
  ])('cannot be read if it has %s', async (_, change) => {
    expect(await check(2, {}, change(await proofOf(2)))).toEqual(whyNot('cannot be read'));
  });
});
