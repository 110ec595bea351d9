/** What a pasted value is, by its form, and what about it is probably not meant. Nothing leaves the page. */
import { type Provider, providers } from './providers.ts';

export interface Recognised {
  /** One or two letters for the provider. */
  mark: string;
  /** Such as `Stripe secret key, test mode`. */
  text: string;
  /** What such a key is usually called. */
  name: string;
  description: string;
  /** Whether it works in a test mode, or only in the real one; null if its form does not say. */
  mode: 'test' | 'live' | null;
}

/** A value is looked at only up to this length: longer ones are files of another kind. */
const maxCharacters = 20_000;

/** Null if no form fits. White space at the ends does not count: the form says so elsewhere. */
export const recognise = (value: string): Recognised | null => {
  if (value.length > maxCharacters) return null;
  const text = value.trim();
  const found = text === '' ? undefined : providers.find(([, , , , pattern]) => pattern.test(text));
  return found ? described(found, text) : null;
};

const described = ([mark, provider, what, name]: Provider, text: string): Recognised => {
  const mode = modeOf(text);
  const description = `${provider} ${what}`;
  const suffix = { test: ', test mode', live: ', live mode' };
  return { mark, text: `${description}${mode ? suffix[mode] : ''}`, name, description, mode };
};

const modeOf = (text: string): Recognised['mode'] => {
  // The word stands in the prefix, and not by chance in what is random.
  const [, word] = /^[a-z]{2,8}[_-](test|sandbox|live|production)[_-]/.exec(text) ?? [];
  if (word === undefined) return null;
  return word === 'test' || word === 'sandbox' ? 'test' : 'live';
};

const foldersOf = (name: string) => name.split('/').slice(0, -1);
const production = /^(prod|production|live)$/i;
const trial = /^(dev|develop|development|local|test|testing|qa|ci|stage|staging|preview)$/i;

/** Why the value does not fit the folder that the name is in; null if it may well. */
export const misfit = ({ mode }: Recognised, name: string): string | null => {
  const folders = foldersOf(name);
  const folder = (form: RegExp) => folders.find((each) => form.test(each));
  const [inProduction, inTrial] = [folder(production), folder(trial)];
  if (mode === 'test' && inProduction)
    return `This key works in test mode only, and the name puts it in ${inProduction}/.`;
  if (mode === 'live' && inTrial) return `This is a live key, and the name puts it in ${inTrial}/.`;
  return null;
};

interface Break {
  /** Such as `a line break after 20 characters`. */
  text: string;
  /** The value without it. */
  joined: string;
}

/**
 * White space within a value that is one word by its form, as a terminal or an e-mail leaves it; null if there is none. Values that
 * may contain white space are left alone.
 */
export const breakIn = (value: string): Break | null => {
  const text = value.trim();
  const inner = /\s+/.exec(text);
  if (!inner || text.length > maxCharacters || recognise(text)) return null;
  const joined = text.replace(/\s+/g, '');
  if (!recognise(joined)) return null;
  const what = /[\r\n]/.test(inner[0])
    ? 'a line break'
    : inner[0].length === 1
      ? 'a space'
      : `${inner[0].length} spaces`;
  return { text: `${what} after ${inner.index} characters`, joined };
};
