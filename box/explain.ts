/** What the person at the terminal sees of an error. */
import { OperatorError } from '../core/operator-error.ts';

/** The text to show for any error: the sentence of an OperatorError, or the stack of an unexpected error. */
export function explain(error: unknown): string {
  if (error instanceof OperatorError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
