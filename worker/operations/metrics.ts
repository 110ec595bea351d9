/** What `/metrics` has counted, in the memory of the isolate: a restart begins anew. */
import { answerTimeBoundsMs } from '../../core/limits.ts';
import type { Outcome } from '../../core/policy/policy.ts';

/** The answers of one route to one method. */
export interface RouteCounts {
  method: string;
  /** The pattern of the route, such as `/keys/:name`. */
  route: string;
  /** Answers by status. */
  answers: Map<number, number>;
  /** For each bound of `answerTimeBoundsMs`, the answers that took at most as long and longer than the bound before. */
  times: number[];
  totalMs: number;
}

/** Methods that clients make up are counted together. */
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'LIST']);

/** Why a sign-in failed: a name or password that is not right, or too many attempts. */
export type FailedSignIn = 'refused' | 'throttled';

export class Metrics {
  /** By pattern, and then by method. There are as many as the app has routes. */
  readonly #routes = new Map<string, Map<string, RouteCounts>>();
  readonly failedSignIns: Record<FailedSignIn, number> = { refused: 0, throttled: 0 };

  /** How often a seal was found that does not hold. */
  brokenSeals = 0;

  noteBrokenSeal(): void {
    this.brokenSeals += 1;
  }

  noteAnswer(route: string, method: string, status: number, tookMs: number): void {
    const counts = this.#countsOf(route, method);
    counts.answers.set(status, (counts.answers.get(status) ?? 0) + 1);
    let slot = 0;
    while (slot < answerTimeBoundsMs.length && tookMs > (answerTimeBoundsMs[slot] as number)) slot++;
    if (slot < counts.times.length) counts.times[slot] = (counts.times[slot] as number) + 1;
    // The clock may have been set back.
    counts.totalMs += Math.max(0, tookMs);
  }

  #countsOf(route: string, given: string): RouteCounts {
    const known = this.#routes.get(route)?.get(given);
    if (known) return known;
    const method = knownMethods.has(given) ? given : 'other';
    const methods = this.#routes.get(route) ?? new Map<string, RouteCounts>();
    this.#routes.set(route, methods);
    const counts = methods.get(method) ?? { method, route, answers: new Map(), times: noTimes(), totalMs: 0 };
    methods.set(method, counts);
    return counts;
  }

  noteFailedSignIn(outcome: Exclude<Outcome, 'allowed'>): void {
    this.failedSignIns[outcome === 'denied' ? 'throttled' : 'refused'] += 1;
  }

  /** In the order in which routes were first asked. */
  routes(): RouteCounts[] {
    return [...this.#routes.values()].flatMap((methods) => [...methods.values()]);
  }
}

const noTimes = () => answerTimeBoundsMs.map(() => 0);
