/**
 * Every bound of the product, once. A name says what it bounds and ends in its unit: `maxPasswordBytes`, `sessionTtlSeconds`.
 */

// --- HTTP: requests, bodies, headers and connections

// --- Accounts and passwords

// --- Secrets

// --- The log, lists and paging

// --- Start, stop and health

/** From the start of `npm start` until the vault is healthy. */
export const maxStartMs = 60_000;

/** A worker that reports for this long at a start that it is not healthy will stay so. */
export const maxUnhealthyStartMs = 2_000;

/** For one answer to /health at a start. */
export const maxHealthAnswerMs = 10_000;

/** For requests in progress at a stop. With wrangler's own 1.5 s this stays below the 5 s in which everything must end. */
export const maxDrainMs = 3_000;

/** The transactions that wait for the database of the standalone vault. Further requests fail with 5xx. */
export const maxWaitingJobs = 4_096;

/** A transaction that waits longer is dropped: its caller has hung up, or its own call would have taken it. */
export const maxJobWaitMs = 10_000;

// --- Backups, restores and moving in
