/** Keys, their versions and the trash as clients read them. */
import type { InferOutput } from 'valibot';
import type * as answers from '../answers/keys.ts';
import type { listCare } from '../operations/care.ts';
import type { changeSecret } from '../operations/change-secret.ts';
import type { ResultOf } from '../operations/operation.ts';
import type { readSecret } from '../operations/secrets.ts';
import type { listTrash } from '../operations/trash.ts';
import type { listVersions, restoreVersion } from '../operations/versions.ts';
import type { Reply } from './reply.ts';

const time = (ms: number) => new Date(ms).toISOString();
const timeOrNull = (ms: number | null) => (ms === null ? null : time(ms));

const dayMs = 86_400_000;

export const key = (secret: ResultOf<typeof readSecret>): InferOutput<typeof answers.key> => ({
  key_name: secret.name,
  api_key: secret.value,
  description: secret.description,
  created_at: time(secret.created_at),
  updated_at: time(secret.updated_at),
  version: secret.number,
  revision: secret.revision,
  expires_at: timeOrNull(secret.expires_at),
  rotate_every_days: secret.rotate_every_days,
  rotation_due_at:
    secret.rotate_every_days === null ? null : time(secret.value_changed_at + secret.rotate_every_days * dayMs),
  labels: JSON.parse(secret.labels ?? '{}'),
});

export const versionList = ({
  versions,
  next,
}: ResultOf<typeof listVersions>): InferOutput<typeof answers.versionList> => ({
  versions: versions.map(({ number, created_at, created_by, is_current, is_erased }) => ({
    version: number,
    created_at: time(created_at),
    created_by,
    is_current: is_current === 1,
    destroyed: is_erased === 1,
  })),
  ...(next !== null && { next }),
});

export const trashList = ({ keys, next }: ResultOf<typeof listTrash>): InferOutput<typeof answers.trash> => ({
  keys: keys.map(({ id, name, project, deleted_at, deleted_by, purged_at }) => ({
    id,
    key_name: name,
    project,
    deleted_at: time(deleted_at),
    deleted_by,
    purged_at: time(purged_at),
  })),
  ...(next !== null && { next: `${next.at}-${next.id}` }),
});

export const careList = ({
  secrets,
  hasMore,
  hasUncompared,
}: ResultOf<typeof listCare>): InferOutput<typeof answers.careList> => ({
  keys: secrets.map((secret) => ({
    key_name: secret.name,
    project: secret.is_project ? secret.name.slice(0, secret.name.indexOf('/')) : null,
    owner: secret.owner || null,
    reasons: secret.reasons,
    expires_at: timeOrNull(secret.expires_at || null),
    rotation_due_at:
      secret.rotate_every_days === 0 ? null : time(secret.value_changed_at + secret.rotate_every_days * dayMs),
    value_changed_at: time(secret.value_changed_at),
    same_value_as: secret.others,
  })),
  more: hasMore,
  uncompared: hasUncompared,
});

/** RFC 9110, section 8.8.3: the revision as the ETag, for If-Match. */
const withRevision = (reply: Reply, revision: number | null): Reply =>
  revision === null ? reply : { ...reply, headers: { ETag: `"${revision}"` } };

export const keyRead = (secret: ResultOf<typeof readSecret>): Reply =>
  withRevision({ status: 200, body: key(secret) }, secret.revision);

/** Other keys with the same value, of those that the caller may read. */
const stored = (message: string, sameValueAs: string[]): InferOutput<typeof answers.stored> => ({
  message,
  ...(sameValueAs.length > 0 && { same_value_as: sameValueAs }),
});

export const keyAdded = (sameValueAs: string[]): Reply => ({
  status: 201,
  body: stored('API key added successfully', sameValueAs),
});

export const keyChanged = ({ revision, sameValueAs }: ResultOf<typeof changeSecret>): Reply =>
  withRevision({ status: 200, body: stored('API key updated successfully', sameValueAs) }, revision);

/** The header says where the key is in the trash; the body is that of v0.6. */
export const keyDeleted = (id: number | null): Reply => ({
  status: 200,
  body: { message: 'API key deleted successfully' },
  ...(id !== null && { headers: { 'Trash-Id': String(id) } }),
});

export const versionRestored = ({ version, revision }: ResultOf<typeof restoreVersion>): Reply =>
  withRevision({ status: 200, body: { message: 'Version restored successfully', version } }, revision);

export const versionDestroyed = (revision: number | null): Reply =>
  withRevision({ status: 200, body: { message: 'Version destroyed successfully' } }, revision);

export const keyRestored = (restored: { name: string; revision: number } | null): Reply =>
  withRevision(
    { status: 200, body: { message: 'API key restored successfully', key_name: restored?.name ?? null } },
    restored?.revision ?? null,
  );
