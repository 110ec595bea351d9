/** What a request about service tokens may contain. */
import * as v from 'valibot';
import { hasAtMostBytes } from '../../core/accounts/password-policy.ts';
import {
  maxAllowedAddresses,
  maxGraceMinutes,
  maxScopesPerToken,
  maxTokenDays,
  maxTokenNameBytes,
  maxTokensPerList,
} from '../../core/limits.ts';
import { type AllowedRange, parseAllowedRange } from '../../core/network/allowed.ts';
import { tokenAccesses } from '../../core/policy/policy.ts';
import { nameIn, scopeProblem } from '../../core/policy/scopes.ts';
import { trimmed } from '../../core/text.ts';
import type { NewToken } from '../operations/new-token.ts';
import { expiry } from './key-requests.ts';
import { id, newKeyName, newName, object, shownAs, text, wholeNumber } from './requests.ts';

const listOf = (field: string, max: number, description: string) =>
  v.pipe(
    v.array(v.string(`Each of ${field} must be a string.`), `${field} must be a list.`),
    shownAs({ description, maxItems: max }),
    v.check((given) => given.length <= max, `${field} must have at most ${max} entries.`),
    v.transform((given) => [...new Set(given)]),
  );

/** What is wrong with the name in a scope, or null. Scopes are compared as they are, so nothing is trimmed. */
const nameProblem = (scope: string): string | null => {
  if (scope === '*') return null;
  const name = nameIn(scope);
  const { success, output, issues } = v.safeParse(newKeyName, name, { abortEarly: true });
  if (!success) return issues[0].message.replace('key_name', `The name in the scope ${JSON.stringify(scope)}`);
  return output === name ? null : `Remove the white space around ${JSON.stringify(scope)}.`;
};

const scopesProblem = (scopes: readonly string[], project: string | null): string | null =>
  scopes.map((scope) => scopeProblem(scope, project) ?? nameProblem(scope)).find((problem) => problem !== null) ?? null;

const addressHelp = (given: string) =>
  `allowed_addresses: ${JSON.stringify(given.toWellFormed())} is neither an address nor a CIDR range. Write 10.0.0.2 or 10.0.0.0/8, for example.`;

const addresses = v.nullable(
  v.pipe(
    listOf('allowed_addresses', maxAllowedAddresses, 'Addresses and CIDR ranges. Without any it works from anywhere.'),
    v.check(
      (given) => given.every((each) => parseAllowedRange(each)),
      ({ input }) => addressHelp(input.find((each) => !parseAllowedRange(each)) ?? ''),
    ),
    v.transform((given): AllowedRange[] | null => {
      const ranges = given.map(parseAllowedRange).filter((range) => range !== null);
      const unique = new Map(ranges.map((range) => [range[0], range] as const));
      return unique.size === 0 ? null : [...unique.values()];
    }),
  ),
);

const dayMs = 86_400_000;
const notDays = `expires_in_days must be a whole number of days from 1 to ${maxTokenDays}, or null.`;
const days = v.nullable(
  v.pipe(v.number(notDays), v.integer(notDays), v.minValue(1, notDays), v.maxValue(maxTokenDays, notDays)),
);

export const newToken = v.pipe(
  object({
    name: v.pipe(
      newName('name'),
      v.check(
        (name) => hasAtMostBytes(name, maxTokenNameBytes),
        `name must be at most ${maxTokenNameBytes} bytes long.`,
      ),
    ),
    project: v.optional(
      v.nullable(
        v.pipe(
          text('project'),
          shownAs({ description: 'Whose token it is. Without one it is your own.' }),
          v.transform(trimmed),
        ),
      ),
      null,
    ),
    access: v.picklist(tokenAccesses, 'access must be "read", "write", "manage" or "audit".'),
    scopes: v.optional(
      v.pipe(
        listOf(
          'scopes',
          maxScopesPerToken,
          'Names, what is below a prefix (`shop/prod/*`), or all that the token may reach (`*`). With the access `audit` there are none.',
        ),
        v.check(
          (given) => given.every((scope) => scope.isWellFormed()),
          'scopes is not valid Unicode: it contains a lone surrogate.',
        ),
      ),
      [],
    ),
    allowed_addresses: v.optional(addresses, null),
    expires_in_days: v.optional(days),
    expires_at: v.optional(expiry),
  }),
  v.check(
    ({ access, scopes }) => access === 'audit' || scopes.length > 0,
    'scopes must not be empty. Write ["*"] for all that the token may reach.',
  ),
  v.check(
    ({ access, scopes }) => access !== 'audit' || scopes.length === 0,
    'A token with the access "audit" reads the log and no keys. Leave out scopes.',
  ),
  v.check(
    ({ scopes, project }) => scopesProblem(scopes, project) === null,
    ({ input }) => scopesProblem(input.scopes, input.project) ?? '',
  ),
  v.check(
    ({ expires_in_days, expires_at }) => expires_in_days == null || expires_at == null,
    'Send either expires_in_days or expires_at.',
  ),
  v.check(({ expires_at }) => expires_at == null || expires_at > Date.now(), 'expires_at must be in the future.'),
  v.transform(
    ({ expires_in_days, expires_at = null, allowed_addresses, ...token }): NewToken => ({
      ...token,
      addresses: allowed_addresses,
      expires_at: expires_in_days == null ? expires_at : Date.now() + expires_in_days * dayMs,
    }),
  ),
);

const minutes = `grace_minutes must be a whole number from 0 to ${maxGraceMinutes}.`;

export const tokenRotation = object({
  grace_minutes: v.optional(
    v.pipe(v.number(minutes), v.integer(minutes), v.minValue(0, minutes), v.maxValue(maxGraceMinutes, minutes)),
    0,
  ),
});

export const tokenPath = v.object({ id });

/** `self` is the token that the request comes with. */
export const tokenOrSelfPath = v.pipe(
  v.object({ id: v.string() }),
  v.transform((given) => ({ id: given.id === 'self' ? null : v.parse(id, given.id) })),
);

export const tokenListQuery = v.object({
  before: v.optional(wholeNumber('before', 1, Number.MAX_SAFE_INTEGER), String(Number.MAX_SAFE_INTEGER)),
  limit: v.optional(wholeNumber('limit', 1, maxTokensPerList), String(maxTokensPerList)),
});
