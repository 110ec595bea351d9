/** The worker's environment: what the platform binds, and the settings that it is parsed into. */
import { base64url, fromPastedBase64 } from '../core/crypto/encoding.ts';
import { FernetKey } from '../core/crypto/fernet.ts';
import { parseKeyring } from '../core/crypto/keyring.ts';
import { passwordCost } from '../core/crypto/password.ts';
import { deriveKey, parseSessionKey, SessionKey } from '../core/crypto/session-token.ts';
import {
  defaultKeptVersions,
  defaultRequestsPerMinute,
  defaultSecretsPerAccount,
  defaultSessionHours,
  defaultStoredMegabytesPerAccount,
  defaultTrashDays,
  maxKeptVersions,
  maxLogDays,
  maxMetricsTokenCharacters,
  maxSessionHours,
  maxTrashDays,
  minLogDays,
  minMetricsTokenCharacters,
} from '../core/limits.ts';
import { OperatorError } from '../core/operator-error.ts';
import { parseBasePath } from '../core/settings/base-path.ts';
import { requiresSeals } from '../core/settings/require-seals.ts';
import type { CookieSettings } from './http/context.ts';
import { createHasher, type Hasher } from './operations/hasher.ts';
import { Metrics } from './operations/metrics.ts';
import type { AccountLimits, Vault } from './operations/vault.ts';

/** What the platform binds. Everything is optional until `parseEnv` has checked it. */
export interface Bindings {
  DB?: D1Database;
  ASSETS?: Fetcher;
  SECRET_KEY?: string;
  ENCRYPTION_KEY?: string;
  RETIRED_ENCRYPTION_KEYS?: string;
  ADMIN_PASSWORD?: string;
  JWT_EXPIRY_HOURS?: string;
  CORS_ORIGINS?: string;
  BASE_PATH?: string;
  FIRST_ACCOUNTS?: string;
  /** What the gate says with each request, where other programs can reach the worker without it. */
  GATE_SECRET?: string;
  /** A process that hashes passwords, where nobody else can reach it. */
  HASHER?: Fetcher;
  /** The same on the loopback interface: its port, and the key that seals what is said. */
  HASHER_PORT?: string;
  HASHER_KEY?: string;
  LOCAL_ONLY?: string;
  MAX_REQUESTS_PER_MINUTE?: string;
  MAX_KEYS_PER_USER?: string;
  MAX_MEGABYTES_PER_USER?: string;
  KEEP_VERSIONS?: string;
  TRASH_DAYS?: string;
  METRICS_TOKEN?: string;
  /** Keeps checkpoints outside the vault. `npm start` does it without the worker. */
  PIN?: { pin: () => Promise<void> };
  LOG_STDOUT?: string;
  LOG_RETENTION_DAYS?: string;
  REQUIRE_SEALS?: string;
}

export interface Settings {
  vault: Vault;
  cookies: CookieSettings;
  /** The sub-path of the vault, such as `/vault`; '' for the root of the host. */
  basePath: string;
  assets: Fetcher | undefined;
  /** The origins whose pages may call the API with a bearer token. */
  corsOrigins: string[];
  /** What Prometheus must send; null if there are no metrics. */
  metricsToken: string | null;
}

/**
 * Parses the environment, once per isolate.
 *
 * @throws OperatorError that names the setting and never contains its value.
 */
export const parseEnv = (bindings: Bindings): Settings => {
  if (!bindings.DB) throw new OperatorError('The binding DB is missing. Bind a D1 database as DB in wrangler.toml.');
  const basePath = parseBasePath(bindings.BASE_PATH);
  const metricsToken = parseMetricsToken(bindings.METRICS_TOKEN);
  const vaultTag = base64url(deriveKey(bindings.SECRET_KEY, 'cookie names').subarray(0, 6));
  return {
    vault: {
      db: bindings.DB,
      keyring: parseKeyring(bindings.ENCRYPTION_KEY, bindings.RETIRED_ENCRYPTION_KEYS),
      sessionKey: parseSessionKey(bindings.SECRET_KEY),
      cookieKey: new SessionKey(deriveKey(bindings.SECRET_KEY, 'session cookie')),
      sessionTtlSeconds: Math.ceil(sessionHours(bindings.JWT_EXPIRY_HOURS) * 3_600),
      passwordCost,
      hasher: hasherOf(bindings),
      adminPassword: bindings.ADMIN_PASSWORD || null,
      makesDefaultAccounts: bindings.FIRST_ACCOUNTS === 'default',
      isLocalOnly: bindings.LOCAL_ONLY === 'yes',
      requiresSeals: requiresSeals((name) => bindings[name as 'REQUIRE_SEALS']),
      limits: accountLimits(bindings),
      trashMs: wholeNumber(bindings, 'TRASH_DAYS', defaultTrashDays, maxTrashDays) * 86_400_000,
      metrics: metricsToken === null ? null : new Metrics(),
      pin: bindings.PIN ? () => bindings.PIN?.pin() ?? Promise.resolve() : null,
      writeEvent: eventOutput(bindings),
      logDays: wholeNumber(bindings, 'LOG_RETENTION_DAYS', null, maxLogDays, minLogDays),
    },
    cookies: { vaultTag, path: basePath || '/' },
    basePath,
    assets: bindings.ASSETS,
    corsOrigins: corsOrigins(bindings.CORS_ORIGINS),
    metricsToken,
  };
};

