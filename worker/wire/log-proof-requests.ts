/** What a request about proofs of the log may contain. Tiles are named as in C2SP tlog-tiles. */
import * as v from 'valibot';
import { treeLevels } from '../../core/audit/growth.ts';
import { tileWidth } from '../../core/audit/tree.ts';
import { id, shownAs, wholeNumber } from './requests.ts';

const max = Number.MAX_SAFE_INTEGER;

export const provenEvent = v.object({ id });

export const consistencyQuery = v.pipe(
  v.object({ from: wholeNumber('from', 0, max), to: v.optional(wholeNumber('to', 0, max)) }),
  v.transform(({ from, to = null }) => ({ from, to })),
);

export const verifyQuery = v.object({ after: v.optional(wholeNumber('after', 0, max), '0') });

const tileHelp =
  'The number of a tile is written in groups of three digits, each but the last with an x before it, such as 067 or x001/x234/067, and .p/W after it for the first W of 256.';

/** Groups of three digits, all but the last with an `x`; no group of zeros leads. */
const tilePattern = /^((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

const tileNumber = v.pipe(
  v.string(),
  shownAs({ description: tileHelp, pattern: tilePattern.source }),
  v.transform((given) => {
    const [, groups = '', width = String(tileWidth)] = tilePattern.exec(given) ?? [];
    const isFull = !given.includes('.p/');
    return groups === '' || /^x000/.test(groups) || (!isFull && Number(width) >= tileWidth)
      ? null
      : { number: Number(groups.replaceAll(/[x/]/g, '')), width: Number(width) };
  }),
  v.check((place) => place !== null && Number.isSafeInteger(place.number * tileWidth), tileHelp),
  v.transform((place) => place ?? { number: 0, width: 0 }),
);

export const entriesPath = v.pipe(
  v.object({ tile: tileNumber }),
  v.transform(({ tile }) => tile),
);

const levelHelp = `The level of a tile is a number from 0 to ${treeLevels - 1}, or "entries".`;

export const tilePathParameters = v.pipe(
  v.object({
    level: v.pipe(
      v.string(),
      v.regex(/^(?:0|[1-9]\d?)$/, levelHelp),
      shownAs({ description: levelHelp }),
      v.transform(Number),
      v.maxValue(treeLevels - 1, levelHelp),
    ),
    tile: tileNumber,
  }),
  v.transform(({ level, tile }) => ({ level, ...tile })),
);
