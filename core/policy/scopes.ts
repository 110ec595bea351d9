/**
 * The scopes of a service token: which names it reaches. A scope is the exact name of a key, or a prefix on a segment border such as
 * `shop/prod/*`, or `*` for all that its person or project reaches. Nothing is decoded or folded, so a scope never widens.
 */

/** The names from `low` on, and before `high`, in the order of their UTF-8 bytes. */
export type NameRange = readonly [low: string, high: string];

/** Greater than every name of at most 255 bytes. */
const lastName = '\u{10ffff}'.repeat(64);

/** What is wrong with a scope, or null. Whether the name in it can be that of a key is for the caller to ask (`nameIn`). */
export function scopeProblem(scope: string, project: string | null): string | null {
  if (scope === '*') return null;
  const isPrefix = scope.endsWith('/*');
  if (nameIn(scope).includes('*')) {
    return `A scope is the name of a key, or a prefix that ends in "/*", or "*". ${quoted(scope)} is none of these.`;
  }
  if (isPrefix && nameIn(scope).split('/').some(isBadSegment)) {
    return `In a scope, no part between slashes may be empty, "." or "..": ${quoted(scope)}.`;
  }
  if (project !== null && !scope.startsWith(`${project}/`)) {
    return `A token of the project ${project} reaches only its keys: ${quoted(scope)} must begin with ${quoted(`${project}/`)}, or be "*".`;
  }
  return null;
}

/** The name, or the prefix without its `/*`, that a scope holds; empty for `*`. */
export function nameIn(scope: string): string {
  if (scope === '*') return '';
  return scope.endsWith('/*') ? scope.slice(0, -2) : scope;
}

/** The ranges of scopes, sorted and without overlaps. `*` of a project is all that is in it. */
export function rangesOf(scopes: readonly string[], project: string | null): NameRange[] {
  const all = scopes.map((scope) => rangeOf(scope, project)).sort(([a], [b]) => compareNames(a, b));
  const ranges: NameRange[] = [];
  for (const range of all) {
    const before = ranges.at(-1);
    // Two ranges are apart, or one holds the other: names and prefixes make a tree.
    if (before === undefined || compareNames(range[0], before[1]) >= 0) ranges.push(range);
    else if (compareNames(range[1], before[1]) > 0) ranges[ranges.length - 1] = [before[0], range[1]];
  }
  return ranges;
}

function rangeOf(scope: string, project: string | null): NameRange {
  if (scope === '*') return project === null ? ['', lastName] : [`${project}/`, `${project}0`];
  // `0` follows `/`. No name contains a control character, so none comes between a name and the name with U+0001 behind it.
  return scope.endsWith('/*') ? [scope.slice(0, -1), `${scope.slice(0, -2)}0`] : [scope, `${scope}\u0001`];
}

/** Whether a name is in one of the ranges: what the verdict asks, for a preview of a token that is yet to be made. */
export function isInRanges(name: string, ranges: readonly NameRange[]): boolean {
  return ranges.some(([low, high]) => compareNames(low, name) <= 0 && compareNames(name, high) < 0);
}

/** In the order of UTF-8, as SQLite compares; JavaScript compares UTF-16. */
function compareNames(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((character, index) => character !== right[index]);
  if (at < 0) return left.length - right.length;
  const other = right[at]?.codePointAt(0);
  return other === undefined ? 1 : (left[at]?.codePointAt(0) ?? 0) - other;
}

function isBadSegment(segment: string): boolean {
  return segment === '' || segment === '.' || segment === '..';
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
