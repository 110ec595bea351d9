/**
 * The forms of a credential: a session, or a service token. Each statement is compiled once for each, since a session needs none of what
 * a token does. Which one runs is clear from the credential, before the database is asked.
 */
import { SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { Caller } from '../../core/caller.ts';

export const bothForms = ['session', 'token'] as const;
export type Form = (typeof bothForms)[number];

export const formOf = ({ tokenHash }: Pick<Caller, 'tokenHash'>): Form =>
  tokenHash === undefined ? 'session' : 'token';

/** For what the statement is compiled that is being compiled. Compiling is synchronous. */
let compiling: Form = 'session';

export const isForToken = (): boolean => compiling === 'token';

/** Runs what writes and compiles statements, for one form. */
export const writtenFor = <Made>(form: Form, write: () => Made): Made => {
  const before = compiling;
  compiling = form;
  try {
    return write();
  } finally {
    compiling = before;
  }
};

/** SQL that is another one for tokens. It may be part of SQL that is made only once. */
export const byForm = (session: SQLWrapper, token: () => SQLWrapper): SQL => {
  const chosen = new SQL([]);
  Object.defineProperty(chosen, 'queryChunks', { get: () => [isForToken() ? sql`${token()}` : session] });
  return chosen;
};
