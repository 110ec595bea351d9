import type { HttpLimits } from '../../core/limits.ts';
import { answers } from '../../core/network/answers.ts';
import { bodyTooLarge, type ErrorAnswer, tooSlow } from '../../core/network/error-answers.ts';

/** The answer to bytes that Node.js's parser rejected. */
export function answerToParseError({ code }: NodeJS.ErrnoException, limits: HttpLimits): ErrorAnswer {
  if (code === 'HPE_HEADER_OVERFLOW') return answers.headersTooLarge;
  if (code === 'HPE_INVALID_URL') return answers.badRequestTarget;
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return bodyTooLarge(limits.maxBodyBytes);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return tooSlow;
  return answers.malformed;
}
