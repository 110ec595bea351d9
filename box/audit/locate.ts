/**
 * Finds the first event that is not the one that was sealed, from the root that the checkpoint signs downwards. A hash is known to be
 * true if it is the root, or if, with the others of its tile, it makes a hash above that is true. For each tile there are several
 * candidates: what the events give, what the stored hashes of the leaves give, and what is stored. So forged hashes mislead nobody:
 * at worst a range of events is named instead of one.
 */
import { type Hash, lengthOfLevel, rootOf, tileWidth } from '../../core/audit/tree.ts';
import { isSame, noHash, rootOfFullTile } from './hashing.ts';
import type { Sources } from './read-tree.ts';

/** The hashes of a tile of level 0, from the events and as they are stored. */
export type ReadLeaves = (number: number) => { events: readonly Hash[]; leaves: readonly Hash[] };

/** The ids of the first events that are wrong: one, whose true hash is known, or a range in which at least one is. */
export interface Place {
  from: number;
  to: number;
  hash: Hash | null;
}

/** So many differences between two candidates for a tile are tried out in every combination. */
const maxTriedDifferences = 8;

/** @returns null if the events give this root. */
export function locate(sources: Sources, size: number, root: Hash, read: ReadLeaves): Place | null {
  if (isSame(sources.events.root(), root)) return null;
  const edges = findEdges(sources, size, root, read);
  if (!edges) return { from: 1, to: size, hash: null };
  // The lowest ids are under the highest level.
  for (let level = edges.length - 1; level >= 0; level -= 1) {
    const first = Math.floor(lengthOfLevel(level, size) / tileWidth) * tileWidth;
    for (const [place, hash] of edges[level]?.entries() ?? []) {
      const found = descend({ level, place: first + place, hash }, sources, read);
      if (found) return found;
    }
  }
  return null;
}

/** The hashes in the last, unfinished tile of each level: together they make the root. Null if no candidates do. */
function findEdges(sources: Sources, size: number, root: Hash, read: ReadLeaves): Hash[][] | null {
  const levels: Hash[][][] = [];
  for (let level = 0; lengthOfLevel(level, size) > 0; level += 1) levels.push(edgesOf(level, sources, size, read));
  const fits = (edges: readonly (readonly Hash[])[]) =>
    isSame(
      rootOf(size, (level, place) => edges[level]?.[place % tileWidth] ?? noHash),
      root,
    );
  let choices: Hash[][][] = [[]];
  for (const candidates of levels) choices = choices.flatMap((chosen) => candidates.map((each) => [...chosen, each]));
  const whole = choices.find(fits);
  if (whole) return whole;
  const [events = [], leaves = []] = levels[0] ?? [];
  for (const chosen of choices.filter(([lowest]) => lowest === events)) {
    const mixed = mix(events, leaves, (lowest) => fits([lowest, ...chosen.slice(1)]));
    if (mixed) return [mixed, ...chosen.slice(1)];
  }
  return null;
}

function edgesOf(level: number, sources: Sources, size: number, read: ReadLeaves): Hash[][] {
  const length = lengthOfLevel(level, size);
  const number = Math.floor(length / tileWidth);
  if (length % tileWidth === 0) return [[]];
  if (level === 0) {
    const { events, leaves } = read(number);
    return [[...events], [...leaves]];
  }
  return candidatesOf(level, number, sources, read);
}

/** What the hashes of a tile may be, in the order of trust. */
function candidatesOf(level: number, number: number, sources: Sources, read: ReadLeaves): Hash[][] {
  if (level === 0) {
    const tile = read(number);
    return [[...tile.events], [...tile.leaves]];
  }
  const begin = number * tileWidth;
  const { events, leaves, raised, stored } = sources;
  return [events, leaves, raised, stored].map((source) => source.above[level]?.slice(begin, begin + tileWidth) ?? []);
}

/** The first wrong event below a hash that is known to be true. */
function descend(node: { level: number; place: number; hash: Hash }, sources: Sources, read: ReadLeaves): Place | null {
  const { level, place, hash } = node;
  const width = tileWidth ** level;
  const range = { from: place * width + 1, to: (place + 1) * width };
  if (level === 0) {
    const found = read(Math.floor(place / tileWidth)).events[place % tileWidth];
    return isSame(found, hash) ? null : { ...range, hash };
  }
  if (isSame(sources.events.hash(level, place), hash)) return null;
  const children = trueChildren(level - 1, place, hash, sources, read);
  if (!children) return { ...range, hash: null };
  for (const [child, childHash] of children.entries()) {
    const found = descend({ level: level - 1, place: place * tileWidth + child, hash: childHash }, sources, read);
    if (found) return found;
  }
  return null;
}

function trueChildren(level: number, number: number, hash: Hash, sources: Sources, read: ReadLeaves): Hash[] | null {
  const candidates = candidatesOf(level, number, sources, read);
  const fits = (hashes: readonly Hash[]) => isSame(rootOfFullTile(hashes), hash);
  const [events = [], ...others] = candidates;
  const whole = candidates.find(fits);
  if (whole) return whole;
  for (const other of others) {
    const mixed = mix(events, other, fits);
    if (mixed) return mixed;
  }
  return null;
}

/** A tile that takes some hashes from one candidate and some from another. */
function mix(one: readonly Hash[], other: readonly Hash[], fits: (hashes: readonly Hash[]) => boolean): Hash[] | null {
  const differing = one.flatMap((hash, place) => (isSame(hash, other[place]) ? [] : [place]));
  if (differing.length > maxTriedDifferences) return null;
  for (let choice = 1; choice < 2 ** differing.length; choice += 1) {
    const mixed = [...one];
    for (const [bit, place] of differing.entries()) {
      if (Math.floor(choice / 2 ** bit) % 2 === 1) mixed[place] = other[place] ?? noHash;
    }
    if (fits(mixed)) return mixed;
  }
  return null;
}
