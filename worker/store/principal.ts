import { sql } from 'drizzle-orm';
import { sessions, users } from './schema.ts';
import { value } from './statement.ts';

/**
 * From a credential to the live principal, as joins that a verdict starts with. What counts is the database at the moment of
 * the request: a session that is revoked or over, or a user who was switched off, is nobody.
 */

/** The user behind a session. */
export const principalBySession = sql`
  LEFT JOIN ${sessions} AS session ON session.id = ${value('session_id')}
    AND session.revoked_at IS NULL AND session.expires_at > ${value('now')}
  LEFT JOIN ${users} AS principal ON principal.id = session.user_id AND principal.is_active`;

/** Whoever claims this name at sign-in: it is for the password to say whether rightly. */
export const principalByName = sql`
  LEFT JOIN ${users} AS principal ON principal.name = ${value('claimed_name')}`;
