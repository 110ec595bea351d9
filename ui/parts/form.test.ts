import { expect, test } from 'vitest';
import { Problem } from '../api/client.ts';
import { placed } from './form.ts';

const fields = {
  key_name: { label: 'The name' },
  password: { label: 'The password', also: ['The password', 'That password'] },
};

test.each([
  [400, 'key_name must not be empty.', 'key_name', 'The name must not be empty.'],
  [400, 'The password must not be the user name.', 'password', 'The password must not be the user name.'],
  [400, 'That password is one of the first.', 'password', 'That password is one of the first.'],
  [409, 'A key of that name exists already.', 'key_name', 'A key of that name exists already.'],
  [500, 'Something went wrong here.', null, 'Something went wrong here.'],
])('%i %s', (status, message, field, text) => {
  expect(placed(new Problem(status, message), fields, { 409: 'key_name' })).toEqual({ field, text });
});

test('places nothing if there is no problem', () => {
  expect(placed(null, fields)).toEqual({ field: null, text: null });
});
