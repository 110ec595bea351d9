/** Whether SQLite failed because another process has locked the database (SQLITE_BUSY). */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}
