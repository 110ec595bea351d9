import { expect, test } from 'vitest';
import { type Welcome, welcome } from './messages.ts';

const local = {
  hosts: ['127.0.0.1', '::1'],
  port: 5000,
  hasTls: false,
  isNew: true,
  hasPassword: false,
  isLocal: true,
};

test('the welcome says where the vault is, with which account to sign in, and who can reach it', () => {
  expect(welcome({ ...local, command: 'npm start' })).toBe(`
Keystore is up: http://localhost:5000
Sign in as admin / admin123 or user / user123, and change both passwords.
Only this machine can reach it. HOST=0.0.0.0 npm start opens it to your network.
Ctrl-C stops it.
`);
});

test.each<[Partial<Welcome>, RegExp]>([
  [{ hasPassword: true }, /with the password that ADMIN_PASSWORD sets/],
  [{ isNew: false }, /Sign in with your account/],
  [{ isLocal: false }, /can do nothing else.*\n.*Others reach it through the proxies/],
  [{ hosts: ['0.0.0.0'] }, /Only this machine can reach it\.$/m],
  [{ hosts: ['0.0.0.0'], isLocal: false }, /Sign in as admin \/ admin123 and set a new password\. Until then/],
  [{ hosts: ['0.0.0.0'], isLocal: false }, /reaches 0\.0\.0\.0 can connect, unencrypted\. Put TLS in front/],
  [{ hosts: ['::1'] }, /Only this machine/],
  [{ basePath: '/vault' }, /http:\/\/localhost:5000\/vault\/\n/],
  [
    { hosts: ['::'], hasTls: true, isLocal: false },
    /^(?!.*unencrypted)(?!.*Only this machine).*https:\/\/localhost:5000/s,
  ],
])('the welcome of a vault with %o fits it', (change, sentence) => {
  expect(welcome({ ...local, ...change, command: './keystore' })).toMatch(sentence);
});
