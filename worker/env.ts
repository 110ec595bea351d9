/** The worker's environment: what the platform binds, and the settings that it is parsed into. */
import { parseKeyring } from '../core/crypto/keyring.ts';
import { passwordCost } from '../core/crypto/password.ts';
import { parseSessionKey } from '../core/crypto/session-token.ts';
import { defaultSessionHours, maxSessionHours } from '../core/limits.ts';
import { OperatorError } from '../core/operator-error.ts';
import type { Vault } from './operations/vault.ts';

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
  FIRST_ACCOUNTS?: string;
  /** What the gate says with each request, where other programs can reach the worker without it. */
  GATE_SECRET?: string;
}

export interface Settings {
  vault: Vault;
  assets: Fetcher | undefined;
  /** The origins whose pages may call the API with a bearer token. */
  corsOrigins: string[];
}

/**
 * Parses the environment, once per isolate.
 *
 * @throws OperatorError that names the setting and never contains its value.
 */
export const parseEnv = (bindings: Bindings): Settings => {
  if (!bindings.DB) throw new OperatorError('The binding DB is missing. Bind a D1 database as DB in wrangler.toml.');
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

const sessionHours = (text = ''): number => {
  if (text.trim() === '') return defaultSessionHours;
  const hours = Number(text);
  if (Number.isFinite(hours) && hours > 0 && hours <= maxSessionHours) return hours;
  throw new OperatorError(`JWT_EXPIRY_HOURS must be a number of hours greater than 0, at most ${maxSessionHours}.`);
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
