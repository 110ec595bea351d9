/** Accepts requests of the launcher, and of users who may read the data folder; rejects every other user of the machine. */
import type { Bindings } from './database/object.ts';

const encoder = new TextEncoder();

/** Whether a request on the control port has the token of this start. Compared by digest, so that its time tells nothing. */
export const isFromLauncher = async (request: Request, { CONTROL_TOKEN }: Bindings): Promise<boolean> => {
  const given = /^Bearer (\S+)$/.exec(request.headers.get('Authorization') ?? '')?.[1] ?? '';
  const [mine, theirs] = await Promise.all(
    [CONTROL_TOKEN, given].map((text) => crypto.subtle.digest('SHA-256', encoder.encode(text))),
  );
  return crypto.subtle.timingSafeEqual(mine as ArrayBuffer, theirs as ArrayBuffer);
};
