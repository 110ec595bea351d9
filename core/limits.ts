/**
 * Every bound of the product, once. A name says what it bounds and ends in its unit: `maxPasswordBytes`, `sessionTtlSeconds`.
 */

// --- HTTP: requests, bodies, headers and connections

// --- Accounts and passwords

/** Failed passwords within the window, after which an account accepts no further attempts. */
export const maxFailuresPerAccount = 5;

/** The same for an address; an IPv6 /64 counts as one address. */
export const maxFailuresPerAddress = 20;

export const failureWindowSeconds = 15 * 60;

/** Password hashes run one at a time. Requests beyond this many in the queue are told to try again. */
export const maxWaitingHashes = 64;

/** A request that is cut off never ends its turn to hash: after this time the next one starts. */
export const maxHashTurnMs = 5_000;

/** A request that is cut off never leaves the queue: without a sign of life for this time it no longer counts. */
export const maxHashSilenceMs = 1_000;

// --- Secrets

// --- The log, lists and paging

/** How many entries of the log a list holds where the request does not say. */
export const defaultUserEventsPerList = 50;
export const defaultAdminEventsPerList = 100;
export const maxEventsPerList = 500;

export const maxSecretsPerList = 10_000;
export const maxUsersPerList = 1_000;
export const maxSessionsPerList = 200;

// --- Start, stop and health

// --- Backups, restores and moving in
