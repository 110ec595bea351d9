/** Service tokens as a client reads them. */
import type { InferOutput } from 'valibot';
import type { AllowedRange } from '../../core/network/allowed.ts';
import type * as answers from '../answers/tokens.ts';
import type { createToken } from '../operations/new-token.ts';
import type { ResultOf } from '../operations/operation.ts';
import type { listTokens, readToken } from '../operations/tokens.ts';

const time = (ms: number) => new Date(ms).toISOString();
const timeOrNull = (ms: number | null) => (ms === null || ms === 0 ? null : time(ms));

type Row = ResultOf<typeof listTokens>['tokens'][number];

const fields = (row: Row): InferOutput<typeof answers.token> => ({
  id: row.id,
  name: row.name,
  /** Null for a token of a project. */
  owner: row.owner === '' ? null : row.owner,
  project: row.project === '' ? null : row.project,
  scopes: listIn<string>(row.scopes),
  access: row.access,
  allowed_addresses: row.allowed_addresses === null ? [] : rangesIn(row.allowed_addresses),
  created_at: time(row.created_at),
  created_by: row.created_by,
  expires_at: timeOrNull(row.expires_at),
  last_used_at: timeOrNull(row.last_used_at),
  last_used_address: row.last_used_address === '' ? null : row.last_used_address,
  /** When it got its present secret. */
  rotated_at: row.secret_at > row.created_at ? time(row.secret_at) : null,
  /** Until when the secret before works as well. */
  grace_ends_at: timeOrNull(row.grace_ends_at),
  revoked_at: timeOrNull(row.revoked_at),
});

/** A list that was changed from outside may be none. The token is of no use then: its seal does not hold. */
const listIn = <Each>(text: string): Each[] => {
  try {
    const found: unknown = JSON.parse(text);
    return Array.isArray(found) ? (found as Each[]) : [];
  } catch {
    return [];
  }
};

const rangesIn = (text: string) => listIn<AllowedRange>(text).map(([range]) => range);

export const tokenList = ({ tokens, next }: ResultOf<typeof listTokens>): InferOutput<typeof answers.tokenList> => ({
  tokens: tokens.map(fields),
  ...(next !== null && { next }),
});

export const token = (found: ResultOf<typeof readToken>) => found && fields(found);

/** The only answer that has the token itself. */
export const madeToken = (made: ResultOf<typeof createToken>): InferOutput<typeof answers.madeToken> | null =>
  made && { ...fields(made), token: made.secret };
