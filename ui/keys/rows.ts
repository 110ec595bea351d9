/** Rows of the list of keys: made of what the vault says, and brought up to date after a change. */
import type { KeyChange, KeyDetails, ListedKey } from '../api/wire.ts';
import { dueSoon } from './due.ts';
import { type KeyRow, toRow } from './order.ts';

/** Which keys the list of all shows. */
export type Only = 'all' | 'personal' | 'due';
export const onlys: readonly Only[] = ['all', 'personal', 'due'];

/** The keys of a project; or of all those that a choice leaves. */
export const scoped = (rows: readonly KeyRow[], project: string, only: Only): readonly KeyRow[] => {
  if (project !== '') return rows.filter((row) => row.project === project);
  if (only === 'personal') return rows.filter((row) => row.project === null);
  return only === 'due' ? rows.filter((row) => dueSoon(row, Date.now()) !== null) : rows;
};

/** How many keys each project has. */
export const countedBy = (rows: readonly KeyRow[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { project } of rows) if (project !== null) counts.set(project, (counts.get(project) ?? 0) + 1);
  return counts;
};

export const rowOf = (key: ListedKey): KeyRow =>
  toRow({
    name: key.key_name,
    description: key.description,
    createdAt: key.created_at,
    updatedAt: key.updated_at,
    valueChangedAt: key.value_changed_at,
    createdBy: key.created_by,
    owner: key.owner,
    project: key.project,
    role: key.role,
    version: key.version,
    revision: key.revision,
    expiresAt: key.expires_at,
    rotateEveryDays: key.rotate_every_days,
    rotationDueAt: key.rotation_due_at,
    labels: key.labels,
  });

/** A key that was just added. */
export const personalRow = (name: string, user: string, description: string, details: KeyDetails): KeyRow => {
  const now = new Date();
  const rotate = details.rotate_every_days ?? null;
  return toRow({
    name,
    description,
    createdAt: now.toISOString(),
    updatedAt: now.toISOString(),
    valueChangedAt: now.toISOString(),
    createdBy: user,
    owner: user,
    project: null,
    role: 'owner',
    version: 1,
    revision: null,
    expiresAt: details.expires_at ?? null,
    rotateEveryDays: rotate,
    rotationDueAt: rotate === null ? null : inDays(now, rotate),
    labels: details.labels ?? {},
  });
};

export const renamedRow = (row: KeyRow, name: string): KeyRow => toRow({ ...row, name });

/** A key that was just changed. */
export const changedRow = (row: KeyRow, fields: KeyChange, revision: number | null, now: Date): KeyRow => {
  const { api_key, description = row.description, expires_at, rotate_every_days, labels = row.labels } = fields;
  const hasValue = api_key !== undefined;
  const rotate = rotate_every_days === undefined ? row.rotateEveryDays : rotate_every_days;
  return toRow({
    ...row,
    description,
    labels,
    revision,
    updatedAt: now.toISOString(),
    valueChangedAt: hasValue ? now.toISOString() : row.valueChangedAt,
    expiresAt: expires_at === undefined ? row.expiresAt : expires_at,
    rotateEveryDays: rotate,
    version: hasValue ? row.version + 1 : row.version,
    rotationDueAt: rotate === null ? null : hasValue ? inDays(now, rotate) : row.rotationDueAt,
  });
};

const dayMs = 86_400_000;

const inDays = (from: Date, days: number): string => new Date(from.getTime() + days * dayMs).toISOString();
