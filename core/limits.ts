/**
 * Every bound of the product, once. A name says what it bounds and ends in its unit: `maxPasswordBytes`, `sessionTtlSeconds`.
 */

// --- HTTP: requests, bodies, headers and connections

/** What the log keeps of the target of an invalid request. */
export const maxAttemptedTargetCharacters = 300;

/** What one client, or all clients together, may use up in the process that faces the network. */
export const httpLimits = {
  maxBodyBytes: 1024 * 1024,
  /** All bodies that are being received at one moment. */
  maxBodyMemoryBytes: 64 * 1024 * 1024,
  /** Without a byte of the body for this long, the request has stalled. */
  maxBodyStallMs: 10_000,
  /** To receive a whole request, body included. */
  maxRequestMs: 30_000,
  /** The headers without Authorization, which has its own limit. */
  maxHeaderBytes: 16 * 1024,
  maxAuthorizationBytes: 8 * 1024,
  maxHeadersMs: 10_000,
  /** Path and query. */
  maxRequestTargetBytes: 16 * 1024,
  /** All heads that have begun to arrive, at one moment. */
  maxHeadMemoryBytes: 16 * 1024 * 1024,
  /**
   * Open connections. Of these, of the memory above and of the requests below, one client's network gets no more than is
   * left for the others (`core/network/share.ts`). Where the system allows fewer open files, the servers take fewer.
   */
  maxConnections: 4096,
  /** Requests at the worker. Each has its own connection, so that slow sign-ins do not delay the rest. */
  maxRequestsInFlight: 512,
  /** A client that reads nothing of its answer for this long is cut off. */
  maxAnswerStallMs: 30_000,
  maxUpstreamConnections: 512,
  maxUpstreamMs: 30_000,
  /** Longer than common reverse proxies keep a connection, so that they close it first. */
  keepAliveMs: 65_000,
};
export type HttpLimits = typeof httpLimits;

/** What a client may send on one connection before it has the answer to its first request. */
export const maxPipelinedRequests = 100;

/** The head of a request. The limits above are lower, and tell a long token from long headers. */
export const maxHeadBytes = 256 * 1024;

/** How long the rest of a rejected request is read and dropped. Closing at once would reset the connection, and the answer with it. */
export const maxRejectedDrainMs = 1_000;

/**
 * What the worker parses as JSON: the largest value with every character escaped and a description fit. It drains and
 * rejects larger bodies, up to `maxBodyBytes`.
 */
export const maxJsonBytes = httpLimits.maxBodyBytes / 2;

/** What the log stores of a request. */
export const maxUserAgentCharacters = 256;
export const maxAddressCharacters = 64;

// --- Accounts and passwords

/** In code points, which is what NIST SP 800-63B counts. */
export const minPasswordCharacters = 8;
/** Enough for any passphrase, and little enough to hash without harm. */
export const maxPasswordBytes = 1024;

export const defaultSessionHours = 24;
/** Below the 400 days that browsers allow a cookie (RFC 6265bis, section 5.5). */
export const maxSessionHours = 24 * 365;
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
/** How many entries of the log a list holds where the request does not say. */
export const defaultUserEventsPerList = 50;
export const defaultAdminEventsPerList = 100;

export const maxSecretsPerList = 10_000;
export const maxUsersPerList = 1_000;
export const maxSessionsPerList = 200;

// --- Start, stop and health

/** How long `GET /health` repeats an answer. */
export const maxHealthAgeMs = 1_000;
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

/** An env file that is restored with a backup. */
export const maxEnvFileBytes = 1024 * 1024;
/** How long a copy of the database waits for another process that writes to it. */
export const copyBusyTimeoutMs = 10_000;
/** How long a copy waits for another process that has it open by mistake. */
export const foldBusyTimeoutMs = 2_000;
/** After this time, a copy that a killed backup left behind is removed. */
export const abandonedCopyMs = 3_600_000;
