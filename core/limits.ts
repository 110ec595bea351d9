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
  /** How long a request waits for a worker that is being replaced by a new build, or has crashed. */
  maxReloadMs: 3_000,
  /** Longer than common reverse proxies keep a connection, so that they close it first. */
  keepAliveMs: 65_000,
};
export type HttpLimits = typeof httpLimits;

/** How long the standalone vault goes on with a request whose client has left, or has closed its side of the connection. */
export const maxAnswerToLeftMs = 1_000;

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

/** A browser may send several cookies of one name. Each session cookie is tried. */
export const maxCookiesPerName = 32;

/** Of BASE_PATH. */
export const maxBasePathCharacters = 100;

/** What an error repeats of an Origin or Host header: a scheme, a host name and a port. */
export const maxOriginCharacters = 270;

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
/**
 * The throttles on passwords. `freeFailures` are answered at once; after that each one doubles the wait, from `firstWaitMs` to
 * `maxWaitMs`. Every `forgetMs` one failure is forgotten, so this bounds the guesses in the long run.
 */
export const passwordThrottles = {
  /** Of one account: for all strangers together, and for each known browser, known address and session. */
  account: { freeFailures: 5, forgetMs: 15 * 60_000, firstWaitMs: 2 * 60_000, maxWaitMs: 15 * 60_000 },
  /** Of one address, whatever accounts it tries that it is not known to. An IPv6 /64 counts as one address. */
  address: { freeFailures: 20, forgetMs: 3 * 60_000, firstWaitMs: 2 * 60_000, maxWaitMs: 15 * 60_000 },
} as const;

/** How many hashes a right password buys: `atOnce`, and then one `everyMs`. */
export const hashBudgets = {
  signInsOfAccount: { atOnce: 60, everyMs: 5_000 },
  signInsFromAddress: { atOnce: 300, everyMs: 1_000 },
  /** Attempts to change the password of one account, with the right one or a wrong one. */
  passwordChanges: { atOnce: 20, everyMs: 60_000 },
} as const;

/**
 * A private address from which this many accounts fail to sign in within this time, among the newest failures, is probably a
 * proxy that TRUSTED_PROXIES does not name.
 */
export const minFailedAccounts = 5;
/** How far back that is looked for. Newer events cannot be archived, and do not expire. */
export const proxySearchMs = 7 * 86_400_000;
export const maxExaminedFailures = 500;

/** Of one account. The address that was seen last takes the place of the one that was not seen for longest. */
export const maxKnownAddresses = 20;

/** A good sign-in from a known address forgives the failures from there, but not more often than this. */
export const minForgivingMs = 3_600_000;

/** How long a browser stays known without a sign-in: the longest that browsers keep a cookie (RFC 6265bis, section 5.5). */
export const maxDeviceSeconds = 400 * 86_400;

/** Password hashes run one at a time. Requests beyond this many in the queue are told to try again. */
export const maxWaitingHashes = 64;

/** Of these places, what one account or one address may take, so that neither can fill the queue. */
export const maxWaitingHashesPerAccount = 32;
export const maxWaitingHashesPerAddress = 32;

/** What one account may take from one address. */
export const maxWaitingHashesPerPerson = 16;

/** A request that has waited this long in the queue is told to try again: the gate would give it up after `maxUpstreamMs`. */
export const maxHashWaitMs = 15_000;

/** A request that is cut off never ends its turn to hash: without a sign of life for this time the next one starts. */
export const maxHashTurnMs = 2_000;

/** While it hashes, it shows signs of life more often. */
export const maxHashPauseMs = 500;

/** A process that hashes for the worker and takes longer than this is not waited for: about twenty times what it should take. */
export const maxHasherAnswerMs = 5_000;

/** A request that is cut off never leaves the queue: without a sign of life for this time it no longer counts. */
export const maxHashSilenceMs = 300;

// --- Metrics

