/**
 * Every bound of the product, once. A name says what it bounds and ends in its unit: `maxPasswordBytes`, `sessionTtlSeconds`.
 */

// --- HTTP: requests, bodies, headers and connections

/** What the log keeps of the target of an invalid request. */
export const maxAttemptedTargetCharacters = 300;

// --- Accounts and passwords

/** In code points, which is what NIST SP 800-63B counts. */
export const minPasswordCharacters = 8;
/** Enough for any passphrase, and little enough to hash without harm. */
export const maxPasswordBytes = 1024;

export const defaultSessionHours = 24;
/** Below the 400 days that browsers allow a cookie (RFC 6265bis, section 5.5). */
export const maxSessionHours = 24 * 365;

// --- Secrets

/** Of a secret or an account, in UTF-8. */
export const maxNameBytes = 255;
export const maxValueBytes = 64 * 1024;
export const maxDescriptionBytes = 4 * 1024;

// --- The log, lists and paging

export const maxEventsPerList = 500;
export const maxFilterCharacters = 1_000;
/** How far back the activity per hour and per day reaches. */
export const maxActivityHours = 48;
export const maxActivityDays = 30;

// --- Start, stop and health

/** How long `GET /health` repeats an answer. */
export const maxHealthAgeMs = 1_000;

// --- Backups, restores and moving in
