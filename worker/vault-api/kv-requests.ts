/** What requests to KV version 2 may say. */
import * as v from 'valibot';
import { maxEntriesPerImport, maxPathsPerList } from '../../core/limits.ts';
import { pathnameOf } from '../../core/pathname.ts';
import { jsonOf } from '../http/body.ts';
import type { AppContext } from '../http/context.ts';
import type { PathAnnotation } from '../operations/path-annotate.ts';
import type { PathList } from '../operations/path-list.ts';
import type { PathRead } from '../operations/path-read.ts';
import type { PathChange } from '../operations/path-trash.ts';
import type { PathWrite } from '../operations/path-write.ts';
import { labelsProblem } from '../wire/key-requests.ts';
import type { ErrorStatus } from '../wire/reply.ts';
import { keyDescription, keyValue, newKeyName } from '../wire/requests.ts';
import type { Asked } from './answer.ts';
import { folderOf, pathOf } from './path.ts';

/** What is said of a path, and how many versions a client wants to be kept: how many are kept is for all keys alike. */
export type AskedAnnotation = PathAnnotation & { maxVersions: number };

type Problem = Extract<Asked<never>, { error: string }>;

/** What is wrong with a request about a path. */
const problem = (error: string, target: string | null, status: ErrorStatus = 400): Problem => ({
  status,
  error,
  target,
});

/** What follows the prefix of a route, as it is in the URL. */
const rest = (c: AppContext, prefix: string): string => pathnameOf(c.req.url).slice(`/v1/secret/${prefix}/`.length);

/** Reads the path, and then what else the request says about it. */
const atPath =
  <Input>(prefix: string, read: (path: string, c: AppContext) => Asked<Input> | Promise<Asked<Input>>) =>
  (c: AppContext): Asked<Input> | Promise<Asked<Input>> => {
    const at = pathOf(rest(c, prefix));
    return 'problem' in at ? problem(at.problem, at.target) : read(at.path, c);
  };

const isProblem = (asked: object): asked is Problem => 'status' in asked && 'target' in asked;

const notAVersion = 'version must be the number of a version, such as 3, or 0 for the newest one.';

/** The version in the query; 0 for the one that is served. */
const versionIn = (c: AppContext): number | null => {
  const given = c.req.query('version') ?? '0';
  return /^\d{1,15}$/.test(given) ? Number(given) : null;
};

const reading = (path: string, c: AppContext): Asked<PathRead> => {
  const version = versionIn(c);
  return version === null ? problem(notAVersion, path) : { input: { path, version } };
};
export const dataRead = atPath('data', reading);
export const subkeysRead = atPath('subkeys', reading);

const mergePatch = 'application/merge-patch+json';

/** The body, which many clients send without saying that it is JSON. */
const bodyOf = async (c: AppContext, path: string, isOptional = false): Promise<Record<string, unknown> | Problem> => {
  if (c.req.method === 'PATCH') {
    const type = c.req.header('Content-Type')?.split(';')[0]?.trim().toLowerCase() ?? '';
    if (type !== mergePatch) return problem(`PATCH needs the header Content-Type: ${mergePatch}.`, path, 415);
  }
  const body = await jsonOf(c.req.raw, isOptional);
  if ('error' in body) return problem(body.error, path, body.status);
  return isPlainObject(body.json) ? body.json : problem('The body must be a JSON object.', path);
};

const isPlainObject = (given: unknown): given is Record<string, unknown> =>
  typeof given === 'object' && given !== null && !Array.isArray(given);

/** The one field of a key. */
const valueField = 'value';

const isWhole = (given: unknown): given is number => Number.isSafeInteger(given) && (given as number) >= 0;

/** Some clients send numbers as texts. */
const wholeOf = (given: unknown): number | null => {
  if (isWhole(given)) return given;
  return typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : null;
};

const casProblem = 'options.cas must be the number of a version, or 0 for a key that does not exist yet.';
const folderCas =
  'The cas of a folder can only be 0, which means that none of the keys exists. Other versions are those of one key: write {"value": ...} to its own path.';
const noFields = 'data must be an object with at least one field.';
const mixedValue =
  'The field "value" is the value of the key at this path itself, so it cannot come with others. Write it alone, or give it another name.';
const noValue = 'A key has its value alone. To delete the key, send DELETE.';

/** What is wrong with a field and its value, or null. */
const fieldProblem = (name: string, field: string, value: unknown, isPatch: boolean): string | null => {
  if (field === '') return 'The name of a field must not be empty.';
  if (field.includes('/')) return `The name of a field must not contain "/": ${JSON.stringify(field)}.`;
  if (field === '.' || field === '..') return 'The name of a field must not be "." or "..".';
  const named = v.safeParse(newKeyName, name, { abortEarly: true });
  if (!named.success) return named.issues[0].message.replaceAll('key_name', 'The path with the field');
  if (named.output !== name) return 'The name of a field must have no white space around it.';
  if (value === null && isPatch) return null;
  if (typeof value !== 'string')
    return `Values are strings, and that of ${JSON.stringify(field)} is none. Send it as a string; an object or a list as its JSON text.`;
  const valued = v.safeParse(keyValue, value, { abortEarly: true });
  return valued.success
    ? null
    : valued.issues[0].message.replaceAll('api_key', `The value of ${JSON.stringify(field)}`);
};

