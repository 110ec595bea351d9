/**
 * Every bound of the product, once. A name says what it bounds and ends in its unit: `maxPasswordBytes`, `sessionTtlSeconds`.
 */

// --- HTTP: requests, bodies, headers and connections

// --- Accounts and passwords

// --- Secrets

/** A name of a key or an account. */
export const maxNameBytes = 255;

// --- The log, lists and paging

/** The rest of a user agent is not recorded. */
export const maxUserAgentCharacters = 256;

// --- Start, stop and health

// --- Backups, restores and moving in

/** An env file that is restored with a backup. */
export const maxEnvFileBytes = 1024 * 1024;
/** How long a copy of the database waits for another process that writes to it. */
export const copyBusyTimeoutMs = 10_000;
/** How long a copy waits for another process that has it open by mistake. */
export const foldBusyTimeoutMs = 2_000;
/** After this time, a copy that a killed backup left behind is removed. */
export const abandonedCopyMs = 3_600_000;
