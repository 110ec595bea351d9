/** What files of each format mean as entries of an import. */
import { describe, expect, test } from 'vitest';
import { OperatorError } from '../operator-error.ts';
import { readCsvEntries } from './csv.ts';
import { readEnvEntries } from './env.ts';
import { readJsonEntries } from './json.ts';
import { type ImportFile, readImport } from './read.ts';

/** The entries as `name=value`, with the description in brackets if there is one. */
function entriesOf({ entries }: ImportFile) {
  return entries.map(({ name, value, description }) => `${name}=${value}${description && ` [${description}]`}`);
}

/** What is skipped as `where name`. */
function skippedIn({ skipped }: ImportFile) {
  return skipped.map(({ where, name }) => `${where} ${name}`.trim());
}

async function refusal(text: string) {
  const error = await readImport(text).catch((problem: unknown) => problem);
  expect(error).toBeInstanceOf(OperatorError);
  return (error as OperatorError).message;
}

describe('.env', () => {
  test.each<[string, string, string[], string[]?]>([
    ['nothing', '', []],
    ['comments, export and blanks', '# keys\n\nexport A = 1 # one\nB=2', ['A=1', 'B=2']],
    ['quotes', 'A="a # \\"b\\""\nB=\'$B\'\nC=`it\'s`', ['A=a # "b"', 'B=$B', "C=it's"]],
    ['several lines', 'A="-----BEGIN\nx=1\n-----END"\nB=2', ['A=-----BEGIN\nx=1\n-----END', 'B=2']],
    ['CRLF and a byte order mark', '\uFEFFA=1\r\nB="2\r\n3"\r\n', ['A=1', 'B=2\n3']],
    ['a slash in a name', 'shop/prod/A=1', ['shop/prod/A=1']],
    ['an empty value', 'A=\nB=2', ['B=2'], ['line 1 A']],
    ['a name alone', 'A\nexport B\nC=3', ['C=3'], ['line 1 A', 'line 2 B']],
    ['a name twice: the last line counts', 'A=1\nB=2\nA=3', ['B=2', 'A=3'], ['line 1 A']],
    ['a name twice, the last time empty', 'A=1\nA=', [], ['line 1 A', 'line 2 A']],
    ['a name that objects have', '__proto__=1\nconstructor=2', ['__proto__=1', 'constructor=2']],
    ['a line that begins like JSON', 'A={"b":1}', ['A={"b":1}']],
  ])('%s', async (_, text, entries, skipped = []) => {
    const file = await readImport(text);
    expect(file.format).toBe('env');
    expect(entriesOf(file)).toEqual(entries);
    expect(skippedIn(file).sort()).toEqual(skipped);
  });

  test.each([
    ['a quote that is not closed', 'A=1\nB="secret', 'The file, line 2: '],
    ['no name before "="', 'A=1\nnot a name=secret', 'The file, line 2: '],
    ['no assignment', 'some prose that is a secret', 'The file, line 1: '],
  ])('%s is refused with its line, without quoting it', async (_, text, beginning) => {
    const message = await refusal(text);
    expect(message).toContain(beginning);
    expect(message).not.toContain('secret');
  });

  test('each entry says in which line it begins', () => {
    expect(readEnvEntries('# x\nA="1\n2"\nB=3').entries.map(({ where }) => where)).toEqual(['line 2', 'line 4']);
  });
});

