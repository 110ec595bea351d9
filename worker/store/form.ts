/**
 * The forms of a credential: a session, or a service token. Each statement is compiled once for each, since a session needs none of what
 * a token does. Which one runs is clear from the credential, before the database is asked. Statements of what may be sent with an
 * Idempotency-Key have two forms more, for requests that come with one (`kept-answers.ts`); all other requests pay nothing for it.
 */
import { SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { Caller } from '../../core/caller.ts';

export const bothForms = ['session', 'token'] as const;
type UsualForm = (typeof bothForms)[number];
export type Form = UsualForm | `${UsualForm} with key`;

/** Of statements of what may be sent with an Idempotency-Key. */
export const formsWithKey = [...bothForms, 'session with key', 'token with key'] as const;

/** The form of a statement that has none for requests with a key. */
export const usualForm = (form: Form): Form => (form.startsWith('token') ? 'token' : 'session');

export const formOf = ({ tokenHash, idempotency }: Pick<Caller, 'tokenHash' | 'idempotency'>): Form => {
  const usual = tokenHash === undefined ? 'session' : 'token';
  return idempotency === undefined ? usual : `${usual} with key`;
};

/** For what the statement is compiled that is being compiled. Compiling is synchronous. */
let compiling: Form = 'session';

export const isForToken = (): boolean => usualForm(compiling) === 'token';

export const isWithKey = (): boolean => compiling !== usualForm(compiling);

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
export const byForm = (session: SQLWrapper, token: () => SQLWrapper): SQL => either(isForToken, session, token);

/** The same for requests with an Idempotency-Key. */
export const byKey = (without: SQLWrapper, withKey: () => SQLWrapper): SQL => either(isWithKey, without, withKey);

/** Whether the verdict is compiled that is being compiled for a transaction that writes, after what it relies on was checked. */
let isGuarded = false;

/** Runs what compiles a verdict with the condition that what it relies on is what was checked. */
export const writtenGuarded = <Made>(write: () => Made): Made => {
  isGuarded = true;
  try {
    return write();
  } finally {
    isGuarded = false;
  }
};

/** SQL that is another one where what is relied on was checked before. */
export const byGuard = (without: SQLWrapper, guarded: () => SQLWrapper): SQL =>
  either(() => isGuarded, without, guarded);

/** Whether a verdict is compiled that is being compiled to return the answer as well. */
let isAnswering = false;

/** Runs what compiles a verdict that returns the answer: what the answer uses of the verdict is then in the row that is being inserted. */
export const writtenAnswering = <Made>(write: () => Made): Made => {
  isAnswering = true;
  try {
    return write();
  } finally {
    isAnswering = false;
  }
};

/** SQL that is another one where the verdict itself returns the answer. */
export const byPlace = (after: SQLWrapper, within: () => SQLWrapper): SQL => either(() => isAnswering, after, within);

const either = (isOther: () => boolean, usual: SQLWrapper, other: () => SQLWrapper): SQL => {
  const chosen = new SQL([]);
  Object.defineProperty(chosen, 'queryChunks', { get: () => [isOther() ? sql`${other()}` : usual] });
  return chosen;
};
