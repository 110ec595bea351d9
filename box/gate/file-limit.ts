/** Keeps the gate's connections below the limit on open files, which the runtime behind it inherits. */
import { readFileSync } from 'node:fs';
import { httpLimits } from '../../core/limits.ts';

/** Connections that are refused, or on their way out, are open for a moment. */
export const spareConnections = 32;

/** What this process has open besides connections, at most: files, pipes, its listening sockets. */
const otherFiles = 160;

/** How many files this process may have open. Node.js has raised the soft limit to the hard one when it started. */
export function maxOpenFiles(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
  } catch {
    // Not Linux: there the limits are high, or a connection that cannot be accepted is dropped by Node.js.
    return Number.POSITIVE_INFINITY;
  }
}

/** How many connections and requests fit. If requests go through all of wrangler, each has four files there. */
export function withinFileLimit(files: number) {
  const maxUpstreamConnections = Math.max(8, Math.min(httpLimits.maxUpstreamConnections, Math.floor(files / 8)));
  const left = files - maxUpstreamConnections - spareConnections - otherFiles;
  return {
    maxConnections: Math.max(16, Math.min(httpLimits.maxConnections, left)),
    maxRequestsInFlight: maxUpstreamConnections,
    maxUpstreamConnections,
  };
}
