/** Counts what a request makes the worker's isolate do, by wrapping what it does it with. None of it depends on time. */

/** By name; see docs/BENCHMARK.md. */
export type Counts = Record<string, number>;

let current: Counts | undefined;

/** Adds to a count, if a request is being counted. */
export function count(name: string, by = 1): void {
  if (current) current[name] = (current[name] ?? 0) + by;
}

/** Counts while `work` runs. Names that are not counted are absent. */
export async function counting<Result>(work: () => Promise<Result>): Promise<{ counts: Counts; result: Result }> {
  const counts: Counts = {};
  current = counts;
  try {
    return { result: await work(), counts };
  } finally {
    current = undefined;
  }
}

/** Runs something that is not counted, in the middle of something that is. */
export function uncounted<Result>(work: () => Result): Result {
  const counts = current;
  current = undefined;
  try {
    return work();
  } finally {
    current = counts;
  }
}

/** Between two requests. */
const stepMs = 1_000;

/**
 * Holds the clock, since what a request does may depend on how long ago the last one was. The function that it returns moves it on
 * for the next request. The clock is the test's own: nothing else runs in its isolate.
 */
export function holdClock(): () => void {
  let now = Date.now();
  Date.now = () => now;
  return () => {
    now += stepMs;
  };
}

type Constructor = new (...given: never[]) => object;

const constructed = {
  Request: 'Request objects',
  Response: 'Response objects',
  Headers: 'Headers objects',
  URL: 'URL objects',
  TransformStream: 'streams',
  CompressionStream: 'streams',
  ReadableStream: 'streams',
} as const;

/** Static methods that make an object, as `Response.json` does. */
const makers = new Set<string | symbol>(['json', 'redirect', 'error', 'parse', 'from']);

/** The test runner carries calls of an object through requests of its own. */
function isOfTestRunner(): boolean {
  return current !== undefined && /vitest-(?:pool-workers|plugin)/.test(new Error().stack?.split('\n')[3] ?? '');
}

/** Wraps the globals that requests and answers are made of, and the methods that set headers. */
export function countGlobals(): void {
  const globals = globalThis as unknown as Record<string, Constructor>;
  for (const [name, counted] of Object.entries(constructed)) {
    const real = globals[name] as Constructor;
    globals[name] = new Proxy(real, {
      construct(target, given, self) {
        if (!isOfTestRunner()) count(counted);
        return Reflect.construct(target, given, self === globals[name] ? target : self) as object;
      },
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function' || !makers.has(key)) return value;
        return (...given: unknown[]) => {
          if (!isOfTestRunner()) count(counted);
          return Reflect.apply(value, target, given) as unknown;
        };
      },
    });
  }
  countMethod(Response.prototype, 'clone', 'Response objects');
  countMethod(Request.prototype, 'clone', 'Request objects');
  for (const name of ['set', 'append', 'delete'] as const)
    countMethod(Headers.prototype, name, 'header sets in the app');
  countMethod(crypto.subtle, 'importKey', 'keys imported');
  countMethod(crypto.subtle, 'digest', 'WebCrypto calls');
  countMethod(crypto.subtle, 'sign', 'WebCrypto calls');
  countMethod(crypto.subtle, 'verify', 'WebCrypto calls');
}

/** Counts the calls of a method. */
export function countMethod<Name extends string>(
  of: Record<Name, unknown> | object,
  name: Name,
  counted: string,
): void {
  const real = Reflect.get(of, name) as (...given: unknown[]) => unknown;
  const counting = function (this: unknown, ...given: unknown[]): unknown {
    count(counted);
    return Reflect.apply(real, this, given);
  };
  Object.defineProperty(of, name, { value: counting, configurable: true, writable: true });
}
