/**
 * Every bound of the product, once. A name says what it bounds and ends in its unit: `maxPasswordBytes`, `sessionTtlSeconds`.
 */

// --- HTTP: requests, bodies, headers and connections

// --- Accounts and passwords

export const minPasswordCharacters = 8;

// --- Secrets

/** Of key names and user names. */
export const maxNameBytes = 255;

// --- The log, lists and paging

/** How far the activity chart goes back, by hours and by days. */
export const maxActivityHours = 48;
export const maxActivityDays = 30;

// --- Start, stop and health

// --- Backups, restores and moving in
