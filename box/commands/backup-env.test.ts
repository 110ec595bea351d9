/** The env file in a backup: for every env file that a vault accepts, a restore accepts the one that the backup holds. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openValue, sealValue } from '../../core/crypto/keyring.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { parseEnvFile } from '../../core/settings/env-file.ts';
import { formatSetting } from '../../core/settings/env-format.ts';
import { newEnvFile } from '../../core/settings/new-keys.ts';
import { readWorkerVariables, type Variables } from '../../core/settings/settings.ts';
import { type Home, homeIn, makeHome, project, runOn, staging } from '../../testing/disk-vaults.ts';
import { checkFile, proveValueOpens, readKeyring } from '../data/check-database.ts';
import { copyDatabase } from '../data/copy-database.ts';
import { openSettings } from '../settings.ts';
import { envForBackup } from './backup.ts';

let base: string;
let home: Home;
let keys: { SECRET_KEY: string; ENCRYPTION_KEY: string };
/** A copy of the vault's database. */
let backup: string;
let count = 0;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'backup env '));
  home = await makeHome(join(base, 'home'), { first: 'one' });
  keys = parseEnvFile(readFileSync(home.envFile, 'utf8'), '.env') as typeof keys;
  backup = join(base, 'backup.db');
  await copyDatabase(home.files.file, backup);
});

afterAll(() => rmSync(base, { recursive: true, force: true }));

function freshFolder(): string {
  const folder = join(base, `folder ${++count}`);
  mkdirSync(folder);
  return folder;
}

/** The settings that a vault has with an env file and an environment. */
function settingsOf(envFile: string, env: Variables = {}): Record<string, string> {
  return readWorkerVariables(openSettings(project, { ...env, KEYSTORE_ENV: envFile }).lookup);
}

/** Backs an env file up, and removes all but the backup: it is all that another machine has. */
function backUpEnv(folder: string, env: Variables = {}): string {
  const envFile = join(folder, '.env');
  const { lookup } = openSettings(project, { ...env, KEYSTORE_ENV: envFile });
  const content = envForBackup({ project, envFile, lookup });
  rmSync(folder, { recursive: true });
  const file = join(base, `.env_backup_${++count}.txt`);
  writeFileSync(file, content);
  return file;
}

/** One way to write a setting down: the text of its lines, files beside it, or the environment. */
type Notation = (name: string, value: string, at: { folder: string; env: Record<string, string> }) => string;

const before = ['', 'export ', 'export\t', ' \texport  '];
const around = ['', ' ', '\t'];
const after = ['', ' ', '\t# "comment" \'', ' #'];

/** Falls back to another notation for a value that these quotes cannot hold. */
function inQuotes(quote: string): Notation {
  return (name, value) => (value.includes(quote) ? formatSetting(name, value) : `${name}=${quote}${value}${quote}`);
}

function inFile(begin: string, end: string): Notation {
  return (name, value, { folder }) => {
    if (value.endsWith('\n')) return formatSetting(name, value);
    const file = join(folder, `it's ${name}`);
    writeFileSync(file, `${begin}${value}${end}`);
    return `${name}_FILE="${file}"`;
  };
}

const notations: Record<string, Notation> = {
  plain: (name, value) =>
    /^[\w+/=.,:@-][\w+/=.,:@ -]*\b$/.test(value) ? `${name}=${value}` : formatSetting(name, value),
  'double quotes': (name, value) => `${name}="${value.replace(/["\\$`]/g, '\\$&')}"`,
  'single quotes': inQuotes("'"),
  backquotes: inQuotes('`'),
  'as a backup writes it': formatSetting,
  'a file': inFile('', ''),
  'a file with a line end': inFile('', '\n'),
  'a file of Windows': inFile('\uFEFF', '\r\n\r\n'),
  'the environment': (name, value, { env }) => {
    env[name] = value;
    return '';
  },
};

function styled(text: string, [prefix, blanks, suffix]: [string, string, string]): string {
  return text === '' ? '' : `${prefix}${text.replace('=', `${blanks}=${blanks}`)}${suffix}`;
}