describe('JSON', () => {
  test.each<[string, string, string[], string[]?]>([
    ['an empty object', '{}', []],
    ['flat', '{"A":"1","B":"2\\n3"}', ['A=1', 'B=2\n3']],
    [
      'nested: objects are folders',
      '{"shop":{"prod":{"A":"1"},"B":"2"},"C":"3"}',
      ['shop/prod/A=1', 'shop/B=2', 'C=3'],
    ],
    ['a byte order mark and blanks', '\uFEFF \n {"A":"1"}', ['A=1']],
    [
      'numbers as they are written',
      '{"A":12345678901234567890,"B":1.0,"C":1e3,"D":-0}',
      ['A=12345678901234567890', 'B=1.0', 'C=1e3', 'D=-0'],
    ],
    ['booleans', '{"A":true,"B":false}', ['A=true', 'B=false']],
    ['null, a list and an empty text', '{"A":null,"B":["x"],"C":"","D":"1"}', ['D=1'], ['A A', 'B B', 'C C']],
    ['a name that objects have', '{"__proto__":"1","a":{"__proto__":{"b":"2"}}}', ['__proto__=1', 'a/__proto__/b=2']],
    ['an empty name', '{"":"1","a":{"":"2"}}', [], ['', 'a/ a/']],
    [
      'a list, as Infisical exports it',
      '[{"key":"A","value":"1","type":"shared","comment":""},{"secretKey":"B","secretValue":"2"}]',
      ['A=1', 'B=2'],
    ],
    ['a list with something else', '["x",{"key":"A"},{"name":"B","value":7}]', ['B=7'], ['item 1', 'item 2 A']],
    ['two names that become one', '{"a/b":"1","a":{"b":"2"}}', ['a/b=1', 'a/b=2']],
  ])('%s', async (_, text, entries, skipped = []) => {
    const file = await readImport(text);
    expect(file.format).toBe('json');
    expect(entriesOf(file)).toEqual(entries);
    expect(skippedIn(file)).toEqual(skipped);
  });

  test.each([
    ['no JSON', '{"A": secret}'],
    ['a text that ends too early', '{"A": "secret'],
    ['trailing commas', '{"A": "secret",}'],
  ])('%s is refused without quoting it', async (_, text) => {
    expect(await refusal(text)).toBe('The file is not valid JSON.');
  });

  test('a single value is refused', () => {
    expect(() => readJsonEntries('"x"')).toThrow('single value');
  });

  test('deep nesting ends neither the stack nor the program', async () => {
    expect(await refusal(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)).toContain('nested too deeply');
    const deep = await readImport(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`);
    expect([deep.entries, deep.skipped[0]?.reason]).toEqual([[], 'It is nested too deeply.']);
  });
});

const bitwarden = 'folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp';
const onePassword = 'Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes';

describe('CSV', () => {
  test.each<[string, ImportFile['format'], string, string[], string[]?]>([
    ['Infisical', 'key-value', 'Key,Value\nA,1\nB,"2,""3"""\n', ['A=1', 'B=2,"3"']],
    [
      'CRLF, a byte order mark and a value of several lines',
      'key-value',
      '\uFEFF"Key","Value"\r\n"A","1\r\n2"\r\n',
      ['A=1\r\n2'],
    ],
    ['blanks within a value', 'key-value', 'key,value\nA, 1 ', ['A= 1 ']],
    ['semicolons', 'key-value', 'key;value\nA;1,5', ['A=1,5']],
    ['tabs', 'key-value', 'key\tvalue\nA\t1', ['A=1']],
    [
      'other columns, in another order',
      'key-value',
      'id,Value,Key,Description\n7,1,A,what it is for',
      ['A=1 [what it is for]'],
    ],
    [
      'no name, no value, and a field too many',
      'key-value',
      'key,value\n,1\nA,\nB,2,3\nC,4',
      ['C=4'],
      ['record 1', 'record 2 A', 'record 3'],
    ],
    ['a name that objects have', 'key-value', 'key,value\n__proto__,1', ['__proto__=1']],
    [
      '1Password 8',
      '1password',
      `${onePassword}\nGitHub,https://github.com/login?token=x,octocat,"p,w""1",otpauth://totp/x?secret=S,true,false,work,"line 1\nline 2"\n`,
      [
        'GitHub=p,w"1 [octocat, github.com]',
        'GitHub/totp=otpauth://totp/x?secret=S [octocat, github.com]',
        'GitHub/notes=line 1\nline 2 [octocat, github.com]',
      ],
    ],
    [
      '1Password: an archived item, one without a title, an empty one, and a note',
      '1password',
      `${onePassword}\nOld,,,x,,false,true,,\n,,,x,,false,false,,\nEmpty,,,,,false,false,,\nNote,,,,,false,false,,text`,
      ['Note/notes=text'],
      ['record 1 Old', 'record 2', 'record 3 Empty'],
    ],
    [
      '1Password 7',
      '1password',
      '"Notes","Password","Title","Type","URL","Username"\n"","pw","A","Login","a.example",""',
      ['A=pw [a.example]'],
    ],
    [
      'Bitwarden: folders, custom fields and secure notes',
      'bitwarden',
      `${bitwarden}\nwork/api,,login,GitHub,,"PIN: 1234\nKey: -----BEGIN\nabc\nURL: https://x",0,https://github.com,octocat,pw,SEED\n,,note,Door code,4711,,0,,,,`,
      [
        'work/api/GitHub=pw [octocat, github.com]',
        'work/api/GitHub/totp=SEED [octocat, github.com]',
        'work/api/GitHub/PIN=1234 [octocat, github.com]',
        'work/api/GitHub/Key=-----BEGIN\nabc [octocat, github.com]',
        'work/api/GitHub/URL=https://x [octocat, github.com]',
        'Door code=4711',
      ],
    ],
    [
      'Bitwarden: a custom field named like another value loses neither',
      'bitwarden',
      `${bitwarden}\n,,login,A,,totp: other,0,,,,SEED`,
      ['A/totp=SEED', 'A/totp=other'],
    ],
    [
      'Bitwarden: an organisation',
      'bitwarden',
      'collections,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp\n"Ops,All",login,A,,,0,,,pw,',
      ['Ops/A=pw'],
    ],
  ])('%s', async (_, format, text, entries, skipped = []) => {
    const file = await readImport(text);
    expect(file.format).toBe(format);
    expect(entriesOf(file)).toEqual(entries);
    expect(skippedIn(file)).toEqual(skipped);
  });

  test('an address in a description has neither path nor password', async () => {
    const { entries } = await readImport(
      `${onePassword}\nA,https://user:secret@hooks.example:8443/secret?secret,,x,,,false,,`,
    );
    expect(entries.map(({ description }) => description)).toEqual(['hooks.example:8443']);
  });

  test('a quote that is not closed is refused with its record, without quoting it', async () => {
    const message = await refusal('key,value\nA,1\nB,"secret\nC,2');
    expect(message).toContain('record 2');
    expect(message).not.toContain('secret');
  });

  test('an unknown header is refused, and the message names those that are read', () => {
    expect(() => readCsvEntries('site,pass\nx,secret')).toThrow(/1Password, Bitwarden and Infisical/);
  });
});
