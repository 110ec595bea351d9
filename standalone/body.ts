import { refuse } from './refusal.ts';

/** The gate's bounds for a body. */
const bodyBytesMost = 1024 * 1024;
const stallMsMost = 10_000;
const bodyMsMost = 30_000;

/** The request with its body read whole; or the answer, if it is too large or does not arrive. */
export const boundedBody = async (request: Request): Promise<Request | Response> => {
  if (Number(request.headers.get('Content-Length') ?? 0) > bodyBytesMost) return tooLarge();
  const reader = request.body?.getReader();
  if (!reader) return request;
  const chunks: Uint8Array[] = [];
  let size = 0;
  const deadline = Date.now() + bodyMsMost;
  for (;;) {
    const read = await withinMs(reader.read(), Math.min(stallMsMost, deadline - Date.now()));
    if (read === undefined) return stalled();
    if (read.done) break;
    size += read.value.length;
    if (size > bodyBytesMost) return tooLarge();
    chunks.push(read.value);
  }
  return new Request(request.url, {
    method: request.method,
    headers: request.headers,
    body: await new Blob(chunks).arrayBuffer(),
  });
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
