import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test, vi } from 'vitest';
import { base64url, fromPastedBase64, fromUtf8, utf8 } from './encoding.ts';
import { KeyFormatError } from './key-material.ts';
import { issueSessionToken, newSessionId, parseSessionKey, verifySessionToken } from './session-token.ts';

const secret = 'b7c1f0a95e3d4286-used-by-this-test-and-nothing-else';
const key = parseSessionKey(secret);
const now = 1_750_760_000;
const claims = {
  userId: 7,
  username: 'dörte',
  role: 'user',
  sessionId: 'AAECAwQFBgcICQoLDA0ODw',
  issuedAt: now,
  expiresAt: now + 3600,
};
const identity = { userId: 7, username: 'dörte', sessionId: 'AAECAwQFBgcICQoLDA0ODw' };
/** Tokens of version 1.0.0 do not say what they may do: they are a person's own. */
const issued = { ...identity, access: null };
const wire = { user_id: 7, username: 'dörte', role: 'user', sid: claims.sessionId, iat: now, exp: now + 3600 };

// Built by hand, to make tokens that jose would refuse to sign.
async function forge(
  payload: unknown,
  header: object = { alg: 'HS256', typ: 'JWT' },
  signingKey = secret,
  hash = 'SHA-256',
) {
  const part = (value: unknown) => base64url(utf8(typeof value === 'string' ? value : JSON.stringify(value)));
  const signed = `${part(header)}.${part(payload)}`;
  const hmacKey = await crypto.subtle.importKey('raw', utf8(signingKey), { name: 'HMAC', hash }, false, ['sign']);
  return `${signed}.${base64url(new Uint8Array(await crypto.subtle.sign('HMAC', hmacKey, utf8(signed))))}`;
}

function verify(token: string, at = now) {
  return verifySessionToken(key, token, at);
}

describe('a token', () => {
  // Made with Python's hmac and json.
  const python =
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjo3LCJ1c2VybmFtZSI6ImTDtnJ0ZSIsInJvbGUiOiJ1c2VyIiwic2lkIjoiQUFFQ0F3UUZCZ2NJQ1FvTERBME9EdyIsImlhdCI6MTc1MDc2MDAwMCwiZXhwIjoxNzUwNzYzNjAwfQ.cXcPQtnukZOth3qjzs5g0JVWRHtyWW_CB9s-39YFJYM';

  test('is the same JWT in another implementation', async () => {
    expect(await verify(python)).toEqual(issued);
    expect(await forge(wire)).toBe(python);
  });

  test('contains exactly the claims of v0.6, a session id, and what a child may do', async () => {
    const [header = '', payload = ''] = (await issueSessionToken(key, claims)).split('.');
    const read = (part: string) => JSON.parse(fromUtf8(fromPastedBase64(part) ?? new Uint8Array()));
    expect(read(header)).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(read(payload)).toEqual({ ...wire, access: null });
  });

  test('gives the identity until the second in which it expires', async () => {
    const token = await issueSessionToken(key, claims);
    expect(await verify(token)).toEqual(issued);
    expect(await verify(token, now + 3599)).toEqual(issued);
    expect(await verify(token, now + 3600)).toBeNull();
    expect(await verify(token, now + 1e9)).toBeNull();
  });

  test('is valid if the clock was set back: the session row decides', async () => {
    expect(await verify(await issueSessionToken(key, claims), now - 86_400)).toEqual(issued);
  });

  test('is verified once, and then recognised only if no character differs', async () => {
    const token = await issueSessionToken(key, claims);
    expect(await verify(token)).toEqual(issued);
    const verifies = vi.spyOn(crypto.subtle, 'verify');
    expect(await verify(token)).toEqual(issued);
    expect(verifies).not.toHaveBeenCalled();
    for (let i = 0; i < token.length; i++) {
      const altered = token.slice(0, i) + (token[i] === 'A' ? 'B' : 'A') + token.slice(i + 1);
      // The last character of a part has unused bits, so a changed one may be the same signature. It is verified again.
      if (
        fromPastedBase64(altered.split('.')[2] ?? '')?.join() === fromPastedBase64(token.split('.')[2] ?? '')?.join()
      ) {
        if (altered.split('.').slice(0, 2).join() === token.split('.').slice(0, 2).join()) continue;
      }
      expect(await verify(altered), `character ${i}`).toBeNull();
    }
    verifies.mockRestore();
  });

  test('with a not-before time is not remembered', async () => {
    const token = await forge({ ...wire, nbf: now + 60 });
    expect(await verify(token, now + 60)).toEqual(issued);
    expect(await verify(token, now)).toBeNull();
  });

  test('is still valid after more tokens than are remembered', async () => {
    const token = await issueSessionToken(key, claims);
    expect(await verify(token)).toEqual(issued);
    for (let i = 0; i < 1_100; i++) {
      const other = await issueSessionToken(key, { ...claims, userId: 1_000 + i });
      expect(await verify(other)).toMatchObject({ userId: 1_000 + i });
    }
    expect(await verify(token)).toEqual(issued);
  });

  test('verifies simultaneously with others, under a key that is not yet imported', async () => {
    const token = await issueSessionToken(key, claims);
    const fresh = parseSessionKey(secret);
    const all = await Promise.all(Array.from({ length: 20 }, () => verifySessionToken(fresh, token, now)));
    for (const one of all) expect(one).toEqual(issued);
  });
});

