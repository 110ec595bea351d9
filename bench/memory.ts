/** Measures how much memory a server uses under load. */
import { Connection, encodeRequest, type HttpRequest } from './client.ts';
import { load } from './load.ts';
import { memoryMb } from './processes.ts';
import type { Target } from './targets.ts';

const samplesEveryMs = 200;

/** Memory after so many seconds of audited reads on 16 connections, in MiB. */
export async function memoryAfterReads(target: Target, seconds: number): Promise<number> {
  return (await load(target, target.requests('read') ?? [], 16, seconds)).memoryMb;
}

export interface ManyLists {
  /** The length of one list as JSON, in MiB. */
  listMb: number;
  /** How many are asked for at once. */
  lists: number;
  beforeMb: number;
  peakMb: number;
}

/** Memory before, and at most while, `lists` lists of all keys are asked for at once. */
export async function memoryOfLists(target: Target, lists: number): Promise<ManyLists> {
  const [request] = target.requests('list') as [HttpRequest];
  const response = await fetch(target.url + request.path, { headers: request.headers ?? {} });
  const listMb = (await response.arrayBuffer()).byteLength / 2 ** 20;
  const beforeMb = memoryMb(target.pid);
  let peakMb = beforeMb;
  const sampling = setInterval(() => {
    peakMb = Math.max(peakMb, memoryMb(target.pid));
  }, samplesEveryMs);
  const url = new URL(target.url);
  await Promise.all(
    Array.from({ length: lists }, async () => {
      const connection = new Connection(url);
      await connection.ask(encodeRequest(url, request));
      connection.close();
    }),
  );
  clearInterval(sampling);
  return { listMb, lists, beforeMb, peakMb: Math.max(peakMb, memoryMb(target.pid)) };
}
