/** What a restore would change besides the values: settings, accounts and which keys there are. For the operator, before the question. */
import { DatabaseSync } from 'node:sqlite';
import { foldBusyTimeoutMs } from '../../core/limits.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { type Lookup, secretSettings, settingNames } from '../../core/settings/settings.ts';
import { isVault, secretsInUse } from '../data/check-database.ts';
import { quoted } from '../quoted.ts';

/** How many names a line lists. */
const maxListed = 10;

/**
 * The settings that the env file of the backup changes, one line each.
 *
 * @param now finds the settings of the vault as it is, `next` those with the env file of the backup.
 */
export function* settingDifferences(now: Lookup, next: Lookup): Generator<string> {
  for (const name of settingNames) {
    const [before, after] = [readSetting(now, name), readSetting(next, name)];
    // A restore keeps REQUIRE_SEALS.
    if (before === after || (name === 'REQUIRE_SEALS' && before === 'true')) continue;
    if ((secretSettings as readonly string[]).includes(name)) yield `${name}: ${change(before, after)}`;
    else yield `${name}: ${shown(before)} -> ${shown(after)}`;
  }
}

/** A setting that names an unreadable file counts as a value of its own: the vault will say so when it starts. */
function readSetting(lookup: Lookup, name: string): string | undefined {
  try {
    return lookup(name);
  } catch (error) {
    if (error instanceof OperatorError) return '(a file that cannot be read)';
    throw error;
  }
}

function shown(value: string | undefined): string {
  return value === undefined ? '(not set)' : quoted(value);
}

function change(before: string | undefined, after: string | undefined): string {
  if (before === undefined) return 'is set';
  return after === undefined ? 'is no longer set' : 'changes to another value';
}

/**
 * What becomes of accounts and keys, one line each.
 *
 * @param current the database of the vault as it is, which may be in use, damaged or missing.
 * @param next the staged database.
 */
export function* dataDifferences(current: string, next: string): Generator<string> {
  const before = readState(current);
  const after = readState(next);
  if (before === undefined || after === undefined) return;
  const gone = [...before.secrets].filter((name) => !after.secrets.has(name));
  const back = [...after.secrets].filter((name) => !before.secrets.has(name));
  if (gone.length > 0) yield `Keys that are lost, because they are not in what is restored: ${list(gone)}`;
  if (back.length > 0) yield `Keys that come back: ${list(back)}`;
  for (const [name, account] of after.accounts) {
    const was = before.accounts.get(name);
    if (was === undefined)
      yield `The account ${quoted(name)} comes back${account.isActive ? ', and can sign in' : ''}.`;
    else {
      if (!was.isActive && account.isActive) yield `The account ${quoted(name)} is active again.`;
      if (was.isActive && !account.isActive) yield `The account ${quoted(name)} is deactivated again.`;
      if (was.role !== account.role)
        yield `The account ${quoted(name)} has the role ${account.role} again; now it is ${was.role}.`;
      if (was.verifier !== account.verifier) yield `The account ${quoted(name)} has the password that it had then.`;
    }
  }
  const lost = [...before.accounts.keys()].filter((name) => !after.accounts.has(name));
  if (lost.length > 0) yield `Accounts that are lost: ${list(lost)}`;
  const members = [...after.members].filter(([seat, { role }]) => before.members.get(seat)?.role !== role);
  for (const [seat, { project, user, role }] of members.slice(0, maxListed)) {
    const was = before.members.get(seat)?.role;
    yield `${quoted(user)} is ${role} of the project ${quoted(project)} again${was ? `; now ${was}` : ''}.`;
  }
  if (members.length > maxListed)
    yield `And ${members.length - maxListed} more members of projects, as they were then.`;
}

/**
 * What becomes of the log. Whoever keeps checkpoints outside is going to see it.
 *
 * @param current and `next` as above.
 * @param ownEvents how many the restore itself has added.
 */
export function* logDifferences(current: string, next: string, ownEvents: number): Generator<string> {
  const [before, after] = [readLogEnd(current), readLogEnd(next)];
  if (before === undefined || after === undefined || before.newest < after.newest) return;
  const end = after.newest - ownEvents;
  yield `The log goes back to event ${end}: the events after it, up to ${before.newest}, are only in the copy that the restore keeps.`;
  if (before.sealed >= after.newest) {
    yield `  Checkpoints of more than ${end} events that were kept outside will not fit the log any more: verify-audit.sh and \`keystore audit pin\` will say so, and AUDIT_PIN_FILE is not replaced until you move it away. See docs/AUDIT.md.`;
  }
}

interface LogEnd {
  newest: number;
  sealed: number;
}

function readLogEnd(file: string): LogEnd | undefined {
  try {
    using database = new DatabaseSync(file, { readOnly: true, timeout: foldBusyTimeoutMs });
    const number = (sql: string) => Number(database.prepare(sql).get()?.n ?? 0);
    const hasTree = number("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'log_tree'") === 1;
    return {
      newest: number('SELECT max(id) AS n FROM audit_events'),
      sealed: hasTree ? number('SELECT max(size) AS n FROM log_tree') : 0,
    };
  } catch {
    return undefined;
  }
}

interface Account {
  role: string;
  isActive: boolean;
  verifier: string;
}

interface Member {
  project: string;
  user: string;
  role: string;
}

/** Who is in which project, by project and user. Vaults of earlier versions have no projects. */
function readMembers(database: DatabaseSync): Map<string, Member> {
  if (!database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'members'").get()) return new Map();
  const rows = database.prepare(
    `SELECT projects.name AS project, users.name AS user, members.role FROM members
     JOIN projects ON projects.id = project_id JOIN users ON users.id = user_id ORDER BY 1, 2`,
  );
  return new Map((rows.all() as unknown as Member[]).map((each) => [`${each.project}/${each.user}`, each]));
}

interface State {
  secrets: Set<string>;
  accounts: Map<string, Account>;
  members: Map<string, Member>;
}

/** Names, accounts and members of a vault; undefined if there is none, or it cannot be read. That is a reason for a restore. */
function readState(file: string): State | undefined {
  try {
    using database = new DatabaseSync(file, { readOnly: true, timeout: foldBusyTimeoutMs });
    if (!isVault(database)) return undefined;
    const secrets = database.prepare(`SELECT name FROM ${secretsInUse(database)} ORDER BY id`).all();
    const users = database.prepare('SELECT name, role, is_active, verifier FROM users ORDER BY id').all();
    return {
      members: readMembers(database),
      secrets: new Set(secrets.map(({ name }) => String(name))),
      accounts: new Map(
        users.map(({ name, role, is_active, verifier }) => [
          String(name),
          { role: String(role), isActive: is_active === 1, verifier: String(verifier) },
        ]),
      ),
    };
  } catch {
    return undefined;
  }
}

function list(names: string[]): string {
  const more = names.length > maxListed ? `, and ${names.length - maxListed} more` : '';
  return `${names.slice(0, maxListed).map(quoted).join(', ')}${more}.`;
}
