/** Says that other keys have the value that was just stored, of those that one may read. */
import { notify } from '../parts/toast.ts';

const seconds = 15;

export const sameValueText = (names: readonly string[]): string => `the same value as ${names.join(', ')}`;

export const tellSameValue = (name: string, others: readonly string[] = []): void => {
  if (others.length > 0)
    notify({ tone: 'plain', text: `${name} has ${sameValueText(others)}.`, seconds, about: ['same value', name] });
};