const style = fc.tuple(fc.constantFrom(...before), fc.constantFrom(...around), fc.constantFrom(...after));
const password = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
    fc.array(fc.constantFrom(...'a "\'`\\$#=\n\té€{}'), { minLength: 1, maxLength: 8 }).map((parts) => parts.join('')),
  )
  // Passwords of several lines are refused in files, and are not what this test is about.
  .filter((value) => !value.includes('\uFFFD'));

/** An env file with both keys, some other settings, and lines of other programs. */
const envFiles = fc.record({
  values: fc.record({
    ADMIN_PASSWORD: fc.option(password, { nil: undefined }),
    JWT_EXPIRY_HOURS: fc.constantFrom(undefined, '12', '0.5'),
    CORS_ORIGINS: fc.constantFrom(undefined, 'https://a.example, https://b.example:8443'),
    RETIRED_ENCRYPTION_KEYS: fc.constantFrom(undefined, 1, 2),
  }),
  forms: fc.array(fc.tuple(fc.constantFrom(...Object.keys(notations)), style), { minLength: 6, maxLength: 6 }),
  others: fc.array(
    fc.constantFrom('', '# comment', '\t# it\'s "', 'OTHER="two\nlines"', "COLOR=#fff it's", 'A=', 'B', 'A=`x`'),
    { maxLength: 3 },
  ),
  lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  mark: fc.constantFrom('', '\uFEFF'),
  hasLastLineEnd: fc.boolean(),
});
type EnvFileForm = typeof envFiles extends fc.Arbitrary<infer Form> ? Form : never;

/** Writes it into a new folder. Returns that with the environment, and the settings as they were meant. */
function writeForm({ values, forms, others, lineEnd, mark, hasLastLineEnd }: EnvFileForm) {
  const folder = freshFolder();
  const env: Record<string, string> = {};
  const retired = Array.from({ length: values.RETIRED_ENCRYPTION_KEYS ?? 0 }, () => newKey()).join(', ');
  const meant = Object.fromEntries(
    Object.entries({ ...keys, ...values, RETIRED_ENCRYPTION_KEYS: retired || undefined }).filter(([, value]) => value),
  ) as Record<string, string>;
  const lines = Object.entries(meant).map(([name, value], index) => {
    const [notation, look] = forms[index] ?? ['plain', ['', '', '']];
    return styled((notations[notation] as Notation)(name, value, { folder, env }), look);
  });
  const text = [...lines, ...others].join('\n') + (hasLastLineEnd ? '\n' : '');
  writeFileSync(join(folder, '.env'), mark + text.replaceAll('\n', lineEnd));
  return { folder, env, meant };
}

function newKey(): string {
  return parseEnvFile(newEnvFile(), '').ENCRYPTION_KEY ?? '';
}

/** The settings that the vault takes from a form; undefined if it refuses it in words. */
function takenFrom({ folder, env }: ReturnType<typeof writeForm>): Record<string, string> | undefined {
  try {
    return settingsOf(join(folder, '.env'), env);
  } catch (error) {
    expect(error).toBeInstanceOf(OperatorError);
    return undefined;
  }
}

