/** Compares counts with those that were accepted. */
import accepted from '../counts.json' with { type: 'json' };
import type { Counts } from './counters.ts';

/** @throws Error that names each count that differs, and says how to accept it. */
export function compareWithAccepted(runtime: string, found: Record<string, Counts>): void {
  const known = (accepted as Record<string, Record<string, Counts>>)[runtime] ?? {};
  const changes: string[] = [];
  for (const operation of new Set([...Object.keys(known), ...Object.keys(found)])) {
    const [before = {}, now = {}] = [known[operation], found[operation]];
    for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
      const [was = 0, is = 0] = [before[name], now[name]];
      if (was !== is)
        changes.push(`${runtime}, ${operation}: ${name} ${is > was ? 'rose' : 'fell'} from ${was} to ${is}`);
    }
  }
  if (changes.length > 0)
    throw new Error(
      `A request does other work than bench/counts.json says:\n${changes.join('\n')}\n` +
        'If that is meant, accept it with: npm run bench -- --ladder --write',
    );
}