const hasherOf = ({ HASHER, HASHER_PORT, HASHER_KEY }: Bindings): Hasher | null => {
  if (HASHER) return createHasher({ fetch: (url, init) => HASHER.fetch(url, init) }, null);
  const key = HASHER_KEY && fromPastedBase64(HASHER_KEY);
  if (!HASHER_PORT || !key) return null;
  return createHasher({ fetch: (_, init) => fetch(`http://127.0.0.1:${HASHER_PORT}/`, init) }, new FernetKey(key));
};

const accountLimits = (bindings: Bindings): AccountLimits => ({
  requestsPerMinute: wholeNumber(bindings, 'MAX_REQUESTS_PER_MINUTE', defaultRequestsPerMinute),
  secrets: wholeNumber(bindings, 'MAX_KEYS_PER_USER', defaultSecretsPerAccount),
  storedBytes: wholeNumber(bindings, 'MAX_MEGABYTES_PER_USER', defaultStoredMegabytesPerAccount) * 1024 * 1024,
  keptVersions: wholeNumber(bindings, 'KEEP_VERSIONS', defaultKeptVersions, maxKeptVersions),
});

const wholeNumber = <Default extends number | null>(
  bindings: Bindings,
  name: NumberName,
  byDefault: Default,
  max = 999_999_999,
  min = 1,
): number | Default => {
  const text = bindings[name]?.trim() ?? '';
  if (text === '') return byDefault;
  if (/^[1-9]\d{0,8}$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
  throw new OperatorError(`${name} must be a whole number from ${min} to ${max}.`);
};

type NumberName = Extract<keyof Bindings, `MAX_${string}`> | 'KEEP_VERSIONS' | 'TRASH_DAYS' | 'LOG_RETENTION_DAYS';

const sessionHours = (text = ''): number => {
  if (text.trim() === '') return defaultSessionHours;
  const hours = Number(text);
  if (Number.isFinite(hours) && hours > 0 && hours <= maxSessionHours) return hours;
  throw new OperatorError(`JWT_EXPIRY_HOURS must be a number of hours greater than 0, at most ${maxSessionHours}.`);
};

/** Behind the gate is `wrangler dev`, which is told to pass on errors only. */
const eventOutput = ({ LOG_STDOUT = '', GATE_SECRET }: Bindings): Vault['writeEvent'] => {
  const format = LOG_STDOUT.trim();
  if (format === '') return null;
  if (format !== 'json') throw new OperatorError('LOG_STDOUT must be "json", or not be set.');
  return (line) => (GATE_SECRET ? console.error(line) : console.log(line));
};

const parseMetricsToken = (text = ''): string | null => {
  const token = text.trim();
  if (token === '') return null;
  // It goes into a header of the request.
  if (
    /^[\x21-\x7e]+$/.test(token) &&
    token.length >= minMetricsTokenCharacters &&
    token.length <= maxMetricsTokenCharacters
  )
    return token;
  throw new OperatorError(
    `METRICS_TOKEN must have ${minMetricsTokenCharacters} to ${maxMetricsTokenCharacters} letters, digits or signs, without blanks. \`openssl rand -hex 32\` makes one.`,
  );
};

const corsOrigins = (text = ''): string[] =>
  text
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '')
    .map((origin) => {
      if (URL.canParse(origin) && new URL(origin).origin === origin) return origin;
      throw new OperatorError('CORS_ORIGINS must be comma-separated origins, such as https://tools.example.com.');
    });
