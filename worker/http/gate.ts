/** Tells requests that came through the gate from those of other programs that found the worker's port on the loopback interface. */
import { gateHeader } from '../../core/network/gate-header.ts';

const encoder = new TextEncoder();

/** The secret as it was last encoded. It changes only with the process. */
let known = { secret: '', bytes: encoder.encode('') };

/** Whether a request has the gate's secret, or none is bound because nothing but the platform can reach the worker. */
export const cameThroughGate = (request: Request, secret: string | undefined): boolean => {
  if (secret === undefined) return true;
  const given = encoder.encode(request.headers.get(gateHeader) ?? '');
  if (known.secret !== secret) known = { secret, bytes: encoder.encode(secret) };
  return given.byteLength === known.bytes.byteLength && crypto.subtle.timingSafeEqual(given, known.bytes);
};
