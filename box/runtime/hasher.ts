/**
 * Hashes passwords for the worker, in a thread of this process. The worker reaches it on a loopback port, where any user of the
 * machine may knock, and could listen once this process has ended. So what the two say is sealed with a key of this start.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, getPriority, setPriority } from 'node:os';
import { FernetKey } from '../../core/crypto/fernet.ts';
import { answerJob, maxHashJobBytes } from '../../core/crypto/hash-job.ts';
import type { Scrypt } from '../../core/crypto/scrypt.ts';
import { nativeScrypt } from '../native-scrypt.ts';

/** The worker asks for one hash at a time. More are those of requests that were cut off, and of others who knock. */
const maxConnections = 32;

/** Requests for keys come first where there are not enough processors for both: a quarter of one remains for hashes. */
const niceness = 5;

export interface HasherServer {
  /** The bindings by which the worker finds it. */
  variables: { HASHER_PORT: string; HASHER_KEY: string };
  close: () => void;
}

/** Listens on a free port of 127.0.0.1. */
export async function startHasher(scrypt: Scrypt = nativeScrypt): Promise<HasherServer> {
  const secret = randomBytes(32);
  const key = new FernetKey(secret);
  let last: Promise<unknown> = Promise.resolve();
  let isLow = false;

  function hash(...job: Parameters<Scrypt>): Promise<Uint8Array> {
    const derived = scrypt(...job);
    // Node.js makes its threads when they are first needed.
    if (!isLow) lowerPriority();
    isLow = true;
    return derived;
  }

  /** Runs after those before it have ended, and not at all if nobody waits for it any more. */
  function inTurn(res: ServerResponse, work: () => Promise<void>): Promise<void> {
    const mine = last.then(() => (res.destroyed ? undefined : work()));
    last = mine.catch(() => {});
    return mine;
  }

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      const body = await readBody(req);
      await inTurn(res, async () => {
        const answered = await answerJob(body, key, hash);
        res.writeHead(answered === null ? 403 : 200).end(answered);
      });
    } catch {
      res.destroy();
    }
  }

  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000, connectionsCheckingInterval: 1_000 });
  server.maxConnections = maxConnections;
  server.on('request', (req, res) => void answer(req, res));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    variables: {
      HASHER_PORT: String((server.address() as AddressInfo).port),
      HASHER_KEY: secret.toString('base64url'),
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Rejects if the body is longer than any job, or ends early. */
async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxHashJobBytes) throw new RangeError('The body is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Of the threads in which Node.js hashes, which Linux treats as processes. Other systems do not tell them apart. */
function lowerPriority(): void {
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      if (readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').startsWith('libuv-worker')) {
        setPriority(Number(thread), Math.min(getPriority() + niceness, constants.priority.PRIORITY_LOW));
      }
    }
  } catch {
    // A thread has just ended, or this is not Linux: then all have the same priority.
  }
}
