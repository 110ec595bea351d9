/** One request under way for each connection. Node.js parses everything that a client pipelines, and would run it all at once. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { maxPipelinedRequests } from '../../core/limits.ts';

/** What a connection has received. */
interface Line {
  /** The answers that are not finished, the one under way first. */
  waiting: { res: ServerResponse; run: () => void }[];
  onIdle: (isIdle: boolean) => void;
}

/** Makes a function that runs the requests of each connection one after the other. */
export function createTurns() {
  const lines = new WeakMap<Socket, Line>();

  /** Runs the first request in the line. While others wait behind it, nothing more is read. */
  function runNext(socket: Socket, line: Line): void {
    const [next] = line.waiting;
    line.onIdle(next === undefined);
    if (next === undefined) {
      socket.resume();
      return;
    }
    next.res.once('close', () => {
      line.waiting.shift();
      if (!socket.destroyed) runNext(socket, line);
    });
    next.run();
  }

  return {
    /** @param onIdle called with false before a request runs, and with true when none is left. */
    open(socket: Socket, onIdle: (isIdle: boolean) => void): void {
      lines.set(socket, { waiting: [], onIdle });
    },
    /** Runs a request when its turn comes. A client that sends far too many ahead is cut off. */
    enqueue(socket: Socket, res: ServerResponse, run: () => void): void {
      const line = lines.get(socket);
      if (line === undefined || socket.destroyed) return;
      if (line.waiting.length > maxPipelinedRequests) {
        socket.destroy();
        return;
      }
      line.waiting.push({ res, run });
      if (line.waiting.length === 1) runNext(socket, line);
      else socket.pause();
    },
  };
}
