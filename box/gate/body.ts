import type { IncomingMessage } from 'node:http';
import type { BodyAccount } from '../../core/network/body.ts';
import { type ErrorAnswer, tooSlow } from '../../core/network/error-answers.ts';

/**
 * Reads a request's body into memory.
 *
 * @param account counts what was read. The caller releases it once the body is no longer needed.
 * @returns the body, the answer that says why it was not accepted, or undefined if the client has disconnected.
 */
export function readBody(req: IncomingMessage, account: BodyAccount): Promise<Buffer | ErrorAnswer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => settle(tooSlow), account.waitMs(Date.now()));
    function settle(result: Buffer | ErrorAnswer | undefined): void {
      clearTimeout(timer);
      req.off('data', add).off('end', finish).off('close', abort).off('error', abort);
      resolve(result);
    }
    function add(chunk: Buffer): void {
      timer.refresh();
      const rejection = account.add(chunk.length, Date.now());
      if (rejection) settle(rejection);
      else chunks.push(chunk);
    }
    const finish = () => settle(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, account.bytes));
    const abort = () => settle(undefined);
    req.on('data', add).on('end', finish).on('close', abort).on('error', abort);
  });
}
