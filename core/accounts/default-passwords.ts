/** The passwords of the accounts in a new vault, which everybody knows; those of v0.6. */

export const defaultPasswords = { admin: 'admin123', user: 'user123' } as const;

/** Whether a password is one of them, for any account. A new password cannot be: they are among the most common ones. */
export function isDefaultPassword(password: string): boolean {
  return Object.values<string>(defaultPasswords).includes(password);
}
