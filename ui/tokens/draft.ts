/** A token that is being made: what was typed, what it becomes, and which keys it would reach. */
import { isInRanges, rangesOf, scopeProblem } from '../../core/policy/scopes.ts';
import type { NewToken } from '../api/wire.ts';
import type { Draft } from './model.ts';

export const scopesIn = (text: string): string[] => [
  ...new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  ),
];

export const tokenOf = ({ name, project, access, scopes, days, addresses }: Draft): NewToken => ({
  name: name.trim(),
  project: project || null,
  access,
  scopes: access === 'audit' ? [] : scopesIn(scopes),
  expires_in_days: days === '' ? null : Number(days),
  allowed_addresses: addresses.split(/[\s,]+/).filter((each) => each !== ''),
});

/** Which of these keys a token reaches, or what is wrong with its scopes. */
export const preview = ({ scopes, project }: Draft, names: readonly string[]): string[] | { problem: string } => {
  const wanted = scopesIn(scopes);
  const problem = wanted.map((scope) => scopeProblem(scope, project || null)).find((each) => each !== null);
  if (problem) return { problem };
  const ranges = rangesOf(wanted, project || null);
  return names.filter((name) => isInRanges(name, ranges));
};

/** The folders of these keys as scopes, and the scope of everything: what there is to pick. */
export const choices = (names: readonly string[], project: string): string[] => {
  const folders = new Set<string>();
  for (const name of names) {
    if (project !== '' && !name.startsWith(`${project}/`)) continue;
    const parts = name.split('/').slice(0, -1);
    for (const [index] of parts.entries()) folders.add(`${parts.slice(0, index + 1).join('/')}/*`);
  }
  return ['*', ...[...folders].filter((scope) => scopeProblem(scope, project || null) === null).sort()];
};
