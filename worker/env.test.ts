import { describe, expect, test } from 'vitest';
import { OperatorError } from '../core/operator-error.ts';
import { type Bindings, parseEnv } from './env.ts';
import type { Vault } from './operations/vault.ts';
import { testKeys } from './testing/vault.ts';

const DB = {} as D1Database;
const parse = (bindings: Bindings) => parseEnv({ DB, ...testKeys, ...bindings });

test('passwords are hashed at the cost of production', () => {
  expect(parse({}).vault.passwordCost).toEqual({ N: 32_768, r: 8, p: 3 });
});

test('a database is required', () => {
  expect(() => parseEnv(testKeys)).toThrow(OperatorError);
});

test.each([
  ['', 86_400],
  [' ', 86_400],
  ['0.5', 1_800],
  ['0.0001', 1],
  ['8760', 31_536_000],
])('JWT_EXPIRY_HOURS=%j lets a session last %i seconds', (hours, seconds) => {
  expect(parse({ JWT_EXPIRY_HOURS: hours }).vault.sessionTtlSeconds).toBe(seconds);
});

test.each(['0', '-1', '8761', 'Infinity', 'NaN', 'a day', '1h'])('JWT_EXPIRY_HOURS=%j is rejected', (hours) => {
  expect(() => parse({ JWT_EXPIRY_HOURS: hours })).toThrow(/^JWT_EXPIRY_HOURS must be .*\.$/);
});

test('CORS_ORIGINS is a comma-separated list of origins', () => {
  expect(parse({}).corsOrigins).toEqual([]);
  expect(parse({ CORS_ORIGINS: ' https://a.example, http://b.example:8080 ,' }).corsOrigins).toEqual([
    'https://a.example',
    'http://b.example:8080',
  ]);
});

test.each(['*', 'null', 'a.example', 'https://a.example/', 'https://a.example/path', 'https://A.example'])(
  'CORS_ORIGINS=%j is rejected',
  (origins) => {
    expect(() => parse({ CORS_ORIGINS: origins })).toThrow(/^CORS_ORIGINS must be .*\.$/);
  },
);

test('METRICS_TOKEN is long, and can be sent in a header; without one there are no metrics', () => {
  const token = '0123456789abcdef0123456789abcdef';
  for (const none of [{}, { METRICS_TOKEN: '' }, { METRICS_TOKEN: ' ' }])
    expect([parse(none).metricsToken, parse(none).vault.metrics]).toEqual([null, null]);
  expect(parse({ METRICS_TOKEN: `${token}\n` }).metricsToken).toBe(token);
  expect(parse({ METRICS_TOKEN: token }).vault.metrics).not.toBeNull();
  for (const wrong of ['short', token.slice(1), 'a'.repeat(513), `${token} ${token}`, `${token}é`, `${token}\u0000`])
    expect(() => parse({ METRICS_TOKEN: wrong })).toThrow(/^METRICS_TOKEN must have 32 to 512 .*\.$/);
});

test('an empty ADMIN_PASSWORD is none, and default accounts need FIRST_ACCOUNTS=default', () => {
  expect(parse({ ADMIN_PASSWORD: '' }).vault).toMatchObject({ adminPassword: null, makesDefaultAccounts: false });
  expect(parse({ FIRST_ACCOUNTS: 'default' }).vault.makesDefaultAccounts).toBe(true);
  expect(parse({ FIRST_ACCOUNTS: 'true' }).vault.makesDefaultAccounts).toBe(false);
});

describe('the limits for each account', () => {
  test('have generous defaults', () => {
    expect(parse({}).vault.limits).toEqual({
      requestsPerMinute: 10_000,
      secrets: 25_000,
      storedBytes: 256 * 1024 * 1024,
      keptVersions: 20,
    });
  });

  test.each([
    ['MAX_REQUESTS_PER_MINUTE', 'requestsPerMinute', 7],
    ['MAX_KEYS_PER_USER', 'secrets', 7],
    ['MAX_MEGABYTES_PER_USER', 'storedBytes', 7 * 1024 * 1024],
  ] as const)('%s is a whole number', (name, limit, value) => {
    expect(parse({ [name]: ' 7 ' }).vault.limits[limit]).toBe(value);
    expect(parse({ [name]: '' }).vault.limits).toEqual(parse({}).vault.limits);
    for (const wrong of ['0', '-1', '1.5', 'x', '1e3', '9999999999']) {
      expect(() => parse({ [name]: wrong })).toThrow(`${name} must be a whole number from 1 to 999999999.`);
    }
  });

  test.each([
    ['KEEP_VERSIONS', ({ limits }: Vault) => limits.keptVersions, 20, 100],
    ['TRASH_DAYS', ({ trashMs }: Vault) => trashMs / 86_400_000, 30, 3650],
  ] as const)('%s is a whole number with a maximum', (name, setting, byDefault, max) => {
    expect(setting(parse({}).vault)).toBe(byDefault);
    expect(setting(parse({ [name]: ` ${max} ` }).vault)).toBe(max);
    for (const wrong of ['0', '-1', '1.5', 'x', '1e1', `${max + 1}`]) {
      expect(() => parse({ [name]: wrong })).toThrow(`${name} must be a whole number from 1 to ${max}.`);
    }
  });

  test('LOG_RETENTION_DAYS is off, or a week or more', () => {
    for (const off of ['', ' ']) expect(parse({ LOG_RETENTION_DAYS: off }).vault.logDays).toBeNull();
    expect(parse({}).vault.logDays).toBeNull();
    for (const days of [7, 36_500]) expect(parse({ LOG_RETENTION_DAYS: ` ${days} ` }).vault.logDays).toBe(days);
    for (const wrong of ['0', '6', '-7', '7.5', '90d', 'never', '36501']) {
      expect(() => parse({ LOG_RETENTION_DAYS: wrong })).toThrow(
        'LOG_RETENTION_DAYS must be a whole number from 7 to 36500.',
      );
    }
  });
});
