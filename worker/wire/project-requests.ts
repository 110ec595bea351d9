/** What a request about projects and their members may contain. */
import * as v from 'valibot';
import { keyLikeness } from '../../core/accounts/likeness.ts';
import { hasAtMostBytes } from '../../core/accounts/password-policy.ts';
import { maxMembersPerList, maxNameBytes, maxProjectsPerList } from '../../core/limits.ts';
import { projectRoles } from '../../core/policy/policy.ts';
import { trimmed } from '../../core/text.ts';
import { newName, object, shortText, shownAs, text, wholeNumber } from './requests.ts';

/** Also in the form that looks alike: a full-width slash divides names as well, for who reads them. */
const isPlain = (name: string) => !/[/*]/.test(keyLikeness(name)) && !['.', '..'].includes(keyLikeness(name));

const newProjectName = v.pipe(
  newName('name'),
  v.check(isPlain, 'name must not contain "/" or "*", and must not be "." or "..".'),
);

/** A name in a path. Which names exist is for the database to say. */
const nameInPath = (field: string) =>
  v.pipe(
    text(field),
    shownAs({ minLength: 1 }),
    v.transform(trimmed),
    v.check((name) => name !== '', `${field} must not be empty.`),
    v.check((name) => hasAtMostBytes(name, maxNameBytes), `${field} must be at most ${maxNameBytes} bytes long.`),
    v.check((name) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name), `${field} must not contain control characters.`),
  );

const pageOf = (max: number) =>
  v.object({
    after: v.optional(text('after'), ''),
    limit: v.optional(wholeNumber('limit', 1, max), String(max)),
  });

export const projectListQuery = pageOf(maxProjectsPerList);
export const memberListQuery = pageOf(maxMembersPerList);

export const projectPath = v.object({ name: nameInPath('The name of the project') });

export const memberPath = v.object({
  name: nameInPath('The name of the project'),
  user_name: nameInPath('user_name'),
});

export const newProject = v.pipe(
  object({
    name: newProjectName,
    description: v.optional(v.nullable(shortText('description')), null),
    adopt: v.optional(v.boolean('adopt must be true or false.'), false),
  }),
  v.transform(({ description, ...project }) => ({ ...project, description: description ?? '' })),
);

export const projectChange = object({ description: shortText('description') });

export const memberChange = object({
  role: v.picklist(projectRoles, 'role must be "viewer", "editor" or "manager".'),
});
