import { describe, expect, test } from 'vitest';
import { base64url, paddedBase64url, utf8 } from './encoding.ts';
import { openFernet, sealFernet } from './fernet.ts';
import { KeyFormatError } from './key-material.ts';
import {
  openCanary,
  openValue,
  parseKeyring,
  rebind,
  type SealedValue,
  SealedValueError,
  sealCanary,
  sealValue,
} from './keyring.ts';
import { randomBytes } from './random.ts';

function newKey(): string {
  return paddedBase64url(randomBytes(32));
}

function fault(open: () => unknown) {
  try {
    open();
  } catch (error) {
    if (error instanceof SealedValueError) return error.reason;
    throw error;
  }
  return 'opened';
}

// The key of testdata/python-fernet.json; id and binding computed with Python's cryptography 48 and hmac.
const vector = {
  key: 'eAyrqh-3ftpOf26J9tpJFBRsh9vBHr4eM_9ma27sgFI=',
  id: '5508e6770e1e4b80',
  name: 'schlüssel-ä',
  token:
    'gAAAAABoWnpB__79_Pv6-fj39vX08_Lx8AQV7_1ltNh1wQYN2qPdZ_TdTli4ioBW16jG1GU2-E4iMmU1ijZ5_cPyd5WmgfPY2Gs2_Nx4kteyHfFJu7_dyLgagjCqu-Jn5e0r3rn9-Rfu',
  binding: 'HIKICnC4H67ikFEQOzFYShLK1I0AuEbq1mrERAHHYG8',
};

describe('parsing', () => {
  const key = '-_8wdr3u6C_pX7Yt2vQ0mB9sKcN4hRzLaEiGoWjUxZ8=';
  const id = parseKeyring(key).primary.id;

  test('a key is the same key in every accepted encoding', () => {
    const standard = key.replaceAll('-', '+').replaceAll('_', '/');
    for (const text of [key.replace('=', ''), standard, standard.replace('=', ''), `${key}\n`, ` ${key}\r\n`]) {
      expect(parseKeyring(text).primary.id).toBe(id);
    }
  });

  test('an id is 16 hexadecimal digits, different for each key', () => {
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(parseKeyring(newKey()).primary.id).not.toBe(id);
  });

  test('retired keys are comma-separated, and the primary may be one of them', () => {
    const retired = [newKey(), newKey(), key];
    const keyring = parseKeyring(key, ` ${retired.join(' ,\n')},`);
    expect(keyring.primary.id).toBe(id);
    expect(new Set(keyring.byId.keys())).toEqual(new Set(retired.map((text) => parseKeyring(text).primary.id)));
  });

  test.each([
    ['missing', undefined, 'is not set'],
    ['empty', '', 'is not set'],
    ['blank', ' \n', 'is not set'],
    ['31 bytes', base64url(randomBytes(31)), 'must be 32 random bytes'],
    ['33 bytes', base64url(randomBytes(33)), 'must be 32 random bytes'],
    ['hexadecimal', '0f'.repeat(32), 'must be 32 random bytes'],
    ['not base64', `*${newKey().slice(1)}`, 'must be 32 random bytes'],
    ['in quotes', `"${newKey()}"`, 'must be 32 random bytes'],
    ['a placeholder', 'your-encryption-key-here', 'is still a placeholder'],
    ['a placeholder of the right length', 'change-me-change-me-change-me-change-me-000=', 'is still a placeholder'],
    ['zeros', paddedBase64url(new Uint8Array(32)), 'is a pattern'],
    ['a run', paddedBase64url(Uint8Array.from({ length: 32 }, (_, i) => i)), 'is a pattern'],
  ])('rejects a key that is %s', (_, text, problem) => {
    expect(() => parseKeyring(text)).toThrow(KeyFormatError);
    expect(() => parseKeyring(text)).toThrow(`ENCRYPTION_KEY ${problem}`);
    expect(() => parseKeyring(text)).toThrow('HelperScripts/generate-keys.sh');
  });

  test('the error about a bad retired key names its variable and not its text', () => {
    const bad = 'Zm9vYmFyc2VjcmV0';
    expect(() => parseKeyring(key, `${newKey()},${bad}`)).toThrow(/^RETIRED_ENCRYPTION_KEYS must be(?!.*Zm9vYm)/);
  });
});

