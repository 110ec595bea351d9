/** Puts load on a server of this machine and measures it from outside. */
import { setTimeout as delay } from 'node:timers/promises';
import { Connection, encodeRequest, type HttpRequest } from './client.ts';
import { cpuSeconds, memoryMb } from './processes.ts';

export interface Measured {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** CPU time per request, of all the server's processes. */
  cpuMs: number;
  memoryMb: number;
  /** Requests without a 2xx answer. */
  failed: number;
}

/** What is measured: the address of a server and its first process. */
export interface Server {
  url: string;
  pid: number;
}

/** A connection that cannot be made is tried again after this time. */
const retryMs = 50;

/**
 * Sends these requests in turn over so many connections for so many seconds, each connection the next one after its answer.
 * Requests that are under way when the time is over are waited for, and counted.
 */
export async function load(
  server: Server,
  requests: HttpRequest[],
  connections: number,
  seconds: number,
): Promise<Measured> {
  const url = new URL(server.url);
  if (url.hostname !== '127.0.0.1') throw new Error('Load goes to 127.0.0.1 only.');
  const encoded = requests.map((request) => encodeRequest(url, request));
  const times: number[] = [];
  let sent = 0;
  let failed = 0;
  const cpuBefore = cpuSeconds(server.pid);
  const began = performance.now();
  const until = began + seconds * 1000;
  const work = async () => {
    const connection = new Connection(url);
    for (let now = began; now < until; now = performance.now()) {
      const request = encoded[sent++ % encoded.length] as Buffer;
      const asked = performance.now();
      const status = await connection.ask(request).catch(() => 0);
      times.push(performance.now() - asked);
      if (status < 200 || status > 299) failed++;
      if (status === 0) await delay(retryMs);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, work));
  const elapsedMs = performance.now() - began;
  const sorted = Float64Array.from(times).sort();
  return {
    perSecond: (times.length * 1000) / elapsedMs,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    cpuMs: ((cpuSeconds(server.pid) - cpuBefore) * 1000) / Math.max(1, times.length),
    memoryMb: memoryMb(server.pid),
    failed,
  };
}

/** The smallest time that is not exceeded by this share of the times, which are in ascending order. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
