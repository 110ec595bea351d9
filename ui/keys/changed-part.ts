/** What two texts have in common at their beginning and at their end, and what is between. */

export interface Parts {
  start: string;
  /** Empty if this text only lacks something, or if both are the same. */
  changed: string;
  end: string;
}

/** The parts of `text`, compared with `other`. Characters are not torn apart. */
export const changedPart = (text: string, other: string): Parts => {
  const [ours, theirs] = [[...text], [...other]];
  const shortest = Math.min(ours.length, theirs.length);
  let start = 0;
  while (start < shortest && ours[start] === theirs[start]) start += 1;
  let end = 0;
  while (end < shortest - start && ours.at(-1 - end) === theirs.at(-1 - end)) end += 1;
  const to = ours.length - end;
  return {
    start: ours.slice(0, start).join(''),
    changed: ours.slice(start, to).join(''),
    end: ours.slice(to).join(''),
  };
};
