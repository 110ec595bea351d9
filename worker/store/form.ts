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

/** A way to compile statements, for as long as `write` runs. */
const mode = () => {
  let isOn = false;
  return {
    isOn: () => isOn,
    during: <Made>(write: () => Made): Made => {
      isOn = true;
      try {
        return write();
      } finally {
        isOn = false;
      }
    },
  };
};

const guarding = mode();
const answering = mode();

/** Compiles a verdict of a transaction that writes, with the condition that what it relies on is what was checked. */
export const writtenGuarded = guarding.during;

/** SQL that is another one where what is relied on was checked before. */
export const byGuard = (without: SQLWrapper, guarded: () => SQLWrapper): SQL => either(guarding.isOn, without, guarded);

/** Compiles a verdict that returns the answer as well: what the answer uses of the verdict is then in the row that is being inserted. */
export const writtenAnswering = answering.during;

/** SQL that is another one where the verdict itself returns the answer. */
export const byPlace = (after: SQLWrapper, within: () => SQLWrapper): SQL => either(answering.isOn, after, within);

const either = (isOther: () => boolean, usual: SQLWrapper, other: () => SQLWrapper): SQL => {
  const chosen = new SQL([]);
  Object.defineProperty(chosen, 'queryChunks', { get: () => [isOther() ? sql`${other()}` : usual] });
  return chosen;
};
