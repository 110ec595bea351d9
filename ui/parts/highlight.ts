/** A text with the words of a search marked, and with invisible characters made visible: names may come from anybody. */
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';

export const Highlight = ({ text, words }: { text: string; words: string }) => {
  const found = marked(shown(text), words.toLowerCase().split(/\s+/).filter(Boolean));
  return html`<bdi>${found.map((part) => (part.isHit ? html`<mark>${part.text}</mark>` : part.text))}</bdi>`;
};

/** In a few scripts the lower case has another length. Positions would be wrong there, so nothing is marked. */
export const marked = (text: string, words: readonly string[]) => {
  const lower = text.toLowerCase();
  if (lower.length !== text.length) return [{ text, isHit: false }];
  const parts: { text: string; isHit: boolean }[] = [];
  let at = 0;
  while (at < text.length) {
    const next = nearest(lower, words, at);
    if (!next) break;
    if (next.from > at) parts.push({ text: text.slice(at, next.from), isHit: false });
    parts.push({ text: text.slice(next.from, next.to), isHit: true });
    at = next.to;
  }
  if (at < text.length) parts.push({ text: text.slice(at), isHit: false });
  return parts;
};

const nearest = (lower: string, words: readonly string[], after: number) =>
  words
    .map((word) => ({ from: lower.indexOf(word, after), length: word.length }))
    .filter(({ from }) => from >= 0)
    .map(({ from, length }) => ({ from, to: from + length }))
    .sort((a, b) => a.from - b.from || b.to - a.to)[0];