describe('no identity comes from', () => {
  test.each(['none', 'None', 'NONE', 'nOnE', '', 'hs256', 'HS256 ', null, 256, ['HS256']])('alg %j', async (alg) => {
    const [header, payload, mac] = (await forge(wire, { alg, typ: 'JWT' })).split('.');
    expect(await verify(`${header}.${payload}.${mac}`)).toBeNull();
    expect(await verify(`${header}.${payload}.`)).toBeNull();
    expect(await verify(`${header}.${payload}`)).toBeNull();
  });

  test('an unsecured token', async () => {
    expect(await verify(new UnsecuredJWT(wire).encode())).toBeNull();
  });

  test('another algorithm under the same key', async () => {
    expect(await verify(await forge(wire, { alg: 'HS512' }, secret, 'SHA-512'))).toBeNull();
    expect(await verify(await forge(wire, { alg: 'HS384' }, secret, 'SHA-384'))).toBeNull();
    expect(await verify(await forge(wire, { alg: 'RS256' }))).toBeNull();
    expect(await verify(await forge(wire, { alg: 'HS512' }))).toBeNull();
  });

  test('another kind of key', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    expect(await verify(await new SignJWT(wire).setProtectedHeader({ alg: 'RS256' }).sign(privateKey))).toBeNull();
  });

  test('another key, a shorter one or a longer one', async () => {
    for (const other of [`${secret}0`, secret.slice(1), '0']) {
      expect(await verify(await forge(wire, undefined, other))).toBeNull();
    }
  });

  test('an unknown critical header', async () => {
    expect(await verify(await forge(wire, { alg: 'HS256', crit: ['x'], x: 1 }))).toBeNull();
    expect(await verify(await forge(wire, { alg: 'HS256', crit: ['b64'], b64: false }))).toBeNull();
  });

  test.each([
    ['exp missing', { exp: undefined }],
    ['exp a string', { exp: String(now + 3600) }],
    ['exp null', { exp: null }],
    ['exp past', { exp: now - 1 }],
    ['exp now', { exp: now }],
    ['exp negative', { exp: -1 }],
    ['iat missing', { iat: undefined }],
    ['iat a string', { iat: String(now) }],
    ['nbf in the future', { nbf: now + 60 }],
    ['sid missing', { sid: undefined }],
    ['sid empty', { sid: '' }],
    ['sid too short', { sid: claims.sessionId.slice(1) }],
    ['sid too long', { sid: `${claims.sessionId}A` }],
    ['sid with a newline', { sid: `${claims.sessionId}\n` }],
    ['sid of other characters', { sid: `'${claims.sessionId.slice(1)}` }],
    ['sid a number', { sid: 1 }],
    ['sid an array', { sid: [claims.sessionId] }],
    ['user_id missing', { user_id: undefined }],
    ['user_id a string', { user_id: '7' }],
    ['user_id zero', { user_id: 0 }],
    ['user_id a fraction', { user_id: 1.5 }],
    ['user_id beyond 2^53', { user_id: 2 ** 53 }],
    ['username missing', { username: undefined }],
    ['username empty', { username: '' }],
    ['username an object', { username: {} }],
  ])('%s', async (_, change) => {
    expect(await verify(await forge({ ...wire, ...change }))).toBeNull();
  });

  test.each(['', 'null', '[]', '"text"', '{', '{"exp":1e999}'])('the payload %j', async (payload) => {
    expect(await verify(await forge(payload))).toBeNull();
  });

  test('a payload that was edited', async () => {
    const [header, , mac] = (await issueSessionToken(key, claims)).split('.');
    const edited = base64url(utf8(JSON.stringify({ ...wire, role: 'admin' })));
    expect(await verify(`${header}.${edited}.${mac}`)).toBeNull();
  });

  test('a token of which any character was changed', async () => {
    const token = await issueSessionToken(key, claims);
    for (let i = 0; i < token.length - 1; i++) {
      const other = token[i] === 'A' ? 'B' : 'A';
      expect(await verify(token.slice(0, i) + other + token.slice(i + 1)), `character ${i}`).toBeNull();
    }
  });

  test('text that is not a token', async () => {
    for (const text of ['', '.', '..', '...', 'a.b.c', 'Bearer x', '\ud800.\ud800.\ud800', 'é.é.é', '\0', '{}']) {
      expect(await verify(text)).toBeNull();
    }
  });

  test('a valid token of more than 4,096 characters', async () => {
    const long = await forge({ ...wire, padding: 'x'.repeat(4096) });
    expect(await verify(long)).toBeNull();
    expect(await verify(await forge({ ...wire, padding: 'x'.repeat(2048) }))).toEqual(issued);
    expect(await verify('A'.repeat(100_000))).toBeNull();
  });
});

