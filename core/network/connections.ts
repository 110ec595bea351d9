/**
 * Bounds the open connections of a server, in all and for each client, as pure accounting. When there are too many, the ones
 * that have been idle longest must leave, those of the client that has the most use of them first: its own.
 */

/** One open connection. */
export interface Seat {
  /** Whether it must be closed because others need its place. Only an idle one is asked to leave. */
  mustLeave: boolean;
  /** A request has begun, or the last one was answered. A new connection is idle. */
  setIdle: (isIdle: boolean) => void;
  /** It is closed. Calling it twice does no harm. */
  free: () => void;
}

/** What one client has. */
interface Holder {
  count: number;
  /** Those that were told to leave and are not closed yet. */
  leaving: number;
  idle: Set<Seat>;
}

export interface SeatLimits {
  /** Beyond this many, idle ones must leave. */
  maxConnections: number;
  /** Beyond this many, with those that are about to leave, new ones are refused. */
  maxOpenConnections: number;
}

/**
 * Makes the account of all connections.
 *
 * @param evict called with a seat that must leave. Without it, the owner of the seat looks at `mustLeave`.
 */
export function createSeats({ maxConnections, maxOpenConnections }: SeatLimits) {
  /** Each holder's connections. */
  const held = new Map<string, Holder>();
  /** All idle ones, the longest idle first. */
  const idle = new Set<Seat>();
  const evictions = new WeakMap<Seat, () => void>();
  /** A client that opens connection after connection must not fill the room for those that leave: others come in through it. */
  const maxLeaving = Math.max(1, Math.floor((maxOpenConnections - maxConnections) / 4));
  let open = 0;
  let staying = 0;

  function evictOldest(from: Set<Seat>): boolean {
    const [oldest] = from;
    if (oldest === undefined) return false;
    evictions.get(oldest)?.();
    return true;
  }

  /**
   * Takes a seat for a new connection; undefined if it must be closed at once.
   *
   * @param holder who it belongs to. Without one, as for a trusted proxy, only the total counts.
   * @param onEvict called when it must leave. Otherwise look at `mustLeave`.
   */
  return function takeSeat(holder: string | undefined, onEvict?: () => void): Seat | undefined {
    if (open >= maxOpenConnections) return undefined;
    const own =
      holder === undefined ? undefined : (held.get(holder) ?? { count: 0, leaving: 0, idle: new Set<Seat>() });
    const isGreedy = own !== undefined && own.count > 0 && own.count + 1 > maxConnections - staying - 1;
    if (isGreedy && (own.leaving >= maxLeaving || !evictOldest(own.idle))) return undefined;
    if (!isGreedy && staying >= maxConnections && !evictOldest(idle)) return undefined;
    if (own !== undefined && holder !== undefined) {
      own.count++;
      held.set(holder, own);
    }
    open++;
    staying++;
    let isCounted = true;
    let isOpen = true;
    const leave = () => {
      if (!isCounted) return;
      isCounted = false;
      staying--;
      idle.delete(seat);
      own?.idle.delete(seat);
      if (own !== undefined) own.count--;
    };
    const forget = () => {
      if (own !== undefined && holder !== undefined && own.count + own.leaving === 0) held.delete(holder);
    };
    const seat: Seat = {
      mustLeave: false,
      setIdle(isIdle) {
        if (!isCounted) return;
        for (const set of [idle, own?.idle]) {
          set?.delete(seat);
          if (isIdle) set?.add(seat);
        }
      },
      free() {
        if (!isOpen) return;
        isOpen = false;
        open--;
        leave();
        if (own !== undefined && seat.mustLeave) own.leaving--;
        forget();
      },
    };
    evictions.set(seat, () => {
      seat.mustLeave = true;
      if (own !== undefined) own.leaving++;
      leave();
      onEvict?.();
    });
    seat.setIdle(true);
    return seat;
  };
}
