/**
 * The rows that grant authority, and what the seal of each covers. The worker, which checks them at every request, and the programs of
 * the box, which check a whole file, share this. A row is read as one JSON list:
 *
 *     [table, what the seal covers ..., seal]
 *
 * What its seal covers begins with the columns that find the row. After the seal of a key comes 1 if it is in the trash, or 0 if not. The
 * seal is an HMAC over the JSON array `[table, ...what it covers]`, see `SealingKey.sealRow`.
 */

export const sealedTables = [
  'users',
  'projects',
  'members',
  'secrets',
  'secret_versions',
  'service_tokens',
  'token_secrets',
] as const;
export type SealedTable = (typeof sealedTables)[number];

export type Cell = string | number | null;

/** A row as it is stored, with its seal. `sessions` have none: their signed tokens are what they are held against. */
export type SealedRow = readonly [
  table: SealedTable | 'sessions',
  locator: readonly Cell[],
  contents: readonly Cell[],
  seal: string | null,
  /** Of a key. */
  isInTrash?: boolean,
];

interface Kind {
  /** The columns that find a row. */
  locator: readonly string[];
  /** Whether a row may be in the trash, which its list says. */
  hasTrash?: true;
  /** What is covered: SQL in terms of an alias of the table, or of its columns alone. It begins with the columns that find the row. */
  contents: (alias: string) => string[];
  /** What people call the row. */
  nameOf: (contents: readonly Cell[]) => string;
}

function columns(...names: string[]): (alias: string) => string[] {
  return function ofAlias(alias: string): string[] {
    return names.map((name) => (alias === '' ? name : `${alias}.${name}`));
  };
}

/** The binding of the current version: it covers the value, and the name that it is stored under. */
function currentBinding(alias: string): string {
  return `(select current.binding from secret_versions current where current.secret_id = ${alias}.id and current.number = ${alias}.current_version)`;
}

/** The names that a token reaches, as ranges in order. */
function rangesOf(alias: string): string {
  return `(select json_group_array(json_array(range.low, range.high) order by range.low) from token_scopes range where range.token_id = ${alias}.id) || ''`;
}

export const sealedKinds: Record<SealedTable, Kind> = {
  users: {
    locator: ['id'],
    contents: columns('id', 'name', 'role', 'is_active', 'must_change_password', 'has_default_password', 'verifier'),
    nameOf: ([, name]) => `user ${name}`,
  },
  projects: {
    locator: ['id'],
    contents: columns('id', 'name', 'key_likeness'),
    nameOf: ([, name]) => `project ${name}`,
  },
  members: {
    locator: ['project_id', 'user_id'],
    contents: columns('project_id', 'user_id', 'role'),
    nameOf: ([project, user]) => `member ${user} of project ${project}`,
  },
  secrets: {
    locator: ['id'],
    hasTrash: true,
    contents: (alias) => [
      ...columns('id', 'name', 'owner_id', 'project_id', 'current_version')(alias),
      currentBinding(alias),
    ],
    nameOf: ([, name]) => `key ${name}`,
  },
  secret_versions: {
    locator: ['secret_id', 'number'],
    contents: columns('secret_id', 'number', 'binding'),
    nameOf: ([secret, number]) => `version ${number} of key ${secret}`,
  },
  service_tokens: {
    locator: ['id'],
    contents: (alias) => [
      ...columns('id', 'name', 'user_id', 'project_id', 'access', 'scopes', 'allowed_addresses', 'expires_at')(alias),
      rangesOf(alias),
    ],
    nameOf: ([, name]) => `token ${name}`,
  },
  token_secrets: {
    locator: ['hash'],
    contents: columns('hash', 'token_id', 'generation', 'access'),
    nameOf: ([hash, token]) => `secret ${String(hash).slice(0, 8)} of token ${token}`,
  },
};

/** A row as JSON, in SQL: for an alias of its table, which may stand for no row. @param contents what is covered, if that is at hand. */
export function sealedRowSql(table: SealedTable, alias: string, contents?: readonly string[]): string {
  const { hasTrash, contents: covered } = sealedKinds[table];
  const cells = [
    ...(contents ?? covered(alias)),
    ...columns('seal')(alias),
    ...(hasTrash ? [`${columns('deleted_at')(alias)} is not null`] : []),
  ];
  return `json_array('${table}',${cells.join(',')})`;
}

/** A row as it was read by `sealedRowSql`; or a session, of which there are only what finds it and what it says. */
export function rowOf([table, ...cells]: readonly Cell[]): SealedRow {
  if (table === 'sessions') return [table, cells.slice(0, 1), cells.slice(1), null];
  const kind = table as SealedTable;
  const { locator, hasTrash } = sealedKinds[kind];
  const sealAt = cells.length - (hasTrash ? 2 : 1);
  const seal = (cells[sealAt] ?? null) as string | null;
  return [
    kind,
    cells.slice(0, locator.length),
    cells.slice(0, sealAt),
    seal,
    hasTrash === true && cells[sealAt + 1] === 1,
  ];
}

