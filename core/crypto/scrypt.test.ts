import { expect, test } from 'vitest';
import { sliced } from './scrypt.ts';

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function hex(derived: Uint8Array): string {
  return [...derived].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0));
}

test.each([
  [
    '',
    '',
    { N: 16, r: 1, p: 1 },
    '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906',
  ],
  [
    'password',
    'NaCl',
    { N: 1024, r: 8, p: 16 },
    'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
  ],
  [
    'pleaseletmein',
    'SodiumChloride',
    { N: 16384, r: 8, p: 1 },
    '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
  ],
])('gives the vectors of RFC 7914, section 12: %j %j %o', async (password, salt, cost, expected) => {
  expect(hex(await sliced(turn)(bytes(password), bytes(salt), cost, 64))).toBe(expected);
});

test('pauses often, whatever the parameters, so that other requests are answered meanwhile', async () => {
  for (const cost of [
    { N: 2 ** 15, r: 8, p: 1 },
    { N: 2 ** 17, r: 1, p: 1 },
    { N: 2 ** 10, r: 8, p: 5 },
  ]) {
    let pauses = 0;
    const counted = sliced(async () => {
      pauses += 1;
    });
    await counted(bytes('password'), bytes('salt'), cost, 64);
    // 2^18 cores of Salsa20/8 take some 40 ms.
    expect(pauses).toBeGreaterThanOrEqual((4 * cost.N * cost.r * cost.p) / 2 ** 15);
  }
});
