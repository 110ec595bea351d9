/** Tells requests that came through the gate from those of other programs that found the worker's port on the loopback interface. */
import { gateHeader } from '../../core/network/gate-header.ts';

const encoder = new TextEncoder();

/** Whether a request has the gate's secret, or none is bound because nothing but the platform can reach the worker. */
export const cameThroughGate = (request: Request, secret: string | undefined): boolean => {
  if (secret === undefined) return true;
  const given = encoder.encode(request.headers.get(gateHeader) ?? '');
  const known = encoder.encode(secret);
  return given.byteLength === known.byteLength && crypto.subtle.timingSafeEqual(given, known);
};
