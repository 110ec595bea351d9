/** A reason not to go on, as a sentence for the person at the terminal that says what to do next. Holds no secret. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** The sentence to show for any error: a Refusal's own, or what broke, with where. */
export function explain(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
