/** A reason not to go on, as a sentence for the person at the terminal that says what to do next. Holds no secret. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}

/** The sentence to show for any error: a OperatorError's own, or what broke, with where. */
export function explain(error: unknown): string {
  if (error instanceof OperatorError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
