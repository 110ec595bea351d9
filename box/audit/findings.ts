/** What can be wrong with a log, and how it is said. */

/**
 * edited: the event is not the one that was sealed. missing: it is gone. reordered: it is another event of the log, which has changed
 * places. added: it was put in between. truncated: it is gone, and so is everything after it. rolled-back: the log is an older one
 * than a checkpoint knows. tree: the hashes, the row of the tree or what protects the log is not as the vault left it. signature: a
 * checkpoint was not signed with the key. other-vault: a checkpoint or the key is of another log.
 */
export type Kind =
  | 'edited'
  | 'missing'
  | 'reordered'
  | 'added'
  | 'truncated'
  | 'rolled-back'
  | 'tree'
  | 'signature'
  | 'other-vault';

export interface Finding {
  kind: Kind;
  /** The ids of the events, from the first to the last; null if it is about the log as a whole. */
  events: { from: number; to: number } | null;
  /** One or two sentences: what was found, and what it may come from. */
  detail: string;
}

export function aboutLog(kind: Kind, detail: string): Finding {
  return { kind, events: null, detail };
}

export function aboutEvents(kind: Kind, from: number, to: number, detail: string): Finding {
  return { kind, events: { from, to }, detail };
}

/** `event ID: KIND`, `events ID to ID: KIND` or `log: KIND`. */
export function headline({ kind, events }: Finding): string {
  if (events === null) return `log: ${kind}`;
  return events.from === events.to ? `event ${events.from}: ${kind}` : `events ${events.from} to ${events.to}: ${kind}`;
}
