/** An answer in place of the worker's, as the gate gives it: an error that says what to do next. */
export const refuse = (status: number, error: string, headers: Record<string, string> = {}): Response =>
  Response.json(
    { error },
    { status, headers: { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', ...headers } },
  );