describe('the env file of a backup', () => {
  test('has the same settings and opens the same values, for every env file that a vault accepts', () => {
    let taken = 0;
    fc.assert(
      fc.property(envFiles, (form) => {
        const written = writeForm(form);
        const settings = takenFrom(written);
        if (settings === undefined) return;
        taken++;
        expect(settings).toEqual(written.meant);
        const sealed = sealValue(
          readKeyring((name) => settings[name]),
          'name',
          'value',
        );
        const file = backUpEnv(written.folder, written.env);
        const inBackup = settingsOf(file);
        for (const name of Object.keys(written.env)) {
          // The keys are in the backup, wherever they come from; the rest of the environment is that of the machine.
          if (/_KEYS?$/.test(name)) continue;
          delete settings[name];
        }
        expect(inBackup).toEqual(settings);
        expect(
          openValue(
            readKeyring((name) => inBackup[name]),
            'name',
            sealed,
          ),
        ).toBe('value');
      }),
      { numRuns: 400 },
    );
    // Otherwise the test would hold for a vault that refuses everything.
    expect(taken).toBeGreaterThan(100);
  });

  test('is accepted by a restore, after which the values open, for every env file that a vault accepts', () => {
    fc.assert(
      fc.property(envFiles, (form) => {
        const written = writeForm(form);
        const settings = takenFrom(written);
        if (settings === undefined) return;
        const file = backUpEnv(written.folder, written.env);
        const restored = homeIn(freshFolder());
        const { command, input } = staging(backup, file);
        const staged = runOn(restored, command, { input });
        expect([staged.code, staged.output]).toEqual([0, expect.stringContaining('The backup is intact')]);
        const next = runOn(restored, ['restore.ts', 'next', 'confirmed']);
        expect([next.code, next.output]).toEqual([0, expect.stringContaining('{"next":"start"}')]);
        expect(settingsOf(restored.envFile)).toEqual(settingsOf(file));
        const { lookup } = openSettings(project, { KEYSTORE_ENV: restored.envFile });
        expect(proveValueOpens(restored.files.file, readKeyring(lookup))).toContain('A value opens');
      }),
      { numRuns: 12 },
    );
  });

  test('is the file in use, byte for byte, if that has all there is', () => {
    const folder = freshFolder();
    const text = Buffer.concat([Buffer.from(`${newEnvFile()}\uFEFF`.slice(0, -1)), Buffer.from([0x23, 0xe4, 0x0d])]);
    writeFileSync(join(folder, '.env'), text);
    expect(readFileSync(backUpEnv(folder))).toEqual(text);
  });

  test('has the keys of files that it names by relative paths, links and several lines', () => {
    const folder = freshFolder();
    writeFileSync(join(folder, 'secret'), `${keys.ENCRYPTION_KEY}\n`);
    symlinkSync(join(folder, 'secret'), join(folder, 'link'));
    const relative = join('..', '..', '..', folder, 'link');
    writeFileSync(
      join(folder, '.env'),
      `# mine\nexport\tENCRYPTION_KEY_FILE = "${relative}" # old\nSECRET_KEY="old\nlines"\nSECRET_KEY='${keys.SECRET_KEY}'\nOTHER="\n#1"\n`,
    );
    writeFileSync(join(folder, 'retired'), newKey());
    const env = { RETIRED_ENCRYPTION_KEYS_FILE: join(folder, 'retired') };
    const before = settingsOf(join(folder, '.env'), env);
    const file = backUpEnv(folder, env);
    expect(settingsOf(file)).toEqual(before);
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^# mine\nSECRET_KEY="old\nlines"\n/);
    expect(text).not.toContain('_FILE');
  });

  test('leaves a setting empty whose file only the vault can read, but is refused without a key', () => {
    const folder = freshFolder();
    const text = `${readFileSync(home.envFile, 'utf8')}ADMIN_PASSWORD_FILE=/nowhere/password\n`;
    writeFileSync(join(folder, '.env'), text);
    expect(settingsOf(backUpEnv(folder))).toEqual({ ...keys, ADMIN_PASSWORD: '' });
    const other = freshFolder();
    writeFileSync(join(other, '.env'), `SECRET_KEY=${keys.SECRET_KEY}\nENCRYPTION_KEY_FILE=/nowhere/key\n`);
    expect(() => backUpEnv(other)).toThrow('ENCRYPTION_KEY_FILE names /nowhere/key, which cannot be read.');
  });
});

test('a vault whose first start did not succeed is refused with the true reason', () => {
  const unused = join(base, 'unused.db');
  copyFileSync(backup, unused);
  const database = new DatabaseSync(unused);
  database.exec(`DROP TRIGGER IF EXISTS no_delete; DELETE FROM secret_versions; DELETE FROM secrets; DELETE FROM users;
    DELETE FROM instance`);
  database.close();
  const { lookup } = openSettings(project, { KEYSTORE_ENV: home.envFile });
  expect(() => checkFile(unused, { files: home.files, lookup, print: () => {} })).toThrow(
    'because its first start did not succeed: there is nothing to back up or to restore',
  );
});
