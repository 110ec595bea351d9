import { describe, expect, test } from 'vitest';
import { fromPaddedBase64url, fromUtf8, paddedBase64url, utf8 } from './encoding.ts';
import { FernetError, FernetKey, openFernet, sealFernet } from './fernet.ts';
import { randomBytes } from './random.ts';
import python from './testdata/python-fernet.json' with { type: 'json' };

function keyOf(text: string): FernetKey {
  return new FernetKey(fromPaddedBase64url(text) ?? new Uint8Array());
}

function seconds(iso: string): number {
  return Date.parse(iso) / 1000;
}

// The vectors of https://github.com/fernet/spec: generate.json, verify.json, invalid.json.
const specKey = keyOf('cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=');
const specToken =
  'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==';

describe('the vectors of the specification', () => {
  test('generate', () => {
    const iv = Uint8Array.from({ length: 16 }, (_, i) => i);
    expect(sealFernet(specKey, utf8('hello'), { now: seconds('1985-10-26T01:20:00-07:00'), iv })).toBe(specToken);
  });

  test('verify', () => {
    const options = { now: seconds('1985-10-26T01:20:01-07:00'), ttlSeconds: 60 };
    expect(fromUtf8(openFernet(specKey, specToken, options))).toBe('hello');
  });

  test.each([
    [
      'incorrect mac',
      '1985-10-26T01:20:01-07:00',
      'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==',
    ],
    ['too short', '1985-10-26T01:20:01-07:00', 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA=='],
    [
      'invalid base64',
      '1985-10-26T01:20:01-07:00',
      '%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==',
    ],
    [
      'payload size not multiple of block size',
      '1985-10-26T01:20:01-07:00',
      'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm',
    ],
    [
      'payload padding error',
      '1985-10-26T01:20:01-07:00',
      'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==',
    ],
    [
      'far-future TS (unacceptable clock skew)',
      '1985-10-26T01:20:01-07:00',
      'gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==',
    ],
    [
      'expired TTL',
      '1985-10-26T01:21:31-07:00',
      'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==',
    ],
    [
      'incorrect IV (causes padding error)',
      '1985-10-26T01:20:01-07:00',
      'gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==',
    ],
  ])('invalid: %s', (_, now, token) => {
    expect(() => openFernet(specKey, token, { now: seconds(now), ttlSeconds: 60 })).toThrow(FernetError);
  });
});

describe('Python', () => {
  test.each(python.tokens)('its token opens here: $description', ({ token, unit, count }) => {
    expect(fromUtf8(openFernet(keyOf(python.key), token))).toBe(unit.repeat(count));
    expect(fromUtf8(openFernet(keyOf(python.key), token, { now: python.now, ttlSeconds: 0 }))).toBe(unit.repeat(count));
  });

  test('a token from here is the one that cryptography 48.0.0 opened, checked once by hand', () => {
    const iv = Uint8Array.from({ length: 16 }, (_, i) => 255 - i);
    expect(sealFernet(keyOf(python.key), utf8('sealed here, opened by Python: 🔑'), { now: 1750760001, iv })).toBe(
      'gAAAAABoWnpB__79_Pv6-fj39vX08_Lx8AQV7_1ltNh1wQYN2qPdZ_TdTli4ioBW16jG1GU2-E4iMmU1ijZ5_cPyd5WmgfPY2Gs2_Nx4kteyHfFJu7_dyLgagjCqu-Jn5e0r3rn9-Rfu',
    );
  });
});

describe('round trip', () => {
  test('returns every plaintext, and never makes the same token twice', () => {
    const key = new FernetKey(randomBytes(32));
    const tokens = new Set<string>();
    for (let length = 0; length < 120; length++) {
      const plaintext = randomBytes(length);
      const token = sealFernet(key, plaintext);
      tokens.add(token).add(sealFernet(key, plaintext));
      expect(openFernet(key, token)).toEqual(plaintext);
    }
    expect(tokens.size).toBe(240);
  });

  test('returns 64 KiB', () => {
    const key = new FernetKey(randomBytes(32));
    const plaintext = randomBytes(65_536);
    expect(openFernet(key, sealFernet(key, plaintext))).toEqual(plaintext);
  });
});

describe('a token does not open', () => {
  const key = new FernetKey(randomBytes(32));
  const token = sealFernet(key, utf8('a value of more than one block'), { now: 1000 });
  const bytes = fromPaddedBase64url(token) ?? new Uint8Array();

  test('if any bit was changed', () => {
    for (let i = 0; i < bytes.length; i++) {
      const altered = bytes.slice();
      altered[i] = (altered[i] ?? 0) ^ (1 << (i % 8));
      expect(() => openFernet(key, paddedBase64url(altered)), `byte ${i}`).toThrow(FernetError);
    }
  });

  test('if it has another version, even with a valid signature', () => {
    const signed = bytes.slice(0, -32);
    signed[0] = 0x81;
    const altered = Uint8Array.of(...signed, ...key.mac(signed));
    expect(() => openFernet(key, paddedBase64url(altered))).toThrow(FernetError);
  });

  test('if its ciphertext is empty or not whole blocks, even with a valid signature', () => {
    for (const length of [0, 15, 17]) {
      const signed = Uint8Array.of(...bytes.subarray(0, 25), ...new Uint8Array(length));
      const resigned = Uint8Array.of(...signed, ...key.mac(signed));
      expect(() => openFernet(key, paddedBase64url(resigned))).toThrow(FernetError);
    }
  });

  test('if its padding is wrong, even with a valid signature', () => {
    // One block: what is changed in the IV changes the text. `ab` has 14 bytes of padding, each of them 14.
    const whole = fromPaddedBase64url(sealFernet(key, utf8('ab'))) ?? new Uint8Array();
    const withEnd = (changes: Record<number, number>) => {
      const signed = whole.slice(0, -32);
      for (const [at, change] of Object.entries(changes))
        signed[9 + Number(at)] = (signed[9 + Number(at)] ?? 0) ^ change;
      return paddedBase64url(Uint8Array.of(...signed, ...key.mac(signed)));
    };
    expect(openFernet(key, withEnd({}))).toEqual(utf8('ab'));
    expect(openFernet(key, withEnd({ 0: 3 }))).toEqual(utf8('bb'));
    for (const end of [0, 13, 15, 17, 255]) {
      expect(() => openFernet(key, withEnd({ 15: 14 ^ end })), `${end}`).toThrow(FernetError);
    }
    for (let at = 2; at < 15; at++) expect(() => openFernet(key, withEnd({ [at]: 1 })), `${at}`).toThrow(FernetError);
  });

  test('if it was shortened or extended', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => openFernet(key, paddedBase64url(bytes.subarray(0, length)))).toThrow(FernetError);
    }
    expect(() => openFernet(key, paddedBase64url(Uint8Array.of(...bytes, 0)))).toThrow(FernetError);
  });

  test('if its base64url is not canonical', () => {
    for (const spelled of [token.replace(/=+$/, ''), `${token}=`, `${token}\n`, ` ${token}`, `${token}A`, '', '====']) {
      expect(() => openFernet(key, spelled)).toThrow(FernetError);
    }
  });

  test('under another key, whichever half differs', () => {
    const raw = randomBytes(32);
    const sealed = sealFernet(new FernetKey(raw), randomBytes(64));
    const other = raw.slice();
    other[0] = (other[0] ?? 0) ^ 1;
    expect(() => openFernet(new FernetKey(other), sealed)).toThrow(FernetError);
  });

  test('and the error reveals nothing about it', () => {
    expect(() => openFernet(key, `${token}secret`)).toThrow(/^the token does not open under this key$/);
  });
});