/** The list that `rowOf` reads. */
export function cellsOf([table, locator, contents, seal, isInTrash]: SealedRow): Cell[] {
  if (table === 'sessions') return [table, ...locator, ...contents];
  return [table, ...contents, seal, ...(sealedKinds[table].hasTrash ? [Number(isInTrash ?? false)] : [])];
}

/** The row of nulls that a left join returns if nothing matches. */
export function noRow(table: SealedTable): SealedRow {
  const { locator, contents } = sealedKinds[table];
  const cells: Cell[] = contents('').map(() => null);
  if (table === 'service_tokens') cells[cells.length - 1] = noRanges;
  return [table, locator.map(() => null), cells, null];
}

/** The name of a row, for people. @param others rows that may have the name of the key of a version. */
export function nameOfRow([table, locator, contents]: SealedRow, others: readonly SealedRow[] = []): string {
  if (table === 'sessions') return `session ${String(locator[0]).slice(0, 8)}`;
  const key = table === 'secret_versions' && others.find((row) => row[0] === 'secrets' && row[1][0] === locator[0]);
  return sealedKinds[table].nameOf(key ? contents.with(0, key[2][1] ?? null) : contents);
}

/** Makes and checks seals. Encryption keys do. */
interface RowSealer {
  sealRow(contents: readonly Cell[]): string;
  /** Whether this key made the seal over exactly these. */
  isRowSeal(contents: readonly Cell[], seal: string): boolean;
}

export interface RowKeyring {
  readonly primary: RowSealer;
  readonly byId: ReadonlyMap<string, RowSealer>;
}

/** The seal of a row under the primary key. */
export function sealFor(keyring: RowKeyring, [table, , contents]: SealedRow): string {
  return keyring.primary.sealRow([table, ...contents]);
}

/** A key in the trash whose owner or project is gone has the seal of before, which says otherwise. */
export function isNobodys([table, , contents, , isInTrash = false]: SealedRow): boolean {
  return table === 'secrets' && isInTrash && contents[ownerAt] === null && contents[ownerAt + 1] === null;
}

/**
 * Whether a left join found nothing: then all cells are null. A row with only some of them null comes from a view that has replaced the
 * table, and needs a seal.
 */
function isNotThere([, , contents]: SealedRow): boolean {
  return contents.every((cell) => cell === null || cell === noRanges);
}

/** Whether there is nothing that a seal could cover: a row that is not there, a key that is nobody's, an erased version. */
export function needsNoSeal(row: SealedRow): boolean {
  const [table, , contents] = row;
  return isNotThere(row) || isNobodys(row) || (table === 'secret_versions' && contents[bindingAt] === null);
}

/**
 * Whether the seal of a row holds, if it needs one, under the primary key; or, while another one takes over, under any key of the keyring.
 */
export function sealHolds(keyring: RowKeyring, row: SealedRow, { isTakeOver = false } = {}): boolean {
  if (needsNoSeal(row)) return true;
  const [table, , contents, seal] = row;
  // Two numbers that JavaScript cannot tell apart would have the same seal.
  if (contents.some((cell) => typeof cell === 'number' && !Number.isSafeInteger(cell))) return false;
  const key = keyring.byId.get(String(seal).split('.', 1)[0] ?? '');
  if (!key || seal === null || (key !== keyring.primary && !isTakeOver)) return false;
  return key.isRowSeal([table, ...contents], seal);
}

/** The row of an account as it was before it was switched off. */
export function asActive([table, locator, contents, seal]: SealedRow): SealedRow {
  return [table, locator, contents.with(activeAt, 1), seal];
}

/** What a token reaches that has no ranges, as one that is not there. */
const noRanges = '[]';
/** Places in what a seal covers: of an account, of a key, of a version. */
const activeAt = 3;
const ownerAt = 2;
const bindingAt = 2;

/** The fields of an account that its seal covers. */
export interface SealedAccount {
  id: number;
  name: string;
  role: string;
  is_active: number;
  must_change_password: number;
  has_default_password: number;
  verifier: string;
}

/** The seal of an account, where it is not SQL that says what it covers. */
export function sealOfAccount(keyring: RowKeyring, account: SealedAccount): string {
  const { id, name, role, is_active, must_change_password, has_default_password, verifier } = account;
  const contents = [id, name, role, is_active, must_change_password, has_default_password, verifier];
  return sealFor(keyring, ['users', [id], contents, null]);
}
