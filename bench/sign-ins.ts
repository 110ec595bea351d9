/** Measures sign-ins that come at once, and what other callers notice of them. */
import { setTimeout as delay } from 'node:timers/promises';
import { Connection, encodeRequest } from './client.ts';
import { percentile } from './load.ts';
import type { Target } from './targets.ts';

export interface SignIns {
  /** One sign-in with nothing beside it. */
  oneMs: number;
  /** The slowest of those that came at once. */
  slowestMs: number;
  /** Whether they were answered in the order in which they came. */
  isInOrder: boolean;
  failed: number;
  /** `GET /health/live` meanwhile, each time on a new connection. */
  liveP50Ms: number;
  liveSlowestMs: number;
}

const atOnce = 16;
/** Shorter than a hash, and long enough that they arrive in this order. */
const betweenMs = 20;
const betweenProbesMs = 20;

export async function measureSignIns(target: Target): Promise<SignIns> {
  const url = new URL(target.url);
  const [login, live] = ['login', 'live'].map((operation) => {
    const [request] = target.requests(operation) ?? [];
    if (request === undefined) throw new Error(`${target.name} has no ${operation}.`);
    return encodeRequest(url, request);
  }) as [Buffer, Buffer];
  const ask = async (request: Buffer) => {
    const connection = new Connection(url);
    const began = performance.now();
    const status = await connection.ask(request).catch(() => 0);
    connection.close();
    return { ms: performance.now() - began, status };
  };

  const alone: number[] = [];
  for (let i = 0; i < 4; i++) alone.push((await ask(login)).ms);
  const finished: number[] = [];
  const answers = await Promise.all(allAtOnce(() => ask(login), finished));

  // Others ask in a second round, since they slow the sign-ins down.
  const done: number[] = [];
  const signIns = allAtOnce(() => ask(login), done);
  const probes: number[] = [];
  await delay(atOnce * betweenMs);
  while (done.length < atOnce) {
    probes.push((await ask(live)).ms);
    await delay(betweenProbesMs);
  }
  answers.push(...(await Promise.all(signIns)));
  probes.sort((a, b) => a - b);
  return {
    oneMs: percentile(
      alone.slice(1).sort((a, b) => a - b),
      0.5,
    ),
    slowestMs: Math.max(...answers.slice(0, atOnce).map(({ ms }) => ms)),
    isInOrder: finished.every((index, place) => index === place),
    failed: answers.filter(({ status }) => status !== 200).length,
    liveP50Ms: percentile(probes, 0.5),
    liveSlowestMs: probes.at(-1) ?? 0,
  };
}

/** Starts sign-ins one shortly after the other. `finished` gets their numbers as they are answered. */
function allAtOnce<Answer>(signIn: () => Promise<Answer>, finished: number[]): Promise<Answer>[] {
  return Array.from({ length: atOnce }, async (_, index) => {
    await delay(index * betweenMs);
    const answer = await signIn();
    finished.push(index);
    return answer;
  });
}