describe('time', () => {
  const key = new FernetKey(randomBytes(32));
  const token = sealFernet(key, utf8('x'), { now: 1_000_000 });
  const opens = (options: { now: number; ttlSeconds?: number; maxClockSkewSeconds?: number }) => {
    try {
      return fromUtf8(openFernet(key, token, options)) === 'x';
    } catch {
      return false;
    }
  };

  test('is ignored without a time to live', () => {
    expect(opens({ now: 0 })).toBe(true);
    expect(opens({ now: 9e12 })).toBe(true);
  });

  test('a token opens until the end of the last second of its time to live', () => {
    expect(opens({ now: 1_000_010, ttlSeconds: 10 })).toBe(true);
    expect(opens({ now: 1_000_011, ttlSeconds: 10 })).toBe(false);
  });

  test('a token from the future opens within the clock skew', () => {
    expect(opens({ now: 999_940, ttlSeconds: 10 })).toBe(true);
    expect(opens({ now: 999_939, ttlSeconds: 10 })).toBe(false);
    expect(opens({ now: 999_939, ttlSeconds: 10, maxClockSkewSeconds: 61 })).toBe(true);
  });
});

test('a key has 32 bytes, and does not show in JSON', () => {
  for (const length of [0, 16, 31, 33]) expect(() => new FernetKey(randomBytes(length))).toThrow(TypeError);
  expect(JSON.stringify(specKey)).toBe('{}');
  expect(Object.keys(specKey)).toEqual([]);
});
