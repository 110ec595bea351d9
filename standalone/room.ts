/** The memory for bodies that are on their way, of all requests together: nobody has signed in yet. */

const bytesMost = 64 * 1024 * 1024;

interface Share {
  bytes: number;
  /** A request that is cut off never gives its share back: from then on it is free. Milliseconds since 1970. */
  until: number;
}

const shares = new Map<symbol, Share>();
let total = 0;

/** Whether a request, known by its place, may hold so many bytes in all. */
export const makeRoom = (place: symbol, bytes: number, until: number): boolean => {
  const more = bytes - (shares.get(place)?.bytes ?? 0);
  if (total + more > bytesMost) dropOld();
  if (total + more > bytesMost) return false;
  shares.set(place, { bytes, until });
  total += more;
  return true;
};

export const giveBack = (place: symbol): void => {
  total -= shares.get(place)?.bytes ?? 0;
  shares.delete(place);
};

const dropOld = () => {
  const now = Date.now();
  for (const [place, { until }] of shares) if (until < now) giveBack(place);
};
