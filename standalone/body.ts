/** Receives request bodies within the gate's limits, since no gate stands before a plain workerd. */
import { type HttpLimits, httpLimits } from '../core/limits.ts';
import { type BodyAccount, joinChunks, shareBodyMemory } from '../core/network/body.ts';
import { bodyTooLarge, type ErrorAnswer, tooSlow } from '../core/network/error-answers.ts';
import { errorResponse } from './error-response.ts';

/**
 * Makes a function that reads a request's body whole. It resolves to the request with that body, or to the answer if the
 * body is too large, arrives too slowly, or too many bodies arrive at once.
 */
export const bodyReader = (limits: HttpLimits = httpLimits) => {
  const openAccount = shareBodyMemory(limits);
  // workerd drops a request whose client has left, without running the code after it.
  const abandonedAfterMs = limits.maxRequestMs + limits.maxBodyStallMs;

  return async function readBody(request: Request): Promise<Request | Response> {
    if (Number(request.headers.get('Content-Length') ?? 0) > limits.maxBodyBytes)
      return errorResponse(bodyTooLarge(limits.maxBodyBytes));
    const reader = request.body?.getReader();
    if (!reader) return request;
    const account = openAccount(Date.now(), abandonedAfterMs);
    try {
      const body = await readWhole(reader, account);
      return body instanceof Uint8Array ? withBody(request, body) : errorResponse(body);
    } finally {
      account.release();
    }
  };
};

const readWhole = async (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  account: BodyAccount,
): Promise<Uint8Array | ErrorAnswer> => {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const read = await withinMs(reader.read(), account.waitMs(Date.now()));
    if (read === undefined) return tooSlow;
    if (read.done) return joinChunks(chunks, account.bytes);
    const rejection = account.add(read.value.length, Date.now());
    if (rejection) return rejection;
    chunks.push(read.value);
  }
};

/** A body that came with GET or HEAD has no meaning, and `Request` does not accept it. */
const withBody = (request: Request, body: Uint8Array): Request => {
  const { url, method, headers, cf } = request;
  const hasNone = method === 'GET' || method === 'HEAD';
  return new Request(url, { method, headers, cf: cf as never, body: hasNone ? null : body });
};

const withinMs = async <Result>(promise: Promise<Result>, ms: number): Promise<Result | undefined> => {
  let timer: number | null = null;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};