describe('SECRET_KEY', () => {
  test.each([
    ['missing', undefined, 'is not set'],
    ['empty', '', 'is not set'],
    ['blank', '  \n', 'is not set'],
    ['of 31 bytes', 'x7Qm2Lr9Tb4Vn8Kc1Wd6Zs3Hf5Jg0Py', 'must have at least 32 bytes'],
    ['of 31 bytes and a newline', 'x7Qm2Lr9Tb4Vn8Kc1Wd6Zs3Hf5Jg0Py\n', 'must have at least 32 bytes'],
    ['a placeholder', 'your-secret-key-here-change-in-production', 'is still a placeholder'],
    ['one character again and again', 'x'.repeat(64), 'is a pattern'],
    ['a word again and again', 'secret!!'.repeat(8), 'is a pattern'],
    ['half a character pair', `${secret}\ud83d`, 'is not valid Unicode'],
  ])('%s is rejected, and the message does not contain it', (_, text, problem) => {
    expect(() => parseSessionKey(text)).toThrow(KeyFormatError);
    expect(() => parseSessionKey(text)).toThrow(`SECRET_KEY ${problem}`);
    if (text?.trim()) expect(() => parseSessionKey(text)).not.toThrow(text.trim());
  });

  test('may have 32 bytes in fewer characters, and a trailing newline', async () => {
    expect(() => parseSessionKey('äöüßéèêñçåøæœþðł')).not.toThrow();
    const token = await issueSessionToken(parseSessionKey(`${secret}\n`), claims);
    expect(await verify(token)).toEqual(issued);
  });

  test('is not extractable once imported, and does not show in JSON', async () => {
    expect((await key.cryptoKey()).extractable).toBe(false);
    expect(JSON.stringify(parseSessionKey(secret))).toBe('{}');
  });
});

test('a session id is 128 random bits', () => {
  const ids = Array.from({ length: 1000 }, newSessionId);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(new Set(ids).size).toBe(ids.length);
});
