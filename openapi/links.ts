/** Which request can follow which: OpenAPI's links, with runtime expressions (OpenAPI 3.1, section 4.8.20.4). */
import type { Description } from './description.ts';

type Links = NonNullable<Description['links']>;

/** What can be asked about a key, whose name an expression gives. */
export function linksToKey(key_name: string): Links {
  const ids = ['readKey', 'changeKey', 'listVersions', 'restoreVersion', 'deleteKey'];
  return Object.fromEntries(ids.flatMap((id) => [id, `${id}ByQuery`].map((each) => [each, { key_name }])));
}

export const linksToTrash: Links = {
  restoreKey: { id: '$response.header.Trash-Id' },
  destroyKey: { id: '$response.header.Trash-Id' },
};

/** What can be asked about a project. */
export const linksToProject: Links = Object.fromEntries(
  ['readProject', 'changeProject', 'deleteProject'].map((id) => [id, { name: '$request.body#/name' }]),
);

/** What can be asked about a service token. */
export const linksToToken: Links = Object.fromEntries(
  ['readToken', 'rotateToken', 'revokeToken'].map((id) => [id, { token_id: '$response.body#/id' }]),
);

/** What can be asked about a user. */
export const linksToUser: Links = Object.fromEntries(
  ['changeUser', 'deleteUser', 'listUserSessions', 'signOutUser'].map((id) => [id, { user_id: '$response.body#/id' }]),
);
