/** Puts load on a vault of this machine and measures it from outside. */
import autocannon, { type Request } from 'autocannon';
import { cpuSeconds, memoryMb } from './processes.ts';

export interface Measured {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** CPU time per request, of all the vault's processes. */
  cpuMs: number;
  memoryMb: number;
  /** Requests without a 2xx answer. */
  failed: number;
}

const requestTimeoutSeconds = 30;

/** Sends these requests in turn over so many connections for so many seconds. `pid` is the vault's process. */
export async function load(
  url: string,
  pid: number,
  requests: Request[],
  connections: number,
  seconds: number,
): Promise<Measured> {
  if (new URL(url).hostname !== '127.0.0.1') throw new Error('Load goes to 127.0.0.1 only.');
  const before = cpuSeconds(pid);
  const { latency, duration, non2xx, errors, ...result } = await autocannon({
    url,
    connections,
    duration: seconds,
    requests,
    timeout: requestTimeoutSeconds,
  });
  const { total } = result.requests;
  await settle(url, requests[0]);
  return {
    perSecond: total / duration,
    p50Ms: latency.p50,
    p99Ms: latency.p99,
    cpuMs: ((cpuSeconds(pid) - before) * 1000) / Math.max(1, total),
    memoryMb: memoryMb(pid),
    failed: non2xx + errors,
  };
}

/** Sends one more request: its answer comes once the server has finished those that were cut off at the end of the load. */
async function settle(url: string, request: Request | undefined): Promise<void> {
  if (!request) return;
  const { path, method = 'GET', headers = {}, body } = request;
  const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  await response.arrayBuffer();
}
