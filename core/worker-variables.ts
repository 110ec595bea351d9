/** Everything that the worker is told, in either runtime, and nothing else of the environment. worker/env.ts reads them. */
export const workerVariables = [
  'SECRET_KEY',
  'ENCRYPTION_KEY',
  'RETIRED_ENCRYPTION_KEYS',
  'ADMIN_PASSWORD',
  'JWT_EXPIRY_HOURS',
  'CORS_ORIGINS',
] as const;