/** Of METRICS_TOKEN. It is the only thing that a guess has to find, and nothing slows guesses down. */
export const minMetricsTokenCharacters = 32;
/** It is sent in a header: see `maxAuthorizationBytes`. */
export const maxMetricsTokenCharacters = 512;

/** Counting the versions takes a step for each, so the number is kept for this long. */
export const maxVersionCountAgeMs = 5 * 60_000;

/** The upper bounds of the histogram of answer times, in ms. The clock of a worker has whole ones. */
export const answerTimeBoundsMs = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const;

// --- What one account may use up. The defaults of settings; see docs/CONFIGURATION.md

export const defaultRequestsPerMinute = 10_000;
/** What admins may send, of what users may: their scripts look after everybody's keys. */
export const adminRequestsPercent = 300;
/** Requests from one address with a token that has not been seen to work yet. */
export const maxUnprovenRequestsPerMinute = 1_000;
/** How long a token that does not work is refused without a look into the database. */
export const maxEndedSessionMs = 60_000;
/** The sessions, and the counts of refused requests, that are kept in memory. */
export const maxKnownSessions = 10_000;
export const maxRequestCounts = 10_000;
/** The rows about refused requests that one transaction writes. */
export const maxCountsPerTransaction = 8;

export const defaultSecretsPerAccount = 25_000;
export const defaultStoredMegabytesPerAccount = 256;
/** The values that are kept of one secret. Renaming reads them all at once, so there cannot be many. */
export const defaultKeptVersions = 20;
export const maxKeptVersions = 100;
/** The versions that are listed of one secret, without their values as well. */
export const maxVersionsPerSecret = 500;
/** How many of the oldest lose their value, or go, with one change. */
export const maxDroppedVersions = 500;
/** An account or a project may have so many secrets in the trash, or as many as it may have in use if that is more. */
export const minTrashedPerAccount = 1_000;
/** How long a deleted secret can be taken out of the trash, and how many are destroyed by one request after that. */
export const defaultTrashDays = 30;
export const maxTrashDays = 3_650;
export const maxPurgedPerRequest = 100;
/** How long a full account is refused without a look into the database, unless something is deleted. */
export const maxFullMs = 10_000;
/** When to try again after a refusal for lack of room. */
export const fullRetrySeconds = 60;

/** Below this much free space on its disk, a vault stores nothing new. */
export const defaultFreeMegabytes = 64;

/** The rows of decisions whose seals held, which are remembered so that they are not checked again: about a kilobyte each. */
export const maxRememberedSeals = 2048;
/** Longer ones are checked each time. */
export const maxRememberedSealCharacters = 2048;

/** Requests that change the same row take turns; after this, a turn counts as given up. */
export const maxRowTurnMs = 500;
/** From so many turns on, those that were given up are forgotten. */
export const maxRowTurns = 1_000;
/** The rows that are sealed in one transaction after an upgrade, or under another key. */
export const maxRowsPerSealingStep = 500;
/** For so long /health tells of a session whose row was not what its token says. */
export const brokenSessionMs = 24 * 60 * 60 * 1000;
/** The rows that /health looks at again because their seals did not hold. */
export const maxBrokenSealRows = 100;

/** How often one account may hit upon the name of somebody else's key: each time tells that the name is in use. */
export const maxForeignConflictsPerHour = 60;

// --- Secrets

/** Of a secret or an account, in UTF-8. */
export const maxNameBytes = 255;
export const maxValueBytes = 64 * 1024;
export const maxDescriptionBytes = 4 * 1024;
/** Of the name and of the value of a label. */
export const maxLabelBytes = 64;
export const maxLabelsPerSecret = 20;
export const maxRotationDays = 3_650;
/** Secrets of an earlier version that one transaction prepares for comparing names. */
export const maxLikenessesPerStep = 500;

// --- Keys that need care

/** From so many days before on, a key that expires needs care. */
export const careExpiryDays = 14;
export const careUnchangedDays = 365;
export const careUnusedDays = 90;
/** That one answer names; the most urgent ones come first. */
export const maxSecretsPerCareList = 1_000;
/** For admins: the values that are compared with each other. */
export const maxComparedValues = 100_000;
/** How many keys with the same value an answer names. */
export const maxNamesPerWarning = 5;

