/** Keys and folders as clients of KV version 2 read them. Times are RFC 3339; one that is missing is the empty text. */

import type { ResultOf } from '../operations/operation.ts';
import type { PathDescription } from '../operations/path-describe.ts';
import type { Described } from '../operations/path-entries.ts';
import type { listPath } from '../operations/path-list.ts';
import type { PathRead, PathValues } from '../operations/path-read.ts';
import type { PathWrite, PathWritten } from '../operations/path-write.ts';
import { enveloped, errors, noContent, nothingThere, type VaultReply } from './envelope.ts';
import type { AskedAnnotation } from './kv-requests.ts';

const time = (ms: number) => new Date(ms).toISOString();
const timeOrEmpty = (ms: number | null) => (ms === null ? '' : time(ms));

const kvData = (data: object | null, warnings: readonly string[] = []) =>
  enveloped(data, { mountType: 'kv', warnings });

/** The labels, and the description under its name; null if there is neither. */
const customMetadata = (described: Described | null): Record<string, string> | null => {
  const labels = JSON.parse(described?.labels ?? '{}') as Record<string, string>;
  const all = { ...labels, ...(described?.description && { description: described.description }) };
  return Object.keys(all).length === 0 ? null : all;
};

interface Version {
  number: number;
  created_at: number;
  deleted_at: number | null;
  isErased: boolean;
}

const versionJson = ({ created_at, deleted_at, isErased, number }: Version, described: Described | null) => ({
  created_time: time(created_at),
  custom_metadata: customMetadata(described),
  deletion_time: timeOrEmpty(deleted_at),
  destroyed: isErased,
  version: number,
});

/** The newest of the versions: what a folder has as its own. */
const newest = (versions: readonly Version[]): Version => ({
  number: Math.max(...versions.map(({ number }) => number)),
  created_at: Math.max(...versions.map(({ created_at }) => created_at)),
  deleted_at: null,
  isErased: false,
});

/** The name of a key within its folder. Every name is an ordinary one, `__proto__` too: `fromEntries` defines properties. */
const fields = <Child extends { name: string }>(
  path: string,
  children: readonly Child[],
  of: (child: Child) => unknown,
) => Object.fromEntries(children.map((child) => [child.name.slice(path.length + 1), of(child)]));

export const pathRead = (read: PathValues, { path }: { path: string }): VaultReply => {
  if (read.kind === 'gone') return gone(kvData({ data: null, metadata: versionJson(read, read.described) }));
  if (read.kind === 'secret') return kvData({ data: { value: read.value }, metadata: versionJson(read, read) });
  const { children, entry } = read;
  return kvData({ data: fields(path, children, ({ value }) => value), metadata: versionJson(newest(children), entry) });
};

/** Vault answers 404 with the metadata of what is deleted: clients read there that it is. */
const gone = (reply: ReturnType<typeof enveloped>): VaultReply => ({ ...reply, status: 404 });

const kept = (others: number) =>
  `The folder has ${others === 1 ? 'one other key, which stays' : `${others} other keys, which stay`} as before: a write adds and changes keys, and deletes none.`;

export const pathWritten = (
  { version, changedAt, others, described }: PathWritten,
  { isFolder, mustExist }: PathWrite,
): VaultReply => {
  const state = { number: version, created_at: changedAt, deleted_at: null, isErased: false };
  // Whoever sends a merge patch knows that it merges.
  return kvData(versionJson(state, described), isFolder && !mustExist && others > 0 ? [kept(others)] : []);
};

export const pathList = ({ names, hasMore }: ResultOf<typeof listPath>): VaultReply =>
  kvData(
    { keys: names },
    hasMore ? [`There is more: ask for what comes after ${JSON.stringify(names.at(-1))} with after=.`] : [],
  );

export const config = (kept: number): VaultReply =>
  kvData({ max_versions: kept, cas_required: false, delete_version_after: '0s' });

const versionList = (versions: PathDescription['versions']) =>
  Object.fromEntries(
    versions.map(({ number, created_at, deleted_at, isErased }) => [
      number,
      { created_time: time(created_at), deletion_time: timeOrEmpty(deleted_at), destroyed: isErased },
    ]),
  );

export const metadata = (path: PathDescription): VaultReply =>
  kvData({
    cas_required: false,
    created_time: time(path.createdAt),
    current_version: path.current,
    custom_metadata: customMetadata(path.described),
    delete_version_after: '0s',
    max_versions: path.keptVersions,
    oldest_version: path.versions.at(-1)?.number ?? 0,
    updated_time: time(path.updatedAt),
    versions: versionList(path.versions),
  });

/** What fields there are, without their values. Each value is a text, so there is nothing deeper. */
export const subkeys = (found: PathDescription, { path, version }: PathRead): VaultReply => {
  const { names, versions, current, described } = found;
  const wanted = versions.find(({ number }) => number === (version || current));
  if (names !== null && version > 0) return errors(400, ['This is a folder, whose keys have versions of their own.']);
  if (!wanted) return nothingThere;
  const about = { metadata: versionJson(wanted, described) };
  if (wanted.isErased || wanted.deleted_at !== null) return gone(kvData({ subkeys: null, ...about }));
  const keys =
    names === null
      ? { value: null }
      : fields(
          path,
          names.map((name) => ({ name })),
          () => null,
        );
  return kvData({ subkeys: keys, ...about });
};

/** 204, unless there is something to say. */
export const annotated = (_: unknown, { maxVersions }: AskedAnnotation, kept: number): VaultReply =>
  maxVersions === 0 || maxVersions === kept
    ? noContent
    : kvData(null, [`max_versions is ${kept} for all keys here (KEEP_VERSIONS), and was not changed.`]);