describe('a sealed value', () => {
  const keyring = parseKeyring(newKey());

  test('that has opened before opens again, and still only under its name, whole, and with its binding', () => {
    const sealed = sealValue(keyring, 'stripe', 'a value');
    for (const _ of [1, 2, 3]) expect(openValue(keyring, 'stripe', sealed)).toBe('a value');
    const other = sealValue(keyring, 'stripe', 'b value');
    openValue(keyring, 'stripe', other);
    const flipped = sealed.token.replace(/.(?=.{50}$)/, (character) => (character === 'A' ? 'B' : 'A'));
    for (const forged of [
      { ...sealed, token: other.token },
      { ...sealed, binding: other.binding },
      { ...sealed, token: flipped },
    ]) {
      expect(fault(() => openValue(keyring, 'stripe', forged))).toBe('binding_mismatch');
    }
    expect(fault(() => openValue(keyring, 'Stripe', sealed))).toBe('binding_mismatch');
  });

  test('opens also after very many others', () => {
    const sealed = Array.from({ length: 600 }, (_, index) => sealValue(keyring, `key ${index}`, `value ${index}`));
    for (const _ of [1, 2]) {
      expect(sealed.map((each, index) => openValue(keyring, `key ${index}`, each))).toEqual(
        sealed.map((_, index) => `value ${index}`),
      );
    }
  });

  test('comes back exactly', () => {
    for (const value of ['', 'a', '\ufeffbom', 'line\r\nline\n', 'a\0b', '🔑'.repeat(16_384), 'Schlüssel 鍵']) {
      expect(openValue(keyring, 'name', sealValue(keyring, 'name', value))).toBe(value);
    }
  });

  test('is a plain Fernet token of its UTF-8 bytes', () => {
    const { token } = sealValue(keyring, 'name', 'wert ä');
    expect(openFernet(keyring.primary.fernet, token)).toEqual(utf8('wert ä'));
  });

  test('opens under a retired key, and not without it', () => {
    const old = newKey();
    const sealed = sealValue(parseKeyring(old), 'name', 'value');
    expect(openValue(parseKeyring(newKey(), old), 'name', sealed)).toBe('value');
    expect(fault(() => openValue(keyring, 'name', sealed))).toBe('unknown_key');
    expect(fault(() => openValue(keyring, 'name', { ...sealed, keyId: '__proto__' }))).toBe('unknown_key');
    expect(fault(() => openValue(keyring, 'name', { ...sealed, keyId: keyring.primary.id }))).toBe('binding_mismatch');
  });

  test('does not open under another name, or with the token or binding of another value', () => {
    const one = sealValue(keyring, 'one', 'value');
    const two = sealValue(keyring, 'two', 'value');
    const older = sealValue(keyring, 'one', 'older value');
    const cases: [string, SealedValue][] = [
      ['two', one],
      ['One', one],
      ['one ', one],
      ['', one],
      ['one\ud800', one],
      ['one', { ...one, token: two.token }],
      ['one', { ...one, token: older.token }],
      ['one', { ...one, binding: two.binding }],
      ['one', { ...one, binding: '' }],
      ['one', { ...one, binding: `${one.binding}=` }],
      ['one', { ...one, binding: '\ud800' }],
      ['one', { ...one, token: `${one.token}A` }],
      ['one', { ...one, token: `\ud800${one.token}` }],
    ];
    for (const [name, sealed] of cases) expect(fault(() => openValue(keyring, name, sealed))).toBe('binding_mismatch');
    expect(openValue(keyring, 'one', one)).toBe('value');
  });

  test('has a binding that depends on where the name ends and the token begins', () => {
    expect(keyring.primary.bind('ab', 'c')).not.toBe(keyring.primary.bind('a', 'bc'));
  });

  test('with a valid binding and a bad token has its own reason', () => {
    const { id, fernet } = keyring.primary;
    const bound = (token: string) => ({ token, keyId: id, binding: keyring.primary.bind('n', token) });
    expect(fault(() => openValue(keyring, 'n', bound('no token')))).toBe('token_invalid');
    expect(fault(() => openValue(keyring, 'n', bound(sealFernet(fernet, Uint8Array.of(0xff)))))).toBe('token_invalid');
  });

  test('is not sealed if it could not be returned exactly', () => {
    expect(() => sealValue(keyring, 'name', 'half a pair \ud83d')).toThrow(TypeError);
    expect(() => sealValue(keyring, 'name\ud83d', 'value')).toThrow(TypeError);
  });
});

