/** Whether the vault is open: set up, sealed by this vault's key, and its rows sealed. */
import { and, eq, isNotNull } from 'drizzle-orm';
import { request } from './request.ts';
import { instance } from './schema.ts';
import { type Query, query } from './statement.ts';

export const openProbe = () =>
  query
    .select({ id: instance.id })
    .from(instance)
    .where(and(eq(instance.key_id, request.key_id), isNotNull(instance.sealed_at))) as Query<{ id: number }>;
