/** What a pasted text is: a line `NAME=value`, several of them, or a value. Lines mean what they mean in a file. */
import { OperatorError } from '../../core/operator-error.ts';
import { readEnvText } from '../../core/settings/env-reader.ts';

export interface Assignment {
  name: string;
  value: string;
}

/**
 * How a text belongs into the form when it is pasted into the name field; null if it is a name. `refused` says why a line can
 * not be read, without quoting it.
 */
export type Pasted =
  | ({ kind: 'line' } & Assignment)
  | { kind: 'lines'; count: number }
  | { kind: 'refused'; reason: string }
  | { kind: 'value'; value: string };

/** What a Windows shell has in place of `export`. */
const setCommand = /^\s*set[ \t]+(?=[^\s=]+[ \t]*=)/i;

/** The variables in a text, or why a file with it would be refused. */
const variablesIn = (text: string): { found: Assignment[]; reason: string } => {
  try {
    const { variables } = readEnvText(text.replace(setCommand, ''), 'What you pasted');
    return { found: Object.entries(variables).map(([name, value]) => ({ name, value })), reason: '' };
  } catch (problem) {
    if (problem instanceof OperatorError) return { found: [], reason: problem.message };
    throw problem;
  }
};

const lineOfFile = /^[ \t]*(?:export[ \t]+)?[\w.:/[\]-]+[ \t]*=[ \t]*\S/gm;

/** Reads a text that is pasted into the name field, which shows and logs what it holds. */
export const readPasted = (text: string): Pasted | null => {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const { found, reason } = variablesIn(text);
  const [first] = found;
  const isPair = found.length === 1 && first !== undefined && !looksSecret(first.name) && first.value !== '=';
  if (isPair) return { kind: 'line', ...first };

  const isWhole = isBlock(trimmed) || looksSecret(trimmed.replace(/\s*=[\s\S]*/, ''));
  const lines = isWhole ? 0 : Math.max(found.length, trimmed.match(lineOfFile)?.length ?? 0);
  if (lines > 1) return { kind: 'lines', count: lines };
  if (lines === 1 && reason !== '') return { kind: 'refused', reason };
  if (lines === 1 || /[\r\n\u2028\u2029]/.test(trimmed) || looksSecret(trimmed)) return { kind: 'value', value: text };
  return /=[ \t]*\S/.test(trimmed) ? { kind: 'refused', reason } : null;
};

/** Keys in armour, and JSON, may have lines with `=` too. */
const isBlock = (text: string) => /^(-----|---- |[{[]\s*["\n\r{}\]])/.test(text);

const secretForms = [
  // An address with anything that is worth hiding: a password, a query, a webhook's path.
  /^[a-z][a-z0-9+.-]*:\/\/\S*[@?=]\S*$/i,
  /^https?:\/\/\S*\/\S*[A-Za-z0-9_-]{16,}/i,
  /^-----BEGIN /,
  // Tokens whose makers gave them a prefix.
  /^(sk|pk|rk|whsec)[-_]\S{8,}$/,
  /^(gh[opsur]_|github_pat_|glpat-|xox[a-z]-|xapp-|ya29\.|AIza|AKIA|ASIA|SG\.|npm_|pypi-|dop_v1_|hf_|shpat_|eyJ|AGE-SECRET-KEY-|Bearer )\S*\w{8,}/,
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
];

/** Whether a text, or a word in it, looks more like a value than like a name that somebody made up. */
export const looksSecret = (text: string): boolean =>
  text.split(/[\s"',;]+|[:=](?=\s)/).some((word) => secretForms.some((form) => form.test(word)) || isRandom(word));

const minRandomCharacters = 16;

/** Names are made of words, in pieces divided by `_`, `-`, `.` and `/`. Random texts are long and mix letters and digits. */
const isRandom = (text: string): boolean =>
  text.split(/[_\-./:]/).some((piece) => isRandomPiece(piece, 6)) ||
  // Base64 has slashes too, and is longer.
  text.split(/[_\-.:]/).some((piece) => isRandomPiece(piece, 12));

const isRandomPiece = (piece: string, leastOdd: number): boolean =>
  piece.length >= minRandomCharacters &&
  (/^(?=.*\d)[0-9a-f]+$/i.test(piece) ||
    /^[\w+/]+=+$/.test(piece) ||
    /[A-Z]\d[A-Z][A-Z\d]*[A-Z]\d[A-Z]/.test(piece) ||
    (/\d/.test(piece) && withoutWords(piece).length >= leastOdd));

/** Takes out what may be a word, or a date. */
const withoutWords = (text: string) => text.replace(/[A-Z]?[a-z]{3,}|[A-Z]{3,}|(19|20)\d{4,12}|[_\-./:]/g, '');

/**
 * The same for a text that is pasted into the value field. A value may contain `=`, as base64 does, so the name must look
 * like a variable's (`STRIPE_KEY`), or equal `name`, the name of the key that is edited.
 */
export const assignmentInValue = (text: string, name: string): Assignment | null => {
  const { found } = variablesIn(text);
  const [first] = found;
  if (found.length !== 1 || !first || first.value === '' || first.value.startsWith('=')) return null;
  if (name !== '') return first.name === name ? first : null;
  return /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(first.name) ? first : null;
};
