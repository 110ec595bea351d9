/**
 * `npm run seed`: fills a running vault with a believable team (`seed-team.ts`), over its API: people with roles, projects with
 * members, keys with clearly fake values, versions, a trash, and a log in which some requests were refused. For trying things
 * out, never for a vault with real keys: the accounts have a password that everybody knows. It can run again; what is there
 * already is left as it is.
 *
 *   npm run seed -- --url http://localhost:5000
 *
 * The password of admin is ADMIN_PASSWORD, from the environment or .env, else the one of a new vault. If it is another one, the
 * program asks for it at the terminal. It is no option: every user of the machine sees the options of a running program.
 */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { openDesk } from '../box/commands/command.ts';
import { bodyOf, deleted, exampleValue, namesIn, projects, team, teamAdmin } from './seed-team.ts';

const teamPassword = 'example team password';

/** The names of all users, projects and keys that this program makes, but for what it deletes again. */
const wanted = [
  ...Object.entries(team).flatMap(([name, keys]) => [name, ...Object.keys(keys)]),
  ...Object.keys(projects).flatMap((name) => [name, ...namesIn(name)]),
];
/** So many does it ask for. */
const total = wanted.length + deleted.length;

/** The accounts that a new vault has. */
const firstAccounts = ['admin', 'user'];

const options = readOptions();

function readOptions(): { url: string } {
  try {
    return parseArgs({ options: { url: { type: 'string', default: 'http://localhost:5000' } } }).values;
  } catch {
    return fail(
      'The only option is --url. The password of admin comes from ADMIN_PASSWORD, in the environment or in .env, or is asked for.',
    );
  }
}

type Call = (method: string, path: string, body?: object) => Promise<{ status: number; body: Answer }>;

interface Answer {
  token?: string;
  error?: string;
  users?: { id: number; username: string }[];
  keys?: { key_name: string }[];
  projects?: { name: string }[];
}

function caller(token?: string): Call {
  return async function call(method, path, body) {
    const response = await fetch(new URL(path, options.url), {
      method,
      headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
    }).catch(() => fail(`No vault answers at ${options.url}. Start one with npm start, or name another with --url.`));
    return { status: response.status, body: (await response.json()) as Answer };
  };
}

/** Signs in as admin. Without a terminal there is only one attempt. */
async function signInAsAdmin(): Promise<Call> {
  const known = readPassword() ?? 'admin123';
  const hint = 'Set ADMIN_PASSWORD to the password of admin, in the environment or in .env.';
  if (!process.stdin.isTTY) return await signIn('admin', known, hint);
  const { status, body } = await caller()('POST', '/auth/login', { username: 'admin', password: known });
  if (status === 200) return caller(body.token);
  return await signIn('admin', await askFor(`Password of admin at ${options.url}: `), '');
}

/** ADMIN_PASSWORD, if it is set to something. */
function readPassword(): string | undefined {
  try {
    return openDesk().lookup('ADMIN_PASSWORD') || undefined;
  } catch (error) {
    return fail((error as Error).message);
  }
}

