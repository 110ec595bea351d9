import { describe, expect, test } from 'vitest';
import { envFileVectors } from '../../core/settings/env-file.vectors.ts';
import { assignmentInValue, looksSecret, readPasted } from './paste.ts';

const pem = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg==\n-----END PRIVATE KEY-----\n';

describe('a pasted line', () => {
  test.each([
    ['STRIPE_KEY=sk_live_1', 'STRIPE_KEY', 'sk_live_1'],
    ['  export STRIPE_KEY = "sk live 1"\n', 'STRIPE_KEY', 'sk live 1'],
    ["set key.one='x=y'", 'key.one', 'x=y'],
    ['URL=postgres://a:b@c/d?e=f', 'URL', 'postgres://a:b@c/d?e=f'],
    ['QUOTE=it"s', 'QUOTE', 'it"s'],
    ['STRIPE_KEY=sk_live_1 # ours', 'STRIPE_KEY', 'sk_live_1'],
    ['# Payments\nSTRIPE_KEY="a # b" # ours\n', 'STRIPE_KEY', 'a # b'],
    ['PEM="-----BEGIN-----\\nabc\\n-----END-----\\n"', 'PEM', '-----BEGIN-----\nabc\n-----END-----\n'],
    ["PEM='-----BEGIN-----\nabc\n-----END-----\n'", 'PEM', '-----BEGIN-----\nabc\n-----END-----\n'],
    ["SINGLE='a\\nb'", 'SINGLE', 'a\\nb'],
    ['shop/prod/STRIPE=sk', 'shop/prod/STRIPE', 'sk'],
    ['EMPTY=\r\n', 'EMPTY', ''],
    ['export\tTABBED\t=\t"say \\"hi\\""\t# ours', 'TABBED', 'say "hi"'],
    ['ADMIN_PASS=hunter2', 'ADMIN_PASS', 'hunter2'],
    ['SECRET_KEY=a#b', 'SECRET_KEY', 'a#b'],
    ['__proto__=x', '__proto__', 'x'],
  ])('%j', (text, name, value) => {
    expect(readPasted(text)).toEqual({ kind: 'line', name, value });
  });

  const single = Object.entries(envFileVectors).flatMap(([title, [text, meaning]]) => {
    const found = 'refusedLine' in meaning ? [] : Object.entries(meaning);
    const [first] = found;
    return found.length === 1 && first && first[1] !== '=' ? [[title, text, ...first] as const] : [];
  });

  test.each(single)('means what it means in a file: %s', (_, text, name, value) => {
    expect(readPasted(text)).toEqual({ kind: 'line', name, value });
  });
});

describe('a pasted file never gets into the name field:', () => {
  test.each([
    ['A=1\nB=2', 2],
    ['# ours\r\nexport A="1\n2"\r\nB=2\r\n\r\nC=3', 3],
    ['A=1\nB=2\nthis line is broken', 2],
    ['[default]\naws_access_key_id = AKIA0\naws_secret_access_key = x', 2],
  ])('%j', (text, count) => {
    expect(readPasted(text)).toEqual({ kind: 'lines', count });
  });
});

describe('a line that a file may not hold never gets into the name field:', () => {
  test.each([
    ['A="hunter2', 'What you pasted, line 1: the value of A begins with ", and no other " ends it.'],
    ['# ours\nA="hunter2" b', /^What you pasted, line 2: something follows the "/],
    ['two words=hunter2', /^What you pasted, line 1: what stands before "=" is not a name/],
    ['=hunter2', /not a name/],
    ['$env:A = "hunter2"', /not a name/],
    ['\u200bA=hunter2', /not a name/],
  ])('%j', (text, reason) => {
    expect(readPasted(text)).toEqual({ kind: 'refused', reason: expect.stringMatching(reason) });
    expect(JSON.stringify(readPasted(text))).not.toContain('hunter2');
  });
});

describe('a pasted value never gets into the name field:', () => {
  test.each([
    pem,
    '-----BEGIN OPENSSH PRIVATE KEY-----\nA=\nB=\nA=b\n-----END OPENSSH PRIVATE KEY-----',
    'one line\nanother',
    '{\n  "type": "service_account",\n  "private_key": "x"\n}',
    'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
    'sk-proj-abcdefgh',
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    'AKIAIOSFODNN7EXAMPLE',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
    'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1',
    '3fa85f64-5717-4562-b3fc-2c963f66afa6',
    'd41d8cd98f00b204e9800998ecf8427e',
    'c2VjcmV0IHNlY3JldCBzZWNyZXQ=',
    'c2VjcmV0c2VjcmV0c2VjcmV0PQ==',
    'c2VjcmV0PQ==',
    'postgres://user:pass@host/db?sslmode=require',
    'https://hooks.example.com/services/T00000000/B00000000/xxxxxxxxxxxxxxxxxxxxxxxx',
    'STRIPE_KEY: sk_live_4eC39HqLyjWDarjtT1zdp7dc',
    'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
    'k3j2h4k5j6h7g8f9d0s1',
    'Authorization: Bearer abcdefghij0123456789',
  ])('%j', (value) => {
    expect(readPasted(value)).toEqual({ kind: 'value', value });
  });
});

describe('a pasted name stays one:', () => {
  test.each([
    '',
    'STRIPE_KEY',
    '  STRIPE_KEY\n',
    'STRIPE_LIVE_SECRET_KEY_2026_PRODUCTION',
    'shop/prod/DATABASE_URL',
    'Payments API (production)',
    'internationalization-service-token',
    'my.very.long.name.of-a-service_2',
    'twoFactorAuthenticationToken',
    'GoogleCloudStorageServiceAccount2',
    'backup-20261125120000',
    'E2E_K8S_S3_EC2_OAUTH2_TOKEN',
    'https://api.example.com',
    'name: value',
  ])('%j', (text) => {
    expect(readPasted(text)).toBeNull();
    expect(looksSecret(text)).toBe(false);
  });
});

describe('pasted into the value field', () => {
  test('accepts the name of a variable', () => {
    expect(assignmentInValue('STRIPE_KEY="sk" # ours', '')).toEqual({ name: 'STRIPE_KEY', value: 'sk' });
  });

  test('accepts only the name of the edited key', () => {
    expect(assignmentInValue('stripe=sk', 'stripe')).toEqual({ name: 'stripe', value: 'sk' });
    expect(assignmentInValue('STRIPE_KEY=sk', 'OTHER_KEY')).toBeNull();
  });

  test.each(['c2VjcmV0PQ==', 'Zm9vYg==', 'ABCD=efgh', 'user=x&pass=y', 'key_id=abc', 'AKIA==', 'A_B=1\nC_D=2', pem])(
    '%j stays a value',
    (text) => {
      expect(assignmentInValue(text, '')).toBeNull();
    },
  );
});