// --- Secrets in bulk

/** That one request reads. */
export const maxSecretsPerRead = 500;
/** Of all values that one request reads, as they are stored: what an isolate holds at once, several times over. */
export const maxReadBytes = 8 * 1024 * 1024;
/** So many values are not more than that together: 64 KiB are stored as 1.34 times as many characters. */
export const maxSecretsAtOnce = Math.floor(maxReadBytes / (1.34 * maxValueBytes));
/** That one request imports, and its body. */
export const maxEntriesPerImport = 1_000;
export const maxImportBytes = 4 * 1024 * 1024;
/** Of a text that a statement takes; D1 takes 2 MB. */
export const maxStatementBytes = 1536 * 1024;
/** How often an import begins anew because a key came or went while it compared. */
export const maxImportAttempts = 40;
/** How much of many values is sealed or opened before other requests have their turn: some 10 ms of work. */
export const maxCharactersPerSlice = 256 * 1024;

// --- Paths: folders as clients of Vault see them

/** The names and folders directly in a folder that one request lists. */
export const maxPathsPerList = 5_000;
/** Of one person or one project: what is said of paths that are no secrets. */
export const maxPathEntriesPerOwner = 1_000;
/** The secrets in the trash below a path that one request looks at. */
export const maxTrashedPerPath = 5_000;

// --- Projects

/** That one account has made, and that still exist. */
export const maxProjectsPerAccount = 200;

// --- Requests that are sent again (Idempotency-Key)

/** The form of a key: UUIDs have 36 characters. */
export const maxIdempotencyKeyCharacters = 255;
/** For how long an answer is kept: a day. */
export const keptAnswersMs = 86_400_000;
/** How many answers are kept of one account, and of one service token; the oldest go early. */
export const maxKeptAnswers = 1_000;
/** How many of them one request removes at most. */
export const maxDroppedAnswers = 500;

// --- Service tokens

/** That work, of one person or one project. */
export const maxTokensPerOwner = 100;
/** Revoked and expired ones that stay in the list; the oldest go when a new one is made. */
export const maxEndedTokensPerOwner = 100;
export const maxScopesPerToken = 100;
export const maxAllowedAddresses = 100;
export const maxTokenNameBytes = 100;
export const maxTokenDays = 3_650;
/** How long the secret before a rotation may go on working: a week. */
export const maxGraceMinutes = 7 * 24 * 60;
/** Rows about requests with one token that no longer works, from one address, and in which time. */
export const maxTokenRefusals = 10;
export const tokenRefusalsMs = 15 * 60_000;
/** Of one service token, or in all sign-ins of one person; the oldest end first. */
export const maxChildrenPerParent = 1_000;
/** How long a child lives, and by how much a renewal can prolong it. */
export const maxChildSeconds = 86_400;
/** A child may make children, and so on. */
export const maxChildGenerations = 8;
/** Of the id of a child, what the log says. */
export const childIdCharacters = 8;
/** What the log says of the scopes of a new token. */
export const maxScopesTextCharacters = 300;
export const maxTokensPerList = 500;

// --- The log, lists and paging

export const maxEventsPerList = 500;
export const maxFilterCharacters = 1_000;
/** The actions that one filter names. */
export const maxActionsPerFilter = 20;
/** How far back the activity per minute, hour and day reaches where the request does not say. */
export const defaultActivityMinutes = 120;
export const defaultActivityHours = 48;
export const defaultActivityDays = 30;
/** 31 days: enough for 30 days of any time zone. */
export const maxActivityHours = 31 * 24;
/** A day, and ten years. */
export const maxActivityMinutes = 24 * 60;
export const maxActivityDays = 3_660;