const writing = async (path: string, c: AppContext): Promise<Asked<PathWrite>> => {
  const body = await bodyOf(c, path);
  if (isProblem(body)) return body;
  const isPatch = c.req.method === 'PATCH';
  const { data, options } = body;
  if (!isPlainObject(data)) return problem(noFields, path);
  const fields = Object.entries(data);
  if (fields.length === 0) return problem(noFields, path);
  if (fields.length > maxEntriesPerImport)
    return problem(`One request writes at most ${maxEntriesPerImport} fields.`, path);
  const isFolder = !Object.hasOwn(data, valueField);
  if (!isFolder && fields.length > 1) return problem(mixedValue, path);
  if (!isFolder && data[valueField] === null) return problem(noValue, path);
  const values = fields.map(([field, value]) => ({ field, name: isFolder ? `${path}/${field}` : path, value }));
  for (const { field, name, value } of values) {
    const wrong = fieldProblem(name, field, value, isPatch);
    if (wrong !== null) return problem(wrong, path);
  }
  const given = isPlainObject(options) ? (options.cas ?? null) : null;
  const cas = given === null ? null : wholeOf(given);
  if (given !== null && cas === null) return problem(casProblem, path);
  if (isFolder && cas !== null && (cas !== 0 || isPatch)) return problem(folderCas, path);
  return {
    input: {
      ...{ path, isFolder, cas, mustExist: isPatch },
      values: values.map(({ name, value }) => ({ name, value: value as string | null })),
    },
  };
};
export const dataWrite = atPath('data', writing);

export const dataDelete = atPath('data', (path): Asked<PathChange> => ({ input: { path, versions: null } }));

const noVersions = 'versions must be a list of numbers of versions, such as {"versions": [3]}.';

/** A list of numbers, or of texts, or one text with commas: clients send all of these. */
const versionsIn = ({ versions }: Record<string, unknown>): number[] | null => {
  const list = typeof versions === 'string' ? versions.split(',') : Array.isArray(versions) ? versions : [versions];
  const numbers = list.map((each) => wholeOf(typeof each === 'string' ? each.trim() : each));
  return numbers.length > 0 && numbers.length <= 500 && numbers.every((each) => each !== null)
    ? (numbers as number[])
    : null;
};

const changing = async (path: string, c: AppContext): Promise<Asked<{ path: string; versions: number[] }>> => {
  const body = await bodyOf(c, path);
  if (isProblem(body)) return body;
  const versions = versionsIn(body);
  return versions === null ? problem(noVersions, path) : { input: { path, versions } };
};
export const versionsDelete = atPath('delete', changing);
export const versionsUndelete = atPath('undelete', changing);
export const versionsDestroy = atPath('destroy', changing);

export const pathErase = atPath('metadata', (path): Asked<{ path: string }> => ({ input: { path } }));
export const metadataRead = atPath('metadata', (path): Asked<PathRead> => ({ input: { path, version: 0 } }));

/** What Vault stores of a key, and this vault cannot. What it would do here must not be believed to be done. */
const unserved = ({ cas_required, delete_version_after: after }: Record<string, unknown>): string | null => {
  if (cas_required === true || cas_required === 'true')
    return 'cas_required is not served here. Send cas with each write instead.';
  const isNever = after === undefined || after === null || after === 0 || /^0+[a-z]*$/i.test(String(after));
  return isNever
    ? null
    : 'delete_version_after is not served here: versions stay until KEEP_VERSIONS newer ones are there.';
};

const notMetadata = 'custom_metadata must be an object of strings, such as {"team": "shop"}.';

const annotating = async (path: string, c: AppContext): Promise<Asked<AskedAnnotation>> => {
  const body = await bodyOf(c, path, true);
  if (isProblem(body)) return body;
  const wrong = unserved(body);
  if (wrong !== null) return problem(wrong, path);
  const isMerge = c.req.method === 'PATCH';
  const { custom_metadata: given = null, max_versions: maxVersions = 0 } = body;
  const asked = { path, isMerge, maxVersions: wholeOf(maxVersions) ?? 0 };
  if (given === null) return { input: { ...asked, labels: null, description: null } };
  if (!isPlainObject(given)) return problem(notMetadata, path);
  const { description, ...labels } = given;
  const kept = Object.entries(labels).filter(([, value]) => !(isMerge && value === null));
  const label = labelsProblem(kept);
  if (label !== null) return problem(label.replaceAll(/\blabels?\b/g, 'custom_metadata'), path);
  if (description === undefined || description === null)
    return {
      input: {
        ...asked,
        labels: labels as AskedAnnotation['labels'],
        description: isMerge && description === undefined ? null : '',
      },
    };
  const described = v.safeParse(keyDescription, description);
  return described.success
    ? { input: { ...asked, labels: labels as AskedAnnotation['labels'], description: described.output } }
    : problem(described.issues[0].message, path);
};
export const metadataWrite = atPath('metadata', annotating);

/** Whether a GET asks for a list. */
export const asksForList = (c: AppContext): boolean => /^(?:true|1)$/i.test(c.req.query('list') ?? '');

/** Paging is as in OpenBao. */
export const metadataList = (c: AppContext): Asked<PathList> => {
  const at = folderOf(rest(c, 'metadata'));
  if ('problem' in at) return problem(at.problem, at.target);
  const { path } = at;
  const after = c.req.query('after') || null;
  const limit = wholeOf(c.req.query('limit') ?? String(maxPathsPerList));
  if (after !== null && !after.isWellFormed()) return problem('after must be a name of the list before.', path);
  if (limit === null) return problem('limit must be a whole number.', path);
  return { input: { path, after, limit: limit === 0 ? maxPathsPerList : Math.min(limit, maxPathsPerList) } };
};
