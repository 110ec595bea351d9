/** How many connections the limit on open files allows. When workerd cannot accept one for lack of files, it ends. */
import { httpLimits } from '../../core/limits.ts';

/** What workerd has open itself: its database, its pipes, its sockets. Measured, with a reserve. */
const ownFiles = 80;

/** For each connection. */
const filesPerConnection = 2;

/** What one listening socket may accept before the code that refuses connections runs: 128 of them. */
const burstFiles = 260;

/** With fewer open files than this needs the vault runs, but can be ended by many connections at once. */
const leastConnections = 20;

/** As many as are useful: those that stay, and a quarter more for those that are about to leave. */
const most = httpLimits.maxConnections * 1.25;

/**
 * @param files the limit on open files; NaN for none.
 * @param sockets on how many the vault listens.
 */
export const maxOpenConnections = (files: number, sockets: number): number => {
  const allowed = Math.floor((files - ownFiles - sockets * burstFiles) / filesPerConnection);
  return Number.isNaN(allowed) ? most : Math.max(leastConnections, Math.min(most, allowed));
};