/** The log is searched in blocks of so many rows. The migrations have this number too. */
export const maxEventsPerBlock = 1_000;
/** The blocks that one search may read; those that cannot contain a match are skipped. */
export const maxBlocksPerSearch = 5;
/** The same for a filtered chart, which cannot be continued. */
export const maxBlocksPerChart = 20;
/** The blocks that one search may look at, read or skipped. */
export const maxBlocksPerLook = 250;

/** What one export of the log holds in memory, about: a step of it, several times over. */
export const exportBytes = 4 * 1024 * 1024;
/** Without an entry for so long, an export sends an empty line, so that no server on the way takes it for stalled. */
export const exportSilenceMs = 10_000;
/** How long an export waits for the turn of its next step. */
export const maxExportWaitMs = 5 * 60_000;

/** What is written to the output at once of the log. */
export const eventsPerOutput = 500;

/** Who has seen a key: the people and tokens that one answer names. What somebody has seen: the keys. */
export const maxReadersPerKey = 1_000;
export const maxExposedSecrets = 5_000;

/** How much of the time searches may take, if they last: each is followed by a pause. */
export const maxSearchesPercent = 10;
export const maxSearchPauseMs = 250;
/** A request that is cut off never ends its search: after this time the next one starts. */
export const maxSearchTurnMs = 5_000;
/** A request that is cut off never leaves the queue: without a sign of life for this time it no longer counts. */
export const maxSearchSilenceMs = 1_000;
/** How long a search waits for its turn, and how many searches of one account and of all may wait. */
export const maxSearchWaitMs = 8_000;
export const maxSearchesPerAccount = 4;
export const maxWaitingSearches = 64;

/** How many entries of the log a list holds where the request does not say. */
export const defaultUserEventsPerList = 50;
export const defaultAdminEventsPerList = 100;

export const maxSecretsPerList = 10_000;
export const maxTrashedPerList = 1_000;
/**
 * What the database puts together of a long list. D1 allows a row 2,000,000 bytes: with every character escaped, a secret takes
 * 29 KB and an event 8 KB of JSON.
 */
export const secretsPerListPart = 64;
export const eventsPerListPart = 100;
/** A list of at most this size is made and sent at once, without a turn. */
export const maxShortListBytes = 128 * 1024;
/** How many lists of keys that were made before an isolate keeps, none of them longer than that. */
export const maxKnownSecretLists = 16;
/** What the first list of an account is taken for. */
export const assumedListBytes = 2 * 1024 * 1024;
/** How many accounts' lengths of lists are kept in memory. */
export const maxKnownLists = 10_000;
/**
 * The long lists that the database is asked for at once, and the memory of all of them until clients have read them. One account
 * gets at most half, and one list in any case.
 */
export const maxConcurrentLists = 4;
export const maxHeldListBytes = 64 * 1024 * 1024;
/** How long a list waits for room, and how many may wait; half of them of one account. */
export const maxListWaitMs = 15_000;
export const maxWaitingLists = 512;
/** A request that is cut off never leaves the queue: without a sign of life for this time it no longer counts. */
export const maxListWaitSilenceMs = 1_000;
/** A request that is cut off never releases its list: it no longer counts after this time. */
export const maxListMakingMs = 10_000;
export const maxListStallMs = httpLimits.maxAnswerStallMs + 5_000;
/** What is made of a long list, and written to the client, at once. */
export const listPieceCharacters = 64 * 1024;

export const maxUsersPerList = 1_000;
export const maxProjectsPerList = 1_000;
export const maxMembersPerList = 1_000;
export const maxSessionsPerList = 200;
/** How many of its newest events a list looks at to tell when an account was last seen. */
export const maxEventsPerLastSeen = 100;

// --- Sealing and proving the log

