import autocannon, { type Request } from 'autocannon';
import { cpuSeconds, memoryMb } from './processes.ts';

export interface Measured {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** CPU time of the whole runtime for each request. */
  cpuMs: number;
  memoryMb: number;
  /** Requests that did not end with a 2xx. */
  failed: number;
}

const requestTimeoutSeconds = 30;

/** Waits for what was cut off at the end: the server is still at it, and would be at the expense of the next measurement. */
async function settle(url: string, last: Request | undefined): Promise<void> {
  if (!last) return;
  const { path, method = 'GET', headers = {}, body } = last;
  const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  await response.arrayBuffer();
}

/** Puts load on one address of this machine, for a bounded time. */
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