test('id and binding are the same in another implementation', () => {
  const { primary } = parseKeyring(vector.key);
  expect(primary.id).toBe(vector.id);
  expect(primary.bind(vector.name, vector.token)).toBe(vector.binding);
  expect(openValue(parseKeyring(vector.key), vector.name, { ...vector, keyId: vector.id })).toMatch(/^sealed here/);
});

describe('a binding for another name', () => {
  const [old, current] = [newKey(), newKey()];
  const keyring = parseKeyring(current, old);

  test.each([
    ['the primary key', keyring],
    ['a retired key', parseKeyring(old)],
  ])('is made with the key that sealed the value, %s, and opens under the new name only', (_, sealer) => {
    const sealed = sealValue(sealer, 'old name', 'value');
    const moved = { ...sealed, binding: rebind(keyring, 'old name', 'new name', sealed) };
    expect(openValue(keyring, 'new name', moved)).toBe('value');
    expect(() => openValue(keyring, 'old name', moved)).toThrow(SealedValueError);
  });

  test('is made for nothing that is not bound to the old name, and not without the key', () => {
    const sealed = sealValue(keyring, 'old name', 'value');
    const other = sealValue(keyring, 'old name', 'other');
    const reasonOf = (from: string, given: typeof sealed, ring = keyring) => {
      try {
        return rebind(ring, from, 'new name', given);
      } catch (error) {
        return (error as SealedValueError).reason;
      }
    };
    expect(reasonOf('another name', sealed)).toBe('binding_mismatch');
    expect(reasonOf('old name', { ...sealed, binding: other.binding })).toBe('binding_mismatch');
    expect(reasonOf('old name', { ...sealed, token: '\ud800' })).toBe('binding_mismatch');
    expect(reasonOf('old name', sealed, parseKeyring(newKey()))).toBe('unknown_key');
  });
});

describe('the canary', () => {
  test('opens under its own key, primary or retired, and under no other key', () => {
    const text = newKey();
    const { token, keyId } = sealCanary(parseKeyring(text));
    const other = parseKeyring(newKey());
    expect(openCanary(parseKeyring(text), token, keyId)).toBe(true);
    expect(openCanary(parseKeyring(newKey(), text), token, keyId)).toBe(true);
    expect(openCanary(other, token, keyId)).toBe(false);
    expect(openCanary(other, token, other.primary.id)).toBe(false);
  });

  test('is a token of one particular text', () => {
    const keyring = parseKeyring(newKey());
    const { token, keyId } = sealValue(keyring, 'name', 'value');
    expect(openCanary(keyring, token, keyId)).toBe(false);
    expect(openCanary(keyring, '', keyId)).toBe(false);
  });
});

test('a keyring shows nothing but ids in JSON', () => {
  const { primary } = parseKeyring(newKey());
  expect(JSON.parse(JSON.stringify(primary))).toEqual({ id: primary.id, fernet: {} });
});
