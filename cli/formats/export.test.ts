import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { readImport } from '../../core/import/read.ts';
import { Failure } from '../terminal/failure.ts';
import { writeNames, writeVariables } from './export.ts';
import type { Variable } from './variables.ts';

/** What programs take for commands, or break on. */
const hostile: Record<string, string> = {
  PEM: '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n',
  COMMAND: '$(touch hacked)',
  BACKQUOTES: '`touch hacked`',
  QUOTES: `"'"'"''"";touch hacked;'"`,
  BACKSLASHES: '\\\\a\\\'b\\"\\n\\',
  BACKSLASH_QUOTE: "\\'; touch hacked; '",
  NEWLINES: '\n\na\n\n',
  CRLF: 'a\r\nb\r\n',
  EMOJI: '🔑 👨‍👩‍👧 é',
  PERCENT: '%s%n %d',
  VARIABLE: '$HOME $(id) $1 !! !$ ~ *',
  HASH: 'a # b #c',
  BLANKS: '  a\tb  ',
  EQUALS: '=a=b=',
  ESCAPES: '\u001B[31mred\u0007',
  AMPERSAND: 'a & touch hacked & b | c > hacked2',
  END: "a'\nEOF\n)\n}\nend\ntouch hacked\n",
};

const variables = Object.entries(hostile).map(([variable, value]) => ({ variable, value, key: `shop/${variable}` }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keystore-export-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** Runs a script in a shell. Returns the environment of what it starts. */
function environmentAfter(shell: string[], script: string): Map<string, string> {
  const [program = '', ...options] = shell;
  const env = { PATH: process.env.PATH, HOME: folder, LC_ALL: 'C.UTF-8' };
  const { stdout, stderr, status } = spawnSync(program, [...options, '-c', script], { cwd: folder, env });
  if (status !== 0) throw new Error(`${program}: ${stderr.toString()}`);
  const entries = stdout
    .toString()
    .split('\0')
    .filter((line) => line.includes('='));
  return new Map(entries.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

describe.each([
  { shell: ['bash', '--norc'], format: 'shell' },
  { shell: ['dash'], format: 'shell' },
  { shell: ['zsh', '-f'], format: 'shell' },
  { shell: ['fish', '--no-config'], format: 'fish' },
] as const)('$format in $shell.0', ({ shell, format }) => {
  const isThere = isInstalled(shell[0]);

  const sourced = (all: readonly Variable[]) => {
    writeFileSync(join(folder, 'export'), writeVariables(format, all));
    return environmentAfter([...shell], '. ./export; env -0');
  };

  test.skipIf(!isThere)('sourcing it sets every value byte for byte, and runs nothing', () => {
    const env = sourced(variables);
    for (const { variable, value } of variables) expect.soft(env.get(variable), variable).toBe(value);
    expect(readdirSync(folder).filter((name) => !/^\.|^export$/.test(name))).toEqual([]);
  });

  test.skipIf(!isThere)('also any other text', () => {
    const some = fc.stringMatching(/^[ -~\n\r\t]{0,30}$/);
    fc.assert(
      fc.property(some, fc.string({ unit: 'grapheme' }), (plain, other) => {
        const values = [plain, other.replaceAll('\0', ''), `${other.replaceAll('\0', '')}'${plain}`];
        const env = sourced(values.map((value, index) => ({ variable: `V${index}`, value, key: `${index}` })));
        values.forEach((value, index) => {
          expect(env.get(`V${index}`)).toBe(value);
        });
      }),
      { numRuns: 15 },
    );
  });
});

test.skipIf(!isInstalled('fish'))('"shell" runs nothing in fish either, where it is not meant for', () => {
  writeFileSync(join(folder, 'export'), writeVariables('shell', variables));
  environmentAfter(['fish', '--no-config'], 'source ./export >/dev/null; true');
  expect(readdirSync(folder).filter((name) => !/^\.|^export$/.test(name))).toEqual([]);
});

/** All that an env file can hold. */
const writable = Object.fromEntries(Object.entries(hostile).filter(([name]) => name !== 'ESCAPES'));

test('env is read back by import, byte for byte', async () => {
  const text = writeVariables(
    'env',
    variables.filter(({ variable }) => variable !== 'ESCAPES'),
  );
  const { entries, skipped } = await readImport(text);
  expect(Object.fromEntries(entries.map(({ name, value }) => [name, value]))).toEqual(writable);
  expect(skipped).toEqual([]);
});

test('json is read back by import, byte for byte, whatever the names and values', async () => {
  const { entries } = await readImport(writeNames('json', { ...hostile, 'a/b': 'c' }));
  expect(Object.fromEntries(entries.map(({ name, value }) => [name, value]))).toEqual({ ...hostile, 'a/b': 'c' });
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), fc.string({ unit: 'binary', minLength: 1 })),
      async (values) => {
        const found = (await readImport(writeNames('json', values))).entries;
        expect(found.map(({ name, value }) => [name, value]).toSorted()).toEqual(Object.entries(values).toSorted());
      },
    ),
  );
});

test('yaml is what a YAML parser reads back', () => {
  const values = { ...hostile, yes: 'no', '1': '2', '-': '- a: b', '🔑': '\u0085\u2028\uFEFF\u007F', '#': '{{ x }}' };
  expect(parseYaml(writeNames('yaml', values))).toEqual(values);
  expect(parseYaml(writeNames('yaml', {}))).toEqual({});
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' })), (some) => {
      expect(parseYaml(writeNames('yaml', some))).toEqual({ ...some });
    }),
  );
});

test('docker has raw lines, and refuses what they cannot hold', () => {
  expect(writeVariables('docker', [{ variable: 'A', key: 'a', value: `"it's" $(id) # b ` }])).toBe(
    `A="it's" $(id) # b \n`,
  );
  for (const value of ['a\nb', 'a\r', 'a\0b']) {
    expect(() => writeVariables('docker', [{ variable: 'A', key: 'shop/a', value }])).toThrow(Failure);
  }
});

test('what a format cannot hold is refused by the name of its key, and never by its value', () => {
  for (const format of ['env', 'shell', 'fish'] as const) {
    try {
      writeVariables(format, [{ variable: 'A', key: 'shop/a', value: 'secret\0' }]);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(Failure);
      expect((error as Error).message).toMatch(/^shop\/a holds/);
      expect((error as Error).message).not.toContain('secret');
    }
  }
});
