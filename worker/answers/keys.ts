/** Answers about keys, their versions and the trash. */
import * as v from 'valibot';
import { projectRoles } from '../../core/policy/policy.ts';
import { error, longNumber, time, whole } from './parts.ts';

const details = {
  created_at: time,
  updated_at: time,
  version: v.pipe(whole, v.description('The number of the current version.')),
  revision: v.pipe(whole, v.description('Counts all changes; the ETag of the key.')),
  expires_at: v.nullable(time),
  rotate_every_days: v.nullable(whole),
  rotation_due_at: v.pipe(v.nullable(time), v.description('So many days after the value was last changed.')),
  labels: v.record(v.string(), v.string()),
};

export const listedKey = v.strictObject({
  key_name: v.string(),
  description: v.string(),
  ...details,
  created_by: v.string(),
  value_changed_at: time,
  owner: v.pipe(v.nullable(v.string()), v.description('Of a personal key; null for one of a project.')),
  project: v.pipe(v.nullable(v.string()), v.description('The project that it belongs to; null for a personal key.')),
  role: v.pipe(
    v.picklist(['owner', ...projectRoles, 'admin']),
    v.description('Why you reach it: as its owner, as a member of its project, or as an admin who is neither.'),
  ),
});

export const keyList = v.strictObject({
  keys: v.array(listedKey),
  next: v.optional(v.pipe(v.string(), v.description('The last name of this answer, if more keys follow.'))),
});

export const key = v.strictObject({
  key_name: v.string(),
  api_key: v.pipe(v.string(), v.description('The value.')),
  description: v.string(),
  ...details,
});

const sameValueAs = v.array(v.string());

/** What a key is answered with that was added or changed. */
export const stored = v.strictObject({
  message: v.string(),
  same_value_as: v.optional(
    v.pipe(sameValueAs, v.description('Up to five other keys that have the very value, of those that you may read.')),
  ),
});

const careKey = v.strictObject({
  key_name: v.string(),
  project: v.nullable(v.string()),
  owner: v.pipe(v.nullable(v.string()), v.description('Of a personal key; null for one of a project.')),
  reasons: v.array(v.picklist(['rotation_overdue', 'expiring', 'owner_inactive', 'same_value', 'unchanged', 'unused'])),
  expires_at: v.nullable(time),
  rotation_due_at: v.nullable(time),
  value_changed_at: time,
  same_value_as: v.pipe(sameValueAs, v.description('Up to five other keys with its value.')),
});

export const careList = v.strictObject({
  keys: v.array(careKey),
  more: v.pipe(v.boolean(), v.description('Whether there are more than one answer names.')),
  uncompared: v.pipe(
    v.boolean(),
    v.description('Whether there are keys whose values are not compared with others, until they are stored again.'),
  ),
});

export const version = v.strictObject({
  version: whole,
  created_at: time,
  created_by: v.string(),
  is_current: v.boolean(),
  destroyed: v.pipe(v.boolean(), v.description('Whether its value is gone.')),
});

export const versionList = v.strictObject({ versions: v.array(version), next: v.optional(whole) });

export const versionRestored = v.strictObject({ message: v.string(), version: whole });

export const trashedKey = v.strictObject({
  id: longNumber,
  key_name: v.string(),
  project: v.nullable(v.string()),
  deleted_at: time,
  deleted_by: v.pipe(v.nullable(v.string()), v.description('Null if the log does not say.')),
  purged_at: time,
});

export const trash = v.strictObject({
  keys: v.array(trashedKey),
  next: v.optional(v.pipe(v.string(), v.description('What to ask for with after, if more keys follow.'))),
});

export const keyRestored = v.strictObject({ message: v.string(), key_name: v.string() });

export const manyValues = v.strictObject({
  values: v.record(v.string(), v.string()),
  missing: v.pipe(v.array(v.string()), v.description('The names that do not exist, or that you may not read.')),
});

export const importedEntry = v.strictObject({
  key_name: v.string(),
  state: v.picklist(['new', 'changed', 'same', 'conflict', 'invalid']),
  reason: v.optional(v.string()),
  same_value_as: v.optional(
    v.pipe(
      sameValueAs,
      v.description('In a dry run: up to five other keys that have the value, of those that you may read.'),
    ),
  ),
});

export const imported = v.strictObject({
  applied: v.pipe(v.boolean(), v.description('Whether anything was stored.')),
  entries: v.array(importedEntry),
});

/** An import that was refused for its entries; one that was refused as a whole has `error` alone. */
export const notImported = v.strictObject({
  ...error.entries,
  applied: v.optional(v.boolean()),
  entries: v.optional(v.array(importedEntry)),
});