/** Asks at the terminal, and does not show what is typed. */
async function askFor(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  terminal.on('SIGINT', () => fail(''));
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

/** Signs in, and fails with a sentence if that is refused. */
async function signIn(username: string, password: string, hint: string): Promise<Call> {
  const { status, body } = await caller()('POST', '/auth/login', { username, password });
  if (status === 200) return caller(body.token);
  return fail(`${username} could not sign in: ${body.error} ${hint}`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

/**
 * Whether everything that this program makes is there already. Only an empty vault, or one that was seeded before, gets
 * accounts with a known password: any other one is refused.
 */
async function isSeeded(admin: Call): Promise<boolean> {
  const users = (await admin('GET', '/users')).body.users ?? [];
  const keys = (await admin('GET', '/keys')).body.keys ?? [];
  const made = (await admin('GET', '/projects')).body.projects ?? [];
  const found = [
    ...users.map(({ username }) => username),
    ...keys.map(({ key_name }) => key_name),
    ...made.map(({ name }) => name),
  ];
  const known = new Set([...wanted, ...firstAccounts, ...deleted.map(({ name }) => name)]);
  const others = [...found, ...(await trashed(admin))].filter((name) => !known.has(name));
  if (others.length > 0) {
    const more = others.length > 3 ? ` and ${others.length - 3} more` : '';
    fail(
      `This vault is in use: it holds ${others.slice(0, 3).join(', ')}${more}. Nothing was changed. Seed an empty vault; PORT, KEYSTORE_DATA and KEYSTORE_ENV start one beside it.`,
    );
  }
  return wanted.every((name) => found.includes(name));
}

/** The names of the keys in the trash. */
async function trashed(admin: Call): Promise<string[]> {
  return ((await admin('GET', '/trash')).body.keys ?? []).map(({ key_name }) => key_name);
}

let done = 0;

/** Counts what is there. */
function count(more: number): void {
  done += more;
  if (process.stdout.isTTY || done === total) process.stdout.write(`\r${done} of ${total} users, projects and keys`);
}

/** Asks for one user, project or key. 409 means that an earlier run made it. */
async function make(call: Call, path: string, body: object): Promise<void> {
  const { status, body: answer } = await call('POST', path, body);
  if (status !== 201 && status !== 409) fail(`POST ${path} answered ${status}: ${answer.error}`);
  count(1);
}

async function makeTeam(admin: Call): Promise<Map<string, Call>> {
  const calls = new Map<string, Call>();
  for (const [name, keys] of Object.entries(team)) {
    const role = name === teamAdmin ? 'admin' : 'user';
    await make(admin, '/users', { username: name, password: teamPassword, role });
    const hint = 'An earlier run made this account, and its password is another one now.';
    const call = await signIn(name, teamPassword, hint);
    calls.set(name, call);
    for (const [key_name, given] of Object.entries(keys)) await make(call, '/keys', bodyOf(key_name, given));
  }
  return calls;
}

/** What everybody shares. The keys for development come in by an import, the others one by one. */
async function makeProjects(calls: Map<string, Call>): Promise<void> {
  for (const [name, { description, manager, members, editor, keys }] of Object.entries(projects)) {
    const asManager = callOf(calls, manager);
    await make(asManager, '/projects', { name, description });
    for (const [user, role] of Object.entries(members)) {
      await ask(asManager, 'PUT', `/projects/${name}/members/${user}`, { role });
    }
    const asEditor = callOf(calls, editor);
    const imported = Object.entries(keys).filter(([key]) => key.startsWith('dev/'));
    for (const [key, given] of Object.entries(keys).filter((each) => !imported.includes(each))) {
      await make(asEditor, '/keys', bodyOf(`${name}/${key}`, given));
    }
    if (imported.length === 0) continue;
    const entries = imported.map(([key, given]) => ({ ...bodyOf(`${name}/${key}`, given), key_name: key }));
    await ask(asEditor, 'POST', '/keys/import', { prefix: `${name}/`, entries, on_conflict: 'skip' });
    for (const [key, given] of imported) {
      const { labels } = bodyOf(key, given);
      await ask(asEditor, 'PUT', pathOf(`${name}/${key}`), { labels });
    }
    count(imported.length);
  }
}

/** What was deleted, and values that were replaced: one of them was put back, one is gone for good. */
async function makePast(admin: Call, calls: Map<string, Call>): Promise<void> {
  const inTrash = await trashed(admin);
  for (const { by, name, description } of deleted) {
    if (inTrash.includes(name)) count(1);
    else {
      await make(callOf(calls, by), '/keys', bodyOf(name, description));
      await ask(callOf(calls, by), 'DELETE', pathOf(name));
    }
  }
  process.stdout.write('\n');
  const luca = callOf(calls, 'luca');
  const stripe = pathOf('shop/prod/STRIPE_SECRET_KEY');
  for (const api_key of ['example-rotated', 'example-mistyped']) await ask(luca, 'PUT', stripe, { api_key });
  await ask(luca, 'POST', `${stripe}/restore`, { version: 2 });
  // An earlier run may have done it.
  await callOf(calls, 'jonas')('DELETE', `${stripe}/versions/3`);
  await ask(callOf(calls, 'yuki'), 'PUT', pathOf('platform/prod/GRAFANA_TOKEN'), {
    api_key: exampleValue('platform/prod/GRAFANA_TOKEN, the second'),
  });
}

function pathOf(key: string): string {
  return `/keys/${encodeURIComponent(key)}`;
}

function callOf(calls: Map<string, Call>, name: string): Call {
  return calls.get(name) ?? fail(`${name} is not in the team.`);
}

/** Asks for what must succeed. */
async function ask(call: Call, method: string, path: string, body?: object): Promise<void> {
  const { status, body: answer } = await call(method, path, body);
  if (status >= 300) fail(`${method} ${path} answered ${status}: ${answer.error}`);
}

/** What a team does in a morning: reads, a rotation, refusals, a mistyped password, somebody who leaves. */
async function makeHistory(admin: Call, calls: Map<string, Call>): Promise<void> {
  const as = (name: string) => callOf(calls, name);
  for (const [name, keys] of Object.entries(team)) {
    for (const key of Object.keys(keys)) await as(name)('GET', pathOf(key));
  }
  await as('luca')('POST', '/keys/values', { prefix: 'shop/prod/' });
  await as('yuki')('GET', pathOf('shop/prod/DATABASE_URL'));
  await as('amara')('PUT', pathOf('shop/prod/DATABASE_URL'), { description: 'a viewer changes nothing' });
  await as('intern')('GET', '/keys/STRIPE_SECRET_KEY');
  await as('intern')('GET', '/users');
  await as('jonas')('PUT', '/keys/STRIPE_SECRET_KEY', { api_key: 'example-stripe-secret-key-rotated' });
  await as('luca')('POST', '/keys', { key_name: 'STRIPE_SECRET_KEY', api_key: 'example' });
  await as(teamAdmin)('GET', '/keys/STRIPE_SECRET_KEY');
  await as(teamAdmin)('GET', '/logs?action=view_key');
  await caller()('POST', '/auth/login', { username: 'yuki', password: 'exmaple team password' });
  await as('tomas')('POST', '/auth/logout');
  const { users = [] } = (await admin('GET', '/users')).body;
  const intern = users.find(({ username }) => username === 'intern');
  if (intern) await as(teamAdmin)('PUT', `/users/${intern.id}`, { is_active: false });
}

const admin = await signInAsAdmin();
if (await isSeeded(admin)) {
  console.log('Nothing to do: this vault has been seeded already.');
} else {
  const calls = await makeTeam(admin);
  await makeProjects(calls);
  await makePast(admin, calls);
  await makeHistory(admin, calls);
  console.log(
    `Done. Everybody in the team has the password "${teamPassword}"; ${teamAdmin} is an admin. Never use this vault for real keys.`,
  );
}
