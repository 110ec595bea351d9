import { parseKeyring } from '../core/crypto/keyring.ts';
import { passwordCost } from '../core/crypto/password.ts';
import { parseSessionKey } from '../core/crypto/session-token.ts';
import type { Vault } from './operations/vault.ts';

/** What the platform hands the worker. Everything is optional until `parseEnv` has looked at it. */
export interface Bindings {
  DB?: D1Database;
  ASSETS?: Fetcher;
  SECRET_KEY?: string;
  ENCRYPTION_KEY?: string;
  RETIRED_ENCRYPTION_KEYS?: string;
  ADMIN_PASSWORD?: string;
  JWT_EXPIRY_HOURS?: string;
  CORS_ORIGINS?: string;
  FIRST_ACCOUNTS?: string;
}

export interface Settings {
  vault: Vault;
  assets: Fetcher | undefined;
  /** Origins whose pages may call the API with a bearer token. */
  corsOrigins: string[];
}

/** A setting is missing or makes no sense; the message says which, and never what it was. */
export class SettingError extends Error {
  override name = 'SettingError';
}

/**
 * Parses the environment, once per isolate.
 *
 * @throws SettingError or KeyFormatError with a sentence for whoever runs the vault.
 */
export const parseEnv = (bindings: Bindings): Settings => {
  if (!bindings.DB) throw new SettingError('There is no database: wrangler.toml must bind a D1 database as DB.');
  return {
    vault: {
      db: bindings.DB,
      keyring: parseKeyring(bindings.ENCRYPTION_KEY, bindings.RETIRED_ENCRYPTION_KEYS),
      sessionKey: parseSessionKey(bindings.SECRET_KEY),
      sessionTtlSeconds: Math.ceil(sessionHours(bindings.JWT_EXPIRY_HOURS) * 3_600),
      passwordCost,
      adminPassword: bindings.ADMIN_PASSWORD || null,
      makesDefaultAccounts: bindings.FIRST_ACCOUNTS === 'default',
    },
    assets: bindings.ASSETS,
    corsOrigins: corsOrigins(bindings.CORS_ORIGINS),
  };
};

const defaultSessionHours = 24;
const sessionHoursMost = 24 * 365;

const sessionHours = (text = ''): number => {
  if (text.trim() === '') return defaultSessionHours;
  const hours = Number(text);
  if (Number.isFinite(hours) && hours > 0 && hours <= sessionHoursMost) return hours;
  throw new SettingError(`JWT_EXPIRY_HOURS must be a number of hours, more than 0 and at most ${sessionHoursMost}.`);
};

const corsOrigins = (text = ''): string[] =>
  text
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '')
    .map((origin) => {
      if (URL.canParse(origin) && new URL(origin).origin === origin) return origin;
      throw new SettingError('CORS_ORIGINS must be origins such as https://tools.example.com, separated by commas.');
    });
