/** Whether the vault is open: set up, and sealed by this vault's key. */
import { eq } from 'drizzle-orm';
import { request } from './request.ts';
import { instance } from './schema.ts';
import { type Query, query } from './statement.ts';

export const openProbe = () =>
  query.select({ id: instance.id }).from(instance).where(eq(instance.key_id, request.key_id)) as Query<{ id: number }>;
