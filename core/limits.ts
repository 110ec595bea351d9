/**
 * Every bound of the product, once. A name says what it bounds and ends in its unit: `maxPasswordBytes`, `sessionTtlSeconds`.
 */

// --- HTTP: requests, bodies, headers and connections

// --- Accounts and passwords

// --- Secrets

// --- The log, lists and paging

// --- Start, stop and health

// --- Backups, restores and moving in
export {};
