import { answer, created, done, list, router } from '../http/route.ts';
import { createUser, deleteUser, listUsers, updateUser } from '../operations/users.ts';
import * as json from '../wire/json.ts';
import { newUser, userChange, userListQuery, userPath } from '../wire/requests.ts';

export const users = router()
  .get('/users', answer(listUsers, { query: userListQuery }, list(json.userList)))
  .post(
    '/users',
    answer(
      createUser,
      { body: newUser },
      created((id) => ({ message: 'User added successfully', id })),
    ),
  )
  .put('/users/:user_id', answer(updateUser, { path: userPath, body: userChange }, done('User updated successfully')))
  .delete('/users/:user_id', answer(deleteUser, { path: userPath }, done('User deleted successfully')));
