/**
 * `npm run seed`: fills a running vault with a believable team, over its API: people with roles, keys with clearly fake
 * values, and a log in which some requests were refused. For trying things out, never for a vault with real keys: the
 * accounts have a password that everybody knows. It can run again; what is there already is left as it is.
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

const teamPassword = 'example team password';

/** Each person, with the names of their keys and the descriptions of those. */
const team: Record<string, Record<string, string>> = {
  mira: {
    CLOUDFLARE_API_TOKEN: 'DNS and deployments, zone example.com',
    GITHUB_ORG_TOKEN: 'read-only, for the release notes',
    TERRAFORM_CLOUD_TOKEN: 'plans and applies for production',
  },
  jonas: {
    STRIPE_SECRET_KEY: 'payments, live mode. Rotate every quarter',
    STRIPE_WEBHOOK_SECRET: 'signs what Stripe sends to /hooks/stripe',
    'shop/staging/DATABASE_URL': 'PostgreSQL of the staging shop',
    'shop/prod/DATABASE_URL': 'PostgreSQL of the shop',
  },
  amara: {
    OPENAI_API_KEY: 'summaries in the support inbox, limited to 50 USD a month',
    ANTHROPIC_API_KEY: 'evaluation, expires in June',
    HUGGINGFACE_TOKEN: 'downloads of models in CI',
  },
  luca: {
    SENDGRID_API_KEY: 'receipts and password resets',
    TWILIO_AUTH_TOKEN: 'text messages on call',
    SLACK_BOT_TOKEN: 'the bot in #deployments',
    SENTRY_AUTH_TOKEN: 'uploads of source maps',
  },
  yuki: { DATADOG_API_KEY: 'metrics of every server', PAGERDUTY_ROUTING_KEY: '' },
  tomas: { AWS_ACCESS_KEY_ID: 'backup bucket', AWS_SECRET_ACCESS_KEY: 'backup bucket' },
  intern: {},
};

const teamAdmin = 'mira';

/** The names of all users and keys that this program makes. */
const wanted = Object.entries(team).flatMap(([name, keys]) => [name, ...Object.keys(keys)]);

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
  const found = [...users.map(({ username }) => username), ...keys.map(({ key_name }) => key_name)];
  const others = found.filter((name) => !wanted.includes(name) && !firstAccounts.includes(name));
  if (others.length > 0) {
    const more = others.length > 3 ? ` and ${others.length - 3} more` : '';
    fail(
      `This vault is in use: it holds ${others.slice(0, 3).join(', ')}${more}. Nothing was changed. Seed an empty vault; PORT, KEYSTORE_DATA and KEYSTORE_ENV start one beside it.`,
    );
  }
  return wanted.every((name) => found.includes(name));
}

let done = 0;

/** Asks for one user or key, and counts it. 409 means that an earlier run made it. */
async function make(call: Call, path: string, body: object): Promise<void> {
  const { status, body: answer } = await call('POST', path, body);
  if (status !== 201 && status !== 409) fail(`POST ${path} answered ${status}: ${answer.error}`);
  done++;
  if (process.stdout.isTTY || done === wanted.length)
    process.stdout.write(`\r${done} of ${wanted.length} users and keys`);
}

async function makeTeam(admin: Call): Promise<Map<string, Call>> {
  const calls = new Map<string, Call>();
  for (const [name, keys] of Object.entries(team)) {
    const role = name === teamAdmin ? 'admin' : 'user';
    await make(admin, '/users', { username: name, password: teamPassword, role });
    const hint = 'An earlier run made this account, and its password is another one now.';
    const call = await signIn(name, teamPassword, hint);
    calls.set(name, call);
    for (const [key_name, description] of Object.entries(keys)) {
      const api_key = `example-${key_name.toLowerCase().replace(/[^a-z]+/g, '-')}-not-a-real-value`;
      await make(call, '/keys', { key_name, api_key, description });
    }
  }
  process.stdout.write('\n');
  return calls;
}

/** What a team does in a morning: reads, a rotation, refusals, a mistyped password, somebody who leaves. */
async function makeHistory(admin: Call, calls: Map<string, Call>): Promise<void> {
  const as = (name: string) => calls.get(name) ?? admin;
  for (const [name, keys] of Object.entries(team)) {
    for (const key of Object.keys(keys)) await as(name)('GET', `/keys/${encodeURIComponent(key)}`);
  }
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
  await makeHistory(admin, await makeTeam(admin));
  console.log(
    `Done. Everybody in the team has the password "${teamPassword}"; ${teamAdmin} is an admin. Never use this vault for real keys.`,
  );
}