/** The log is sealed when so many events are not, or the oldest of them has waited so long. */
export const maxUnsealedEvents = 256;
export const maxUnsealedMs = 60_000;
/** But not more often than this: where much happens, a checkpoint covers more. */
export const minSealingIntervalMs = 5_000;
/** The events that one transaction reads to seal them, and after how many of them other requests have their turn: 5 ms of work. */
export const eventsPerSealing = 1_024;
export const eventsPerSealingSlice = 256;
/** The leaves that come in one row. D1 allows a row 2,000,000 bytes. */
export const eventsPerLeafRow = 64;
/** The rounds that follow one answer, and the pause between them. A log that an earlier version wrote is sealed by the requests of some minutes. */
export const maxSealingRounds = 8;
export const sealingPauseMs = 100;
/** A request that is cut off never ends its rounds: after this time another one seals. */
export const maxSealingTurnMs = 30_000;
/** How long a request that asks for a checkpoint seals before it is told to ask again. */
export const maxSealingMs = 10_000;
/** How long events may be kept (LOG_RETENTION_DAYS): no shorter than the vault itself reads them. */
export const minLogDays = proxySearchMs / 86_400_000;
export const maxLogDays = 36_500;
/** How often expired events are looked for, how many leave in one transaction, and how many transactions follow one answer. */
export const expiryIntervalMs = 3_600_000;
export const eventsPerExpiry = 1_024;
export const maxExpiryRounds = 8;
/** The events that say what has left the log, of those that one request looks at: the newest one counts, if nobody has forged any. */
export const removalsPerVerification = 16;
/** How often `npm start` looks for a new checkpoint to write to AUDIT_PIN_FILE. */
export const pinIntervalMs = 5_000;
/** The tiles of 256 events that one request compares with the tree. */
export const tilesPerVerification = 8;

// --- Start, stop and health

/** How long `GET /health` repeats an answer. */
export const maxHealthAgeMs = 1_000;
/** The encryption keys that a look at the stored values tells apart. A vault has as many as it ever rotated. */
export const maxSealingKeys = 32;
/** The versions under a missing key that are counted. */
export const maxCountedVersions = 10_000;
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

/** How long a transaction waits for another process that writes to the database. */
export const maxBusyWaitMs = 10_000;

/** The same for GET /health, which must answer before its callers give up. */
export const maxBusyProbeMs = 1_000;

// --- Settings

/** A `.env`, also one that is restored with a backup. */
export const maxEnvFileBytes = 1024 * 1024;
/** A file that `<NAME>_FILE` names. */
export const maxSettingFileCharacters = 64 * 1024;

// --- Backups, restores and moving in

/** Of a file with a checkpoint or a public key: a note is no longer (core/audit/note.ts). */
export const maxNoteFileBytes = 65_536;

/** How long a copy of the database waits for another process that writes to it. */
export const copyBusyTimeoutMs = 10_000;
/** How long a copy waits for another process that has it open by mistake. */
export const foldBusyTimeoutMs = 2_000;
/** After this time, a copy that a killed backup left behind is removed. */
export const abandonedCopyMs = 3_600_000;

// --- The command line

/** Until the vault has accepted a connection; less where a copy of the values can take its place. */
export const maxConnectMs = 10_000;
export const maxConnectBeforeCopyMs = 5_000;
/** Without a byte of an answer. */
export const maxAnswerSilenceMs = 45_000;
export const maxSilenceBeforeCopyMs = 15_000;
/** Before a change is sent again whose answer was lost. */
export const repeatPauseMs = 1_000;
/** How old a copy of values may be that is used while the vault cannot be reached, and how far its time may be ahead of the clock. */
export const defaultCopyAgeMs = 86_400_000;
export const maxCopyAheadMs = 5 * 60_000;
/** How often `keystore run --watch` and `keystore logs --follow` ask. */
export const defaultWatchSeconds = 30;
export const defaultFollowSeconds = 3;
/** How long a program that is restarted has to end after SIGTERM. */
export const maxRestartMs = 10_000;
/** Shorter values are not masked: nearly every output has them somewhere. */
export const minMaskedBytes = 4;
/** That one request of `keystore export` reads of a folder that is too large to be read at once: `maxReadBytes` of the largest values. */
export const secretsPerExportRead = 90;
export const defaultGeneratedCharacters = 32;
export const maxGeneratedCharacters = 1_024;
