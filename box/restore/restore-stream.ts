/** Reads the files that restore-data.sh sends on standard input, one after the other. */
import { open } from 'node:fs/promises';
import { OperatorError } from '../../core/operator-error.ts';

/**
 * Writes each part to a new file (mode 0600).
 *
 * @throws OperatorError if the stream ends early.
 */
export async function receive(
  input: AsyncIterable<Uint8Array>,
  parts: { target: string; bytes: number }[],
): Promise<void> {
  const chunks = input[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  for (const { target, bytes } of parts) {
    await using file = await open(target, 'wx', 0o600);
    for (let left = bytes; left > 0; ) {
      if (rest.length === 0) {
        const { done, value } = await chunks.next();
        if (done)
          throw new OperatorError('The files to restore did not arrive completely. Nothing was changed. Try again.');
        rest = value;
      }
      const piece = rest.subarray(0, left);
      await file.writeFile(piece);
      rest = rest.subarray(piece.length);
      left -= piece.length;
    }
  }
}
