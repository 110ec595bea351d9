/** Reading a JSON body without trusting its length. */

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** Holds the largest value with every character escaped, and a description. Nothing larger is parsed. */
export const bodyBytesMost = 512 * 1024;

/** The gate lets no more than this through. */
const discardBytesMost = 1024 * 1024;

export type Body = { json: unknown } | { status: 400 | 413 | 415; error: string };

/** The JSON of a body, or what is wrong with it. */
export const bodyOf = async (request: Request): Promise<Body> => {
  const type = request.headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== 'application/json' && !type.endsWith('+json')) {
    return { status: 415, error: 'Send the body as JSON, with the header Content-Type: application/json.' };
  }
  const bytes = await boundedBytes(request);
  if (!bytes) return { status: 413, error: `The body must be at most ${bodyBytesMost} bytes long.` };
  try {
    return { json: JSON.parse(utf8.decode(bytes)) };
  } catch {
    return { status: 400, error: 'The body is not valid JSON in UTF-8.' };
  }
};

/**
 * Reads past a body that nobody wanted. A connection whose request is not read to its end cannot be used again, and is
 * closed under the answer's feet.
 */
export const discardBody = async ({ body, bodyUsed }: Request): Promise<void> => {
  if (!body || bodyUsed) return;
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > discardBytesMost) return;
  }
};

const boundedBytes = async (request: Request): Promise<Uint8Array | null> => {
  if (Number(request.headers.get('Content-Length') ?? 0) > bodyBytesMost) return null;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > bodyBytesMost) return null;
    chunks.push(chunk);
  }
  return joined(chunks, length);
};

const joined = (chunks: Uint8Array[], length: number): Uint8Array => {
  const [first] = chunks;
  if (first && chunks.length === 1) return first;
  const all = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
};
