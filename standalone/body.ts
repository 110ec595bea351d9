import { refuse } from './refusal.ts';
import { giveBack, makeRoom } from './room.ts';

/** The gate's bounds for a body. */
const bodyBytesMost = 1024 * 1024;
const stallMsMost = 10_000;
const bodyMsMost = 30_000;

/** The request with its body read whole; or the answer, if it is too large, does not arrive, or too many arrive at once. */
export const boundedBody = async (request: Request): Promise<Request | Response> => {
  if (Number(request.headers.get('Content-Length') ?? 0) > bodyBytesMost) return tooLarge();
  const reader = request.body?.getReader();
  if (!reader) return request;
  const place = Symbol();
  try {
    const body = await readWhole(reader, place);
    if (body instanceof Response) return body;
    const { url, method, headers } = request;
    // A body that came with one of these means nothing, and cannot be passed on.
    if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers });
    return new Request(url, { method, headers, body });
  } finally {
    giveBack(place);
  }
};

const readWhole = async (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  place: symbol,
): Promise<ArrayBuffer | Response> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const deadline = Date.now() + bodyMsMost;
  for (;;) {
    const read = await withinMs(reader.read(), Math.min(stallMsMost, deadline - Date.now()));
    if (read === undefined) return stalled();
    if (read.done) return new Blob(chunks).arrayBuffer();
    size += read.value.length;
    if (size > bodyBytesMost) return tooLarge();
    if (!makeRoom(place, size, deadline + stallMsMost)) return crowded();
    chunks.push(read.value);
  }
};

const withinMs = async <Result>(promise: Promise<Result>, ms: number): Promise<Result | undefined> => {
  let timer: number | null = null;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, ms));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

const tooLarge = () => refuse(413, 'The body is too large. Send at most 1 MiB.', { Connection: 'close' });
const stalled = () => refuse(408, 'The request took too long to arrive. Send it again.', { Connection: 'close' });
const crowded = () => refuse(503, 'Too much arrives at once. Try again.', { Connection: 'close', 'Retry-After': '1' });
