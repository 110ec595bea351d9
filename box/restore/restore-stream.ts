/**
 * Reads what restore-data.sh sends on standard input: a line with four sizes in bytes, separated by spaces, then the env
 * file, the database, its -wal and its -journal. A size of 0 means that there is no such file.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { maxEnvFileBytes } from '../../core/limits.ts';
import { OperatorError } from '../operator-error.ts';

export interface Given {
  /** The env file of the database; undefined if none was given. */
  env: Uint8Array | undefined;
}

/**
 * Reads the stream and writes the database to a file, with its -wal and -journal beside it.
 *
 * @throws OperatorError if the stream ends early or its first line is malformed.
 */
export async function receive(input: AsyncIterable<Uint8Array>, file: string): Promise<Given> {
  const reader = new Reader(input);
  const sizes = (await reader.line()).split(' ').map(Number);
  const [env, database, wal, journal] = sizes;
  if (sizes.length !== 4 || !sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) throw broken();
  if ((env ?? 0) > maxEnvFileBytes) {
    throw new OperatorError(
      'The env file is larger than 1 MiB; this is not an env file. Name another with --env FILE.',
    );
  }
  const chunks: Uint8Array[] = [];
  await reader.take(env ?? 0, async (chunk) => void chunks.push(chunk));
  await receiveFile(reader, database ?? 0, file);
  if (wal) await receiveFile(reader, wal, `${file}-wal`);
  if (journal) await receiveFile(reader, journal, `${file}-journal`);
  return { env: env ? Buffer.concat(chunks) : undefined };
}

/** Writes a whole stream to a new file. */
export async function receiveAll(input: AsyncIterable<Uint8Array>, file: string): Promise<void> {
  const target = await open(file, 'wx', 0o600);
  try {
    for await (const chunk of input) await target.writeFile(chunk);
  } finally {
    await target.close();
  }
}

async function receiveFile(reader: Reader, size: number, file: string): Promise<void> {
  const target: FileHandle = await open(file, 'wx', 0o600);
  try {
    await reader.take(size, (chunk) => target.writeFile(chunk));
  } finally {
    await target.close();
  }
}

class Reader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#chunks = input[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    let read = Buffer.alloc(0);
    while (read.length < 200) {
      const end = this.#rest.indexOf(0x0a);
      if (end >= 0) {
        read = Buffer.concat([read, this.#rest.subarray(0, end)]);
        this.#rest = this.#rest.subarray(end + 1);
        return read.toString('latin1');
      }
      read = Buffer.concat([read, this.#rest]);
      await this.#more();
    }
    throw broken();
  }

  async take(size: number, write: (chunk: Uint8Array) => Promise<void>): Promise<void> {
    for (let left = size; left > 0; ) {
      if (this.#rest.length === 0) await this.#more();
      const chunk = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(chunk.length);
      left -= chunk.length;
      await write(chunk);
    }
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#chunks.next();
    if (done) throw broken();
    this.#rest = value;
  }
}

function broken(): OperatorError {
  return new OperatorError('The files to restore did not arrive completely. Nothing was changed. Try again.');
}
