/** What a person or a program gives to a command: answers to questions, and bytes on standard input. */

import { readFileSync } from 'node:fs';
import { codeOf, Failure, usageFailure } from './failure.ts';

/** Whether somebody is there to answer. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/**
 * Asks a question on the terminal. The answer to a hidden one is not shown.
 *
 * @throws Failure if there is no answer: end of input, or Ctrl-C.
 */
export async function ask(question: string, { isHidden = false } = {}): Promise<string> {
  const [{ createInterface }, { Writable }] = await Promise.all([import('node:readline'), import('node:stream')]);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  if (isHidden) process.stderr.write(question);
  const lines = createInterface({
    input: process.stdin,
    output: isHidden ? silent : process.stderr,
    terminal: true,
    historySize: 0,
  });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('SIGINT', () => reject(new Failure('Nothing was done.', 130)));
      lines.once('close', () => reject(new Failure('There was no answer. Nothing was done.')));
      lines.question(isHidden ? '' : question, resolve);
    });
  } finally {
    if (isHidden) process.stderr.write('\n');
    lines.close();
  }
}

/** Asks a question that `y` or `yes` agrees to. */
export async function agrees(question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim());
}

/** Everything on standard input. */
export async function readInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The bytes of a file, or of standard input for `-`. */
export async function readGiven(path: string): Promise<Buffer> {
  if (path === '-') return readInput();
  try {
    return readFileSync(path);
  } catch (error) {
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EACCES: 'you may not read it',
      EISDIR: 'it is a folder',
    };
    throw usageFailure(`${path} cannot be read: ${reasons[codeOf(error)] ?? codeOf(error)}.`);
  }
}

/**
 * Bytes as the text that a key holds, exactly: no byte order mark is dropped.
 *
 * @throws Failure if they are not UTF-8.
 */
export function textOf(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usageFailure(`${source} is not UTF-8 text, and keys hold text. Encode it first, for example with base64.`);
  }
}
