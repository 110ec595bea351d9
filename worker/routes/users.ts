/** User accounts, for admins. */
import { router } from '../http/context.ts';
import { answer } from '../http/route.ts';
import { deleteUser } from '../operations/delete-user.ts';
import { markExposure, readExposure } from '../operations/exposure.ts';
import { listSessionsOf, signOutUser } from '../operations/user-sessions.ts';
import { createUser, listUsers, updateUser } from '../operations/users.ts';
import { exposedPath, exposedQuery, exposure, exposureMark } from '../wire/exposure-json.ts';
import * as json from '../wire/json.ts';
import { created, done, list, ok } from '../wire/reply.ts';
import { heirQuery, newUser, userChange, userListQuery, userPath, userSessionPath } from '../wire/requests.ts';

export const users = router()
  .get('/users', answer(listUsers, { query: userListQuery }, list(json.userList)))
  .post('/users', answer(createUser, { body: newUser }, created(json.newUser)))
  .put('/users/:id', answer(updateUser, { path: userPath, body: userChange }, done('User updated successfully')))
  .delete('/users/:id', answer(deleteUser, { path: userPath, query: heirQuery }, done('User deleted successfully')))
  // Of somebody whose account is deleted the name is known.
  .get('/users/exposure', answer(readExposure, { query: exposedQuery }, list(exposure)))
  .get('/users/:id/exposure', answer(readExposure, { path: exposedPath }, list(exposure)))
  .post('/users/:id/exposure', answer(markExposure, { path: userPath, body: exposureMark }, done('Noted.')))
  .get('/users/:id/sessions', answer(listSessionsOf, { path: userPath }, ok(json.sessionList)))
  .delete('/users/:id/sessions', answer(signOutUser, { path: userPath }, done('Sessions ended successfully')))
  .delete(
    '/users/:id/sessions/:session_id',
    answer(signOutUser, { path: userSessionPath }, done('Session ended successfully')),
  );
