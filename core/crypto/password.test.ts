import { scrypt } from '@noble/hashes/scrypt.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  comparePassword,
  makeVerifier,
  needsUpgrade,
  parseVerifier,
  passwordCost,
  remainingLanes,
  verifyPassword,
} from './password.ts';
import type { ScryptCost } from './scrypt.ts';

const cheap: ScryptCost = { N: 2 ** 10, r: 1, p: 1 };

function verify(password: string, verifier: string | null): Promise<boolean> {
  return verifyPassword(password, verifier, cheap);
}

// From an installation of v0.6, Werkzeug 2.3 (users alice, bob and dörte of its sample database).
const stored = [
  {
    password: 'pw-qccq4dgw8up9',
    verifier:
      'scrypt:32768:8:1$WK6Mz7ZFqXKppy4f$ca938f7ca2b413de0769efd306038b0e1d264c2c88fc88c40dbbe838c08405aa331a9ad9b939acdf6167200dcf818e64129c59bfe40e7ce84f38b0a18d0a229c',
  },
  {
    password: 'pw-b5jedk4fvwnt',
    verifier: 'pbkdf2:sha256:260000$7c7BqTHVM63Vs5Qh$a2123923fca5edd1687bc67ecff116fb893f9a8529d8837a83560504c6831e30',
  },
  {
    password: 'pw-ut6zj9dp2esb',
    verifier: 'pbkdf2:sha256:600000$jRfKsr177THCsW0b$fcadd1da163c54f7c885e560d64746d4fa0302ec436acedf72393670ff565126',
  },
];

// Werkzeug 3.1.8: generate_password_hash('correct horse – ü🔑', method).
const phrase = 'correct horse – ü🔑';
const ofPhrase = [
  'pbkdf2:sha1:1000$OXqy808nvBp5aQiJ$41aea569cc33179991142dd8e697bfa0c07545e2',
  'pbkdf2:sha256:1000$Qzh1kidqwAnB7Od6$cfb7cc93c74cfc8d8198900a2856a384b8c4c80105219c5780a7aba036934d34',
  'pbkdf2:sha512:1000$DhrizXdyz19vwPNO$9bee59b66677e3fd7d00933c45164228dee4584bdfa21885f87467e8355e15cff5f812d8f878d9daea076de353eb510619555a4ad034fd41c861c371b04da889',
  'scrypt:32768:8:3$0qgwC4y247HUF2Bx$bc1360d4c252408ab16315daf79a519d59d92ee5ad4cffa480be615e3de1eb9dff66f1da637ea0a86c99e7a5215f6525bc30d4d4ed8c50f33eb49806f6574aa5',
];

