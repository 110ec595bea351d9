/**
 * Numbers for new rows. The database does not make them: what it says is next could be the number of a row that somebody has taken out of
 * the file, and what that one had would belong to the new one.
 */

/** For each millisecond. Times this many, the time in milliseconds is an integer that JavaScript has exactly until the year 2255. */
const numbersPerMs = 1000;

let latest = 0;

/**
 * A number that no row has had: of the time in milliseconds and three digits more, by chance, so that two isolates hardly ever make the
 * same. One isolate never makes a number twice, and each is higher than those before.
 */
export function newNumber(now: number): number {
  const ofNow = now * numbersPerMs + Math.floor(Math.random() * numbersPerMs);
  latest = Math.max(ofNow, latest + 1);
  return latest;
}
