/**
 * A process beside the vault that does nothing but hash passwords, one after another. It is the same runtime, so it needs nothing
 * that is not there; it may block, which the vault may not. It listens on a Unix socket in the launcher's private folder.
 */
import { scryptSync } from 'node:crypto';
import { answerJob, maxHashJobBytes } from '../../core/crypto/hash-job.ts';
import type { Scrypt } from '../../core/crypto/scrypt.ts';

/** What OpenSSL needs besides the table. */
const spareBytes = 65_536;

const nativeScrypt: Scrypt = async (password, salt, { N, r, p }, length) =>
  new Uint8Array(scryptSync(password, salt, length, { N, r, p, maxmem: 132 * N * r * p + spareBytes }));

export default {
  async fetch(request) {
    const isShort = Number(request.headers.get('Content-Length') ?? Number.POSITIVE_INFINITY) <= maxHashJobBytes;
    const answer = isShort ? await answerJob(await request.text(), null, nativeScrypt) : null;
    return new Response(answer, { status: answer === null ? 403 : 200 });
  },
} satisfies ExportedHandler;
