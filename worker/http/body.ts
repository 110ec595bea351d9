/** Reads a request's JSON body, without relying on the length that it announces. */
import { maxImportBytes, maxJsonBytes } from '../../core/limits.ts';
import { joinChunks } from '../../core/network/body.ts';
import { bodyTooLarge } from '../../core/network/error-answers.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

export type Body = { json: unknown } | { status: 400 | 413 | 415; error: string };

/** The JSON of a body, or what is wrong with it. If it may be missing, none is {}. */
export const bodyOf = async (request: Request, isOptional = false, maxBytes = maxJsonBytes): Promise<Body> => {
  const type = request.headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== 'application/json' && !type.endsWith('+json')) {
    if (isOptional && (await readBytes(request, maxBytes))?.length === 0) return { json: {} };
    return { status: 415, error: 'Send the body as JSON, with the header Content-Type: application/json.' };
  }
  return jsonOf(request, isOptional, maxBytes);
};

/** The same, whatever type the body says that it has. */
export const jsonOf = async (request: Request, isOptional = false, maxBytes = maxJsonBytes): Promise<Body> => {
  const bytes = await readBytes(request, maxBytes);
  if (!bytes) return bodyTooLarge(maxBytes);
  if (isOptional && bytes.length === 0) return { json: {} };
  try {
    return { json: JSON.parse(utf8.decode(bytes)) };
  } catch {
    return { status: 400, error: 'The body is not valid JSON in UTF-8.' };
  }
};

/** Drains an unread body. Otherwise the runtime closes the connection, sometimes before the client has the answer. */
export const discardBody = async ({ body, bodyUsed }: Request): Promise<void> => {
  if (!body || bodyUsed) return;
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxImportBytes) return;
  }
};

const readBytes = async (request: Request, maxBytes: number): Promise<Uint8Array | null> => {
  if (Number(request.headers.get('Content-Length') ?? 0) > maxBytes) return null;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) return null;
    chunks.push(chunk);
  }
  return joinChunks(chunks, length);
};
