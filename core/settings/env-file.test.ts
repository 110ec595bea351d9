import { describe, expect, test } from 'vitest';
import { maxEnvFileBytes } from '../limits.ts';
import { OperatorError } from '../operator-error.ts';
import { parseEnvFile, readEnvFile } from './env-file.ts';
import { envFileVectors } from './env-file.vectors.ts';

describe('an env file with', () => {
  test.each(Object.entries(envFileVectors))('%s', (_, [text, meaning]) => {
    if ('refusedLine' in meaning) {
      expect(() => parseEnvFile(text, '.env')).toThrow(new RegExp(`^\\.env, line ${meaning.refusedLine}: `));
    } else {
      expect(parseEnvFile(text, '.env')).toEqual(meaning);
    }
  });
});

test('a refusal does not repeat a value, which may be a secret', () => {
  const texts = [
    ...[
      'hidden?',
      '?hidden',
      'A hidden=1',
      '=hidden',
      'A="hidden',
      'A="1"hidden',
      'PORT=hidden#1',
      'PORT=hidden\u00a0',
    ],
    ...['A=hidden\0', 'A=\uFFFDhidden', 'A=hidden\u2028', 'A=hidden ADMIN_PASSWORD=hidden', 'PORT=\u201chidden\u201d'],
  ];
  for (const text of texts) expect(() => parseEnvFile(text, '.env')).toThrow(/^(?!.*hidden).*line 1/);
});

describe('a name that a person takes for ADMIN_PASSWORD', () => {
  test.each([
    ...['admin_password', 'Admin_Password', 'ADMIN-PASSWORD', 'ADMIN.PASSWORD', 'adminPassword', 'ADMINPASSWORD'],
    ...['ADMIN__PASSWORD', '_ADMIN_PASSWORD', 'ADMIN_PASSWORD_', 'ADMIN_PASWORD', 'ADMIN_PASSWROD', 'ADMlN_PASSWORD'],
    ...['ADMIN_PASSWORDS', 'ADMN_PASSWORD', 'ADMIN_PASS', 'ADMIN_PW', 'ADMIN_PWD', 'ADMIN_PASSWD', 'ADMIN_PASSPHRASE'],
    ...[
      'KEYSTORE_ADMIN_PASSWORD',
      'ADMIN_PASSWORD_FILES',
      'ADMIN_PASSWORDFILE',
      'admin_password_file',
      'ADMIN_USER_PASSWORD',
    ],
  ])('%s is refused by its line, with and without "="', (name) => {
    const sentence = `.env, line 2: ${name} is not a setting. Did you mean ADMIN_PASSWORD?`;
    expect(() => parseEnvFile(`A=1\n${name}=x`, '.env')).toThrow(sentence);
    expect(() => parseEnvFile(`A=1\nexport\t${name} = "x"`, '.env')).toThrow(sentence);
    if (/^\w+$/.test(name)) expect(() => parseEnvFile(`A=1\n${name}`, '.env')).toThrow(sentence);
    expect(parseEnvFile(`#${name}=x\nADMIN_PASSWORD=1\n`, '.env')).toEqual({ ADMIN_PASSWORD: '1' });
  });

  test('is left alone beside the real one', () => {
    expect(parseEnvFile('ADMIN_PASS=1\nADMIN_PASSWORD_FILE=f', '.env')).toHaveProperty('ADMIN_PASS', '1');
  });

  test('is not the name of other programs', () => {
    const others = [
      ...['GF_SECURITY_ADMIN_PASSWORD', 'POSTGRES_PASSWORD', 'PGADMIN_DEFAULT_PASSWORD', 'ADMIN_USER', 'ADMIN_EMAIL'],
      ...['ADMIN_PASSWORD_HASH', 'DB_PASSWORD', 'PASSWORD', 'SECRET_KEY_BASE', 'APP_SECRET_KEY', 'KEYSTORE_UID'],
    ];
    for (const name of others) expect(parseEnvFile(`${name}=1`, '.env')).toEqual({ [name]: '1' });
  });
});

test('a name that a person takes for RETIRED_ENCRYPTION_KEYS is refused', () => {
  expect(() => parseEnvFile('RETIRED_ENCRYPTION_KEY=x', '.env')).toThrow('Did you mean RETIRED_ENCRYPTION_KEYS?');
});

test('UTF-16 is refused in words, with its mark and without it, in both byte orders', () => {
  const littleEndian = [...'A=1\nB=2'].flatMap((character) => [character.charCodeAt(0), 0]);
  const bigEndian = [...'A=1\nB=2'].flatMap((character) => [0, character.charCodeAt(0)]);
  for (const bytes of [littleEndian, bigEndian, [0xff, 0xfe, ...littleEndian], [0xfe, 0xff, ...bigEndian]]) {
    const text = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(new Uint8Array(bytes));
    expect(() => parseEnvFile(text, '.env')).toThrow(
      new OperatorError('.env is not UTF-8, but perhaps UTF-16. Save it as UTF-8 text.'),
    );
  }
});

test('a file of 1 MiB is read in linear time, whatever is in it, and a larger one is refused', () => {
  const size = maxEnvFileBytes - 20;
  const texts = [
    ' ',
    '\t',
    '=',
    '"',
    "'",
    '\\',
    '#',
    '\n',
    'a',
    'export ',
    'export\t',
    'ADMIN PASSWORD ',
    'A="\\',
    '\r',
  ];
  for (const piece of texts) {
    const text = `A${piece.repeat(size / piece.length)}`;
    const read = () => parseEnvFile(text, '.env');
    // A time limit would depend on the machine: what is quadratic does not end within the test's.
    try {
      read();
    } catch (error) {
      expect(error).toBeInstanceOf(OperatorError);
    }
  }
  expect(parseEnvFile(`A=${'x'.repeat(size)}`, '.env').A?.length).toBe(size);
  expect(() => parseEnvFile('é'.repeat(maxEnvFileBytes / 2 + 1), '.env')).toThrow('larger than 1 MiB');
});

test('assignments know their lines', () => {
  const { assignments } = readEnvFile('# 1\r\nA=1\r\n\r\nexport B="2\r\n3"\r\nA=4', '.env');
  expect(assignments).toEqual([
    { name: 'A', value: '1', firstLine: 2, lastLine: 2 },
    { name: 'B', value: '2\n3', firstLine: 4, lastLine: 5 },
    { name: 'A', value: '4', firstLine: 6, lastLine: 6 },
  ]);
});
