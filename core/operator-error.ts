/** An error that the operator can fix: a sentence that says what is wrong and what to do next. Holds no secret. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}
