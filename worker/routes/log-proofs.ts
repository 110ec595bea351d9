/** What others prove the log with: its key, checkpoints, proofs, tiles, and a comparison of the log with them. */
import { router } from '../http/context.ts';
import { answer } from '../http/route.ts';
import {
  proveConsistency,
  proveEvent,
  readCheckpoint,
  readEntries,
  readLogKey,
  readTile,
  sealLog,
} from '../operations/log-proofs.ts';
import { verifyLog } from '../operations/log-verification.ts';
import {
  consistencyQuery,
  entriesPath,
  provenEvent,
  tilePathParameters,
  verifyQuery,
} from '../wire/log-proof-requests.ts';
import * as text from '../wire/log-proof-text.ts';
import { ok, plain } from '../wire/reply.ts';

export const logProofs = router()
  .get('/logs/key', answer(readLogKey, {}, plain(text.logKey)))
  .get('/logs/checkpoint', answer(readCheckpoint, {}, plain(text.checkpoint)))
  .post('/logs/checkpoint', answer(sealLog, {}, text.sealed))
  .get('/logs/proof/:id', answer(proveEvent, { path: provenEvent }, plain(text.inclusionProof)))
  .get('/logs/consistency', answer(proveConsistency, { query: consistencyQuery }, plain(text.consistencyProof)))
  .get('/logs/tile/entries/:tile{.+}', answer(readEntries, { path: entriesPath }, plain(text.entries)))
  .get('/logs/tile/:level/:tile{.+}', answer(readTile, { path: tilePathParameters }, plain(text.tile)))
  .get('/logs/verify', answer(verifyLog, { query: verifyQuery }, ok(text.verification)));
