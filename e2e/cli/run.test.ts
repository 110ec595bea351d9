/** `keystore run` with real commands: their environment, output, signals, files and ends. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Cli, endOf, node, openCli } from '../../testing/cli.ts';
import { ask, type RunningVault, signIn, startVault } from '../../testing/vault.ts';

const password = 'correct horse battery';
const values: Record<string, string> = {
  PEM: '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n',
  SYNTAX: `$(touch hacked) \`id\` "double" 'single' \\ %s`,
  CRLF: 'line one\r\nline two\r\n',
  EMOJI: '🔑 é 👨‍👩‍👧',
  NEWLINES: '\n\n',
  LONG: 'x'.repeat(65_536),
};

let vault: RunningVault;
let token: string;
let cli: Cli;

beforeAll(async () => {
  vault = await startVault({ env: { ADMIN_PASSWORD: password } });
  token = await signIn(vault.url, 'admin', password);
  await store('app/prod/', values);
});
afterAll(() => vault?.dispose());

beforeEach(() => {
  cli = openCli(vault.url, token);
  onTestFinished(() => cli.dispose());
});

async function store(prefix: string, entries: Record<string, string>): Promise<void> {
  const body = {
    prefix,
    on_conflict: 'update',
    entries: Object.entries(entries).map(([name, value]) => ({ key_name: name, api_key: value })),
  };
  expect((await ask(vault.url, 'POST', '/keys/import', { token, body })).status).toBe(200);
}

/** The environment that a command gets. */
async function environmentOf(args: string[], env: Record<string, string> = {}): Promise<Record<string, string>> {
  const { stdout, stderr, code } = await cli.run(['run', ...args, '--no-mask', '--', 'env', '-0'], { env });
  if (code !== 0) throw new Error(stderr);
  const lines = stdout.split('\0').filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** Waits for a text in a command's output. */
async function untilSaid(child: ChildProcess, text: string): Promise<void> {
  let said = '';
  child.stdout?.on('data', (chunk) => {
    said += String(chunk);
  });
  await expect.poll(() => said).toContain(text);
}

describe('the environment', () => {
  test('has every value byte for byte, and not the token', async () => {
    const env = await environmentOf(['app/prod']);
    for (const [name, value] of Object.entries(values)) expect.soft(env[name], name).toBe(value);
    expect(env).not.toHaveProperty('KEYSTORE_TOKEN');
    expect(env).toHaveProperty('HOME', cli.folder);
    expect(await environmentOf(['app/prod', '--pass-token'])).toHaveProperty('KEYSTORE_TOKEN', token);
  });

  test('has nothing else with --no-inherit-env, but what --keep names', async () => {
    expect(Object.keys(await environmentOf(['app/prod', '--no-inherit-env'])).toSorted()).toEqual(
      Object.keys(values).toSorted(),
    );
    const env = await environmentOf(['app/prod', '--no-inherit-env', '--keep', 'HOME', '--only', 'EMOJI']);
    expect(env).toEqual({ HOME: cli.folder, EMOJI: values.EMOJI });
  });

  test('--map, --only, --except and --prefix', async () => {
    const own = (args: string[]) => environmentOf([...args, '--no-inherit-env']);
    expect(await own(['app/prod', '--only', 'EMOJI,PEM', '--prefix', 'APP_', '--map', 'PEM=TLS_KEY'])).toEqual({
      APP_EMOJI: values.EMOJI,
      TLS_KEY: values.PEM,
    });
    expect(Object.keys(await own(['app/prod', '--except', 'app/prod/PEM', '--except', 'SYNTAX,LONG,CRLF']))).toEqual([
      'EMOJI',
      'NEWLINES',
    ]);
    expect((await cli.run(['run', 'app/prod', '--only', 'NO_SUCH', '--', 'true'])).stderr).toContain('NO_SUCH');
  });

  test('of several folders the later one counts, and a single key can be named', async () => {
    await store('layers/', { 'base/A': 'base', 'base/B': 'base', 'over/B': 'over' });
    expect(await environmentOf(['layers/base', 'layers/over', 'app/prod/EMOJI', '--no-inherit-env'])).toEqual({
      A: 'base',
      B: 'over',
      EMOJI: values.EMOJI,
    });
  });

  test('two keys for one variable are refused, with both names', async () => {
    await store('twice/', { 'a/KEY': '1', 'b/KEY': '2' });
    const { code, stderr } = await cli.run(['run', 'twice', '--', 'true']);
    expect([code, stderr]).toEqual([125, expect.stringContaining('twice/a/KEY and twice/b/KEY')]);
  });

  test.each([
    'LD_PRELOAD',
    'NODE_OPTIONS',
    'PATH',
    'BASH_ENV',
    'DYLD_INSERT_LIBRARIES',
    'GIT_SSH_COMMAND',
    'PYTHONPATH',
    'https_proxy',
    'KEYSTORE_URL',
  ])('%s is refused unless it is asked for', async (name) => {
    await store(`refused/${name}/`, { [name]: '/nowhere' });
    const { code, stderr } = await cli.run(['run', `refused/${name}`, '--', 'touch', 'ran']);
    expect([code, stderr, existsSync(join(cli.folder, 'ran'))]).toEqual([
      125,
      expect.stringContaining(`--allow ${name}`),
      false,
    ]);
    const env = await environmentOf([`refused/${name}`, '--allow', name, '--map', `${name}=${name}`], {
      PATH: cli.env.PATH ?? '',
    });
    expect(env[name]).toBe('/nowhere');
  });

  test('a name that can be no variable is refused until it is mapped', async () => {
    await store('names/', { 'db-password': 'x' });
    expect((await cli.run(['run', 'names', '--', 'true'])).stderr).toContain("--map 'names/db-password=NAME'");
    expect(await environmentOf(['names', '--map', 'db-password=DB', '--no-inherit-env'])).toEqual({ DB: 'x' });
  });
});

describe('how it ends', () => {
  const codeOf = async (...command: string[]) => (await cli.run(['run', 'app/prod/EMOJI', '--', ...command])).code;

  test("with the command's exit code, and 128 and the signal", async () => {
    expect(await codeOf('true')).toBe(0);
    expect(await codeOf('sh', '-c', 'exit 42')).toBe(42);
    expect(await codeOf('sh', '-c', 'kill -KILL $$')).toBe(137);
    expect(await codeOf('sh', '-c', 'kill -TERM $$')).toBe(143);
  });

  test('126 and 127 for what cannot be run, 125 if it was not tried', async () => {
    const file = join(cli.folder, 'plain');
    writeFileSync(file, 'x');
    expect(await codeOf('no-such-command-here')).toBe(127);
    expect(await codeOf(file)).toBe(126);
    expect((await cli.run(['run', 'no-such-folder', '--', 'true'])).code).toBe(125);
    expect((await cli.run(['run', 'app/prod'])).code).toBe(125);
    expect((await cli.run(['run', 'app/prod', '--', 'touch', 'ran'], { env: { KEYSTORE_TOKEN: 'x' } })).code).toBe(125);
    expect(existsSync(join(cli.folder, 'ran'))).toBe(false);
  });

  test.each(['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGQUIT'] as const)(
    '%s is passed on where there is no terminal',
    async (signal) => {
      const script = `process.on('${signal}', () => { console.log('got it'); process.exit(9) }); console.log('ready'); setInterval(() => {}, 1e6)`;
      const child = cli.start(['run', 'app/prod/EMOJI', '--', node, '-e', script]);
      const ended = endOf(child);
      await untilSaid(child, 'ready');
      child.kill(signal);
      expect(await ended).toMatchObject({ code: 9, stdout: 'ready\ngot it\n' });
    },
  );

  test('a signal that ends the command gives 128 and its number', async () => {
    const child = cli.start(['run', 'app/prod/EMOJI', '--', 'sh', '-c', 'echo ready; exec sleep 60']);
    const ended = endOf(child);
    await untilSaid(child, 'ready');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(143);
  });

  test('arguments and standard input reach the command as they are', async () => {
    const args = ['a b', '--json', '-h', "it's", '$(id)', ''];
    const script =
      'process.stdin.pipe(process.stdout); process.stdin.on("end", () => console.log(JSON.stringify(process.argv.slice(1))))';
    const { stdout } = await cli.run(['run', 'app/prod/EMOJI', '--', node, '-e', script, '--', ...args], {
      input: 'input',
    });
    expect(stdout).toBe(`input${JSON.stringify(args)}\n`);
  });
});

describe('masking', () => {
  test('hides values in both streams where there is no terminal, also in pieces that come one after another', async () => {
    await store('masked/', { SECRET: 'a-secret-value' });
    const script = `for (const out of [process.stdout, process.stderr]) {
      out.write('<a-sec'); setTimeout(() => out.write('ret-val'), 300); setTimeout(() => out.write('ue> \\u001B[31mred\\u001B[0m a-sec'), 600);
    }`;
    const { stdout, stderr } = await cli.run(['run', 'masked', '--', node, '-e', script]);
    expect([stdout, stderr]).toEqual(['<***> \u001B[31mred\u001B[0m a-sec', '<***> \u001B[31mred\u001B[0m a-sec']);
    expect((await cli.run(['run', 'masked', '--no-mask', '--', 'printenv', 'SECRET'])).stdout).toBe('a-secret-value\n');
  });

  test('a value of 64 KiB and one of many lines', async () => {
    const { stdout } = await cli.run(['run', 'app/prod', '--', 'printenv', 'LONG', 'PEM', 'SYNTAX']);
    expect(stdout).toBe('***\n***\n***\n');
  });

  test('megabytes of other output pass unchanged', async () => {
    const script = `const line = 'no value here, '.repeat(1e3); for (let i = 0; i < 500; i++) process.stdout.write(line)`;
    const { bytes } = await cli.run(['run', 'app/prod', '--', node, '-e', script]);
    expect(bytes.equals(Buffer.from('no value here, '.repeat(500_000)))).toBe(true);
  });

  /** Runs it on a terminal of its own. Returns what the terminal shows. */
  const onTerminal = (args: string[]) => {
    const line = [node, join(cli.folder, 'bin/keystore'), 'run', 'app/prod/EMOJI', ...args]
      .map((word) => `'${word}'`)
      .join(' ');
    return spawnSync('script', ['-qec', line, '/dev/null'], { env: { ...cli.env, TERM: 'xterm' }, encoding: 'utf8' });
  };

  test('leaves a terminal to the command, unless --mask is given', () => {
    const tty = [
      '--',
      node,
      '-e',
      'console.log(JSON.stringify([process.stdin, process.stdout, process.stderr].map((of) => of.isTTY ?? false)), process.env.EMOJI)',
    ];
    expect(onTerminal(tty).stdout.trim()).toBe(`[true,true,true] ${values.EMOJI}`);
    expect(onTerminal(['--mask', ...tty]).stdout.trim()).toBe('[true,false,false] ***');
  });

  test('Ctrl-C on a terminal reaches the command once, and its exit code counts', async () => {
    const script = `let count = 0; process.on('SIGINT', () => { count++; setTimeout(() => { console.log('count ' + count); process.exit(5) }, 500) }); console.log('ready'); setInterval(() => {}, 1e6)`;
    const file = join(cli.folder, 'command.mjs');
    writeFileSync(file, script);
    const line = `exec '${node}' '${join(cli.folder, 'bin/keystore')}' run app/prod/EMOJI -- '${node}' '${file}'`;
    const child = spawn('script', ['-qec', line, '/dev/null'], { env: { ...cli.env, TERM: 'xterm' }, stdio: 'pipe' });
    const ended = endOf(child);
    await untilSaid(child, 'ready');
    child.stdin.write('\u0003');
    expect(await ended).toMatchObject({ code: 5, stdout: expect.stringContaining('count 1') });
  });
});

describe('files', () => {
  const show =
    'printf "%s\\n" "$KEYSTORE_FILES" "$PEM_FILE"; stat -c %a "$PEM_FILE" "$KEYSTORE_FILES"; stat -f -c %T "$PEM_FILE"; cat "$PEM_FILE" >copy; env >environment';

  test('are in a private folder in memory that is gone afterwards, and not in the environment', async () => {
    const stdout = await cli.ok([
      'run',
      'app/prod',
      '--file',
      'PEM=tls/key.pem',
      '--except',
      'LONG',
      '--no-mask',
      '--',
      'sh',
      '-c',
      show,
    ]);
    const [folder = '', path = '', ...modes] = stdout.trim().split('\n');
    expect([path, modes]).toEqual([`${folder}/tls/key.pem`, ['600', '700', 'tmpfs']]);
    expect(readFileSync(join(cli.folder, 'copy'), 'utf8')).toBe(values.PEM);
    expect(readFileSync(join(cli.folder, 'environment'), 'utf8')).not.toContain('BEGIN PRIVATE KEY');
    expect(existsSync(folder)).toBe(false);
  });

  test('an absolute path is a link into that folder, and is gone as well', async () => {
    const path = join(cli.folder, 'key.pem');
    const script = `stat -c %F "${path}"; stat -f -L -c %T "${path}"; cat "${path}" >copy`;
    const args = ['run', 'app/prod/PEM', '--file', `PEM=${path}`, '--no-mask', '--', 'sh', '-c', script];
    expect(await cli.ok(args)).toBe('symbolic link\ntmpfs\n');
    expect([readFileSync(join(cli.folder, 'copy'), 'utf8'), existsSync(path)]).toEqual([values.PEM, false]);
    writeFileSync(path, 'mine');
    expect((await cli.run(args)).code).toBe(125);
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  test.each(['../outside', '/proc/no/such/place', '.'])('%s is refused, and nothing is left', async (path) => {
    const { code } = await cli.run(['run', 'app/prod/PEM', '--file', `PEM=${path}`, '--', 'touch', 'ran']);
    expect([code, existsSync(join(cli.folder, 'ran'))]).toEqual([125, false]);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('are gone after %s', async (signal) => {
    const child = cli.start([
      'run',
      'app/prod/PEM',
      '--file',
      'PEM=key',
      '--no-mask',
      '--',
      'sh',
      '-c',
      'echo "$KEYSTORE_FILES" >folder; echo ready; exec sleep 30',
    ]);
    const ended = endOf(child);
    await untilSaid(child, 'ready');
    const folder = readFileSync(join(cli.folder, 'folder'), 'utf8').trim();
    expect(statSync(folder).isDirectory()).toBe(true);
    // With SIGKILL the command goes on, as it does under any parent.
    child.kill(signal);
    await expect.poll(() => existsSync(folder)).toBe(false);
    if (signal === 'SIGKILL') process.kill(-(child.pid ?? 0), 'SIGKILL');
    await ended;
  });

  test('a key with a NUL byte can be a file, and no variable', async () => {
    await store('nul/', { KEY: 'a\0b' });
    expect((await cli.run(['run', 'nul', '--', 'true'])).stderr).toContain('--file');
    await cli.ok(['run', 'nul', '--file', 'KEY=key', '--', 'sh', '-c', 'cat "$KEY_FILE" >copy']);
    expect(readFileSync(join(cli.folder, 'copy'), 'utf8')).toBe('a\0b');
  });
});

test('--watch starts the command again when a value changes, and lets it end by itself', async () => {
  await store('watched/', { VALUE: 'first', STOP: 'no' });
  const script =
    'trap "echo stopped; exit 0" TERM; echo "value $VALUE"; [ "$STOP" = yes ] && exit 6; while :; do sleep 0.1; done';
  const child = cli.start(['run', 'watched', '--watch', '--interval', '1', '--no-mask', '--', 'sh', '-c', script]);
  const ended = endOf(child);
  await untilSaid(child, 'value first');
  await store('watched/', { VALUE: 'second' });
  await untilSaid(child, 'value second');
  await store('watched/', { VALUE: 'third', STOP: 'yes' });
  expect(await ended).toMatchObject({
    code: 6,
    stdout: 'value first\nstopped\nvalue second\nstopped\nvalue third\n',
    stderr: expect.stringContaining('Starting the command again'),
  });
});
