/**
 * Request bodies, and the answers that they get. Tests run this table against the gate and against the standalone server,
 * which must answer alike.
 */
import { type HttpLimits, httpLimits } from '../limits.ts';

export const vectorLimits: HttpLimits = {
  ...httpLimits,
  maxBodyBytes: 64 * 1024,
  maxBodyMemoryBytes: 200 * 1024,
  maxBodyStallMs: 400,
  maxRequestMs: 1_500,
};

const kibibyte = 1024;

export interface BodyVector {
  name: string;
  /** The Content-Length; without it the body is chunked. */
  announced?: number;
  /** The bytes to send, chunk by chunk. */
  chunks: number[];
  /** What follows the chunks: the end, nothing more, or a byte at a time that never completes the body. */
  ending: 'end' | 'stall' | 'drip';
  limits?: Partial<HttpLimits>;
  /** The answer instead of the worker's; none if the worker gets the body. */
  answer?: { status: number; error: string; retryAfter?: string };
}

const tooLarge = { status: 413, error: 'The request body is too large. Send at most 64 KiB.' };
const tooSlow = { status: 408, error: 'The request took too long to arrive. Send it again.' };
const tooMany = {
  status: 503,
  error: 'Too many requests are arriving at once. Try again in a moment.',
  retryAfter: '1',
};

export const bodyVectors: BodyVector[] = [
  { name: 'an empty chunked body', chunks: [], ending: 'end' },
  { name: 'one chunk', announced: 10, chunks: [10], ending: 'end' },
  { name: 'several chunks', chunks: [1, 2, 3], ending: 'end' },
  {
    name: 'exactly the limit, announced',
    announced: 64 * kibibyte,
    chunks: [32 * kibibyte, 32 * kibibyte],
    ending: 'end',
  },
  { name: 'exactly the limit, chunked', chunks: [32 * kibibyte, 32 * kibibyte], ending: 'end' },
  {
    name: 'one byte over the limit, announced, before it is sent',
    announced: 64 * kibibyte + 1,
    chunks: [],
    ending: 'stall',
    answer: tooLarge,
  },
  {
    name: 'one byte over the limit, chunked',
    chunks: [32 * kibibyte, 32 * kibibyte, 1],
    ending: 'stall',
    answer: tooLarge,
  },
  { name: '150 MB announced', announced: 150e6, chunks: [], ending: 'stall', answer: tooLarge },
  { name: 'no byte for too long', announced: 100, chunks: [3], ending: 'stall', answer: tooSlow },
  { name: 'no byte at all', announced: 100, chunks: [], ending: 'stall', answer: tooSlow },
  { name: 'too long in total', chunks: [1], ending: 'drip', answer: tooSlow },
  {
    name: 'more than the memory for all bodies',
    chunks: [2 * kibibyte],
    ending: 'stall',
    limits: { maxBodyMemoryBytes: kibibyte },
    answer: tooMany,
  },
];