function hexOf(bytes: number): string {
  return '5a'.repeat(bytes);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('verifying', () => {
  test.each(stored)('an account from v0.6 keeps its password: $verifier', async ({ password, verifier }) => {
    expect(await verify(password, verifier)).toBe(true);
    expect(await verify(`${password} `, verifier)).toBe(false);
  });

  test.each(ofPhrase)('accepts what Werkzeug wrote: %s', async (verifier) => {
    expect(await verify(phrase, verifier)).toBe(true);
    expect(await verify(phrase.normalize('NFD'), verifier)).toBe(true);
    expect(await verify(phrase.replace('ü', 'u'), verifier)).toBe(false);
  });

  test('forms of Unicode do not matter, and a verifier that was made from another form than NFC is told', async () => {
    const raw = 'e\u0301 \u1e9b\u0323 \uac00 A\u030a';
    const forms = ['NFC', 'NFD'].map((form) => raw.normalize(form));
    for (const made of [raw, ...forms]) {
      const verifier = verifierOf(made);
      for (const typed of forms) {
        const expected = { matches: true, isOldForm: made !== raw.normalize('NFC') };
        if (made === raw) expect(await comparePassword(made, verifier, cheap)).toEqual(expected);
        else expect(await comparePassword(typed, verifier, cheap)).toEqual(expected);
      }
      expect(await comparePassword(`${made}.`, verifier, cheap)).toEqual({ matches: false, isOldForm: false });
    }
    expect(await verify(forms[1] ?? '', await makeVerifier(forms[0] ?? '', cheap))).toBe(true);
  });

  /** As version 1.0.0 made it: of the bytes as they came. */
  function verifierOf(password: string): string {
    return `scrypt:1024:1:1$salt$${bytesToHex(scrypt(password, 'salt', { ...cheap, dkLen: 64 }))}`;
  }

  test('accepts the vector of RFC 7914, section 12', async () => {
    const verifier =
      'scrypt:16384:8:1$SodiumChloride$7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887';
    expect(await verify('pleaseletmein', verifier)).toBe(true);
  });

  test('accepts the first block of the vector of RFC 7914, section 11', async () => {
    const verifier = 'pbkdf2:sha256:80000$NaCl$4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56';
    expect(await verify('Password', verifier)).toBe(true);
  });

  test('works where the platform refuses so many iterations', async () => {
    const refuse = vi.spyOn(crypto.subtle, 'deriveBits').mockRejectedValue(new DOMException('', 'NotSupportedError'));
    for (const verifier of ofPhrase.slice(0, 3)) expect(await verify(phrase, verifier)).toBe(true);
    expect(refuse).toHaveBeenCalledTimes(3);
  });

  test('an altered salt, key or cost does not match', async () => {
    const [verifier = ''] = ofPhrase;
    for (const [from, to] of [
      ['OXqy', 'OXqz'],
      ['45e2', '45e3'],
      [':1000$', ':1001$'],
    ] as const) {
      expect(await verify(phrase, verifier.replace(from, to))).toBe(false);
    }
  });

  test('text that is not well-formed does not match', async () => {
    expect(await verify('half a pair \ud83d', null)).toBe(false);
  });

  test('an empty password is hashed like any other', async () => {
    for (const verifier of ofPhrase) expect(await verify('', verifier)).toBe(false);
  });
});

describe('a verifier is rejected if it is', () => {
  const malformed = [
    '',
    '$',
    '$$',
    'plain',
    'scrypt',
    `scrypt:32768:8:1$salt`,
    `scrypt:32768:8:1$$${hexOf(64)}`,
    `scrypt$salt$${hexOf(64)}`,
    `scrypt:32768:8$salt$${hexOf(64)}`,
    `scrypt:32768:8:1:1$salt$${hexOf(64)}`,
    `scrypt:32768:8:1$salt$${hexOf(63)}`,
    `scrypt:32768:8:1$salt$${hexOf(64)}0`,
    `scrypt:32768:8:1$salt$${hexOf(64)}$`,
    `scrypt:32768:8:1$salt$${hexOf(64).toUpperCase()}`,
    `scrypt:32768:8:1$salt$${hexOf(64)}\n`,
    `scrypt:32768:8:1$salt\ud800$${hexOf(64)}`,
    `scrypt:32767:8:1$salt$${hexOf(64)}`,
    `scrypt:0x8000:8:1$salt$${hexOf(64)}`,
    `scrypt:32768.0:8:1$salt$${hexOf(64)}`,
    `scrypt:-32768:8:1$salt$${hexOf(64)}`,
    `scrypt:032768:8:1$salt$${hexOf(64)}`,
    `scrypt:32768:0:1$salt$${hexOf(64)}`,
    `scrypt:NaN:8:1$salt$${hexOf(64)}`,
    `Scrypt:32768:8:1$salt$${hexOf(64)}`,
    `pbkdf2$salt$${hexOf(32)}`,
    `pbkdf2:sha256$salt$${hexOf(32)}`,
    `pbkdf2:sha256:600000$salt$${hexOf(20)}`,
    `pbkdf2:sha1:600000$salt$${hexOf(32)}`,
    `pbkdf2:md5:600000$salt$${hexOf(16)}`,
    `pbkdf2:constructor:600000$salt$${hexOf(32)}`,
    `pbkdf2:sha256:6e5$salt$${hexOf(32)}`,
    `sha256$salt$${hexOf(32)}`,
    `argon2id$salt$${hexOf(32)}`,
    `scrypt:32768:8:1$${'s'.repeat(1000)}$${hexOf(64)}`,
  ];
  const costly = [
    `scrypt:262144:8:1$salt$${hexOf(64)}`,
    `scrypt:1073741824:8:1$salt$${hexOf(64)}`,
    `scrypt:32768:9:1$salt$${hexOf(64)}`,
    `scrypt:32768:8:6$salt$${hexOf(64)}`,
    `pbkdf2:sha256:1000001$salt$${hexOf(32)}`,
    `pbkdf2:sha256:99999999999999999999$salt$${hexOf(32)}`,
  ];
  const worthless = [`scrypt:2:8:1$salt$${hexOf(64)}`, `pbkdf2:sha256:1$salt$${hexOf(32)}`];

  test.each(malformed)('malformed: %j', (text) => {
    expect(parseVerifier(text)).toBeNull();
  });

  test.each([...costly, ...worthless])('out of bounds: %s', (text) => {
    expect(parseVerifier(text)).toBeNull();
  });

  test('and then matches nothing, without any hashing', async () => {
    const derive = vi.spyOn(crypto.subtle, 'deriveBits');
    for (const text of [...malformed, ...costly, ...worthless]) expect(await verify('x', text)).toBe(false);
    expect(derive).not.toHaveBeenCalled();
  });
});

test('a verifier at the bounds is accepted', () => {
  for (const cost of ['131072:8:5', '1024:1:1']) expect(parseVerifier(`scrypt:${cost}$s$${hexOf(64)}`)).not.toBeNull();
  for (const c of ['1000000', '1000']) expect(parseVerifier(`pbkdf2:sha512:${c}$s$${hexOf(64)}`)).not.toBeNull();
});

describe('making', () => {
  test('gives a verifier of the given cost that fits only its password', async () => {
    const verifier = await makeVerifier(phrase, cheap);
    expect(verifier).toMatch(/^scrypt:1024:1:1\$[A-Za-z0-9_-]{22}\$[0-9a-f]{128}$/);
    expect(await verify(phrase, verifier)).toBe(true);
    expect(await verify(`${phrase}.`, verifier)).toBe(false);
    expect(needsUpgrade(verifier, cheap)).toBe(false);
  });

  test('at the cost of production gives scrypt 32768:8:3, which needs no upgrade', async () => {
    const verifier = await makeVerifier(phrase, passwordCost);
    expect(verifier).toMatch(/^scrypt:32768:8:3\$/);
    expect(await verifyPassword(phrase, verifier, passwordCost)).toBe(true);
    expect(needsUpgrade(verifier, passwordCost)).toBe(false);
  });

  test('never gives the same verifier twice', async () => {
    expect(await makeVerifier('one', cheap)).not.toBe(await makeVerifier('one', cheap));
  });

  test('rejects half a character pair', async () => {
    await expect(makeVerifier('\ud83d', cheap)).rejects.toThrow(TypeError);
  });
});

test('a verifier needs an upgrade if it costs less work than a new one', () => {
  const scryptOf = (cost: string) => needsUpgrade(`scrypt:${cost}$salt$${hexOf(64)}`, passwordCost);
  for (const cost of ['32768:8:1', '32768:8:2', '16384:8:5', '65536:4:1', '65536:8:1', 'nonsense']) {
    expect(scryptOf(cost), cost).toBe(true);
  }
  for (const cost of ['32768:8:3', '65536:8:2', '131072:8:1', '32768:8:5']) expect(scryptOf(cost), cost).toBe(false);
  expect(needsUpgrade(`pbkdf2:sha256:1000000$salt$${hexOf(32)}`, passwordCost)).toBe(true);
});

describe('the time of a wrong password does not tell', () => {
  // scrypt pauses between slices, so a rejection shows that a hash was started. Nothing is timed.
  const refuse = () => Promise.reject(new Error('A hash was started'));

  test('an unknown user from a known one: the unknown user costs a hash as well', async () => {
    await expect(verifyPassword('wrong', null, passwordCost, refuse)).rejects.toThrow();
    expect(await verify('wrong', null)).toBe(false);
  });

  test('an old account from a new one: the rest of the work follows, unless the password is right', async () => {
    for (const verifier of ofPhrase.slice(0, 3)) {
      await expect(verifyPassword('wrong', verifier, passwordCost, refuse)).rejects.toThrow();
      expect(await verifyPassword(phrase, verifier, passwordCost, refuse)).toBe(true);
    }
  });

  test.each([
    ['scrypt:1024:8:1', 3],
    ['scrypt:32768:8:1', 2],
    ['scrypt:65536:8:1', 1],
    ['scrypt:32768:8:3', 0],
    ['scrypt:131072:8:5', 0],
    ['pbkdf2:sha256:1000', 3],
    ['pbkdf2:sha256:260000', 2],
    ['pbkdf2:sha256:600000', 1],
    ['pbkdf2:sha256:1000000', 0],
  ])('after %s, %i of the three lanes are left', (method, lanes) => {
    const verifier = parseVerifier(`${method}$salt$${hexOf(method.startsWith('scrypt') ? 64 : 32)}`);
    if (!verifier) throw new Error('not a verifier');
    expect(remainingLanes(verifier, passwordCost)).toBe(lanes);
  });
});
