/** What the API document says of a route beside its schemas of requests, which the route itself has. */
import type { GenericSchema } from 'valibot';

export const tags = {
  'Sign-in': 'Sign-in, sign-out, sessions, and your own password.',
  Keys: 'API keys, their values and their versions.',
  'Many keys': 'Reading and importing many keys at once, all of them or none.',
  'Keys by query':
    'The same as for one key, with its name in the query: for names that a proxy or a client does not pass on in a path.',
  Trash: 'Deleted keys, which can be taken out again for a time.',
  Projects: 'Keys that a team shares, and who its members are.',
  'Service tokens': 'Credentials for programs, which go where the token of a sign-in goes.',
  Log: 'Who did what, and counts of it.',
  'Proofs of the log':
    'Checkpoints, proofs and tiles in the forms of C2SP (c2sp.org), which programs by others verify.',
  Users: 'User accounts. For admins only.',
  Health: 'Whether the vault can serve. No token is needed.',
};

export interface Description {
  /** The operation's id: generated clients name their functions by it. */
  id: string;
  tag: keyof typeof tags;
  summary: string;
  description?: string;
  /** The schema of each answer that is not an error in the usual form. */
  answers: Partial<Record<200 | 201 | 400 | 409 | 503, GenericSchema>>;
  /** What a good answer is, if it is no JSON. */
  type?: 'text/plain; charset=utf-8' | 'application/octet-stream' | 'application/jsonl; charset=utf-8';
  /** What a good answer can be besides. */
  otherType?: 'text/csv; charset=utf-8; header=present';
  /** The errors that it has beside those of every route with its parts. */
  errors?: (400 | 404 | 409)[];
  /** Headers of a good answer. */
  headers?: ('ETag' | 'Trash-Id')[];
  /** What can be asked next with what a good answer, or its request, has: operation to its parameters, as runtime expressions. */
  links?: Record<string, Record<string, string>>;
  example: Example;
}

/** A request, and what a vault answers it in which there is what the request is about. */
export interface Example {
  path?: Record<string, string>;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
  answer: unknown;
}

/** The routes of one part of the API, each by its method and its path in the code. */
export type Descriptions = Record<string, Description>;
