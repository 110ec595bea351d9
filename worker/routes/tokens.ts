/** Service tokens, by which programs sign in. */
import { router } from '../http/context.ts';
import { answer } from '../http/route.ts';
import { createToken, rotateToken } from '../operations/new-token.ts';
import { listTokens, readToken, revokeToken } from '../operations/tokens.ts';
import { created, done, list, ok } from '../wire/reply.ts';
import * as json from '../wire/token-json.ts';
import { newToken, tokenListQuery, tokenOrSelfPath, tokenPath, tokenRotation } from '../wire/token-requests.ts';

const rotating = { path: tokenPath, body: tokenRotation, isBodyOptional: true } as const;

export const tokens = router()
  .get('/tokens', answer(listTokens, { query: tokenListQuery }, list(json.tokenList)))
  .post('/tokens', answer(createToken, { body: newToken }, created(json.madeToken)))
  .get('/tokens/:id', answer(readToken, { path: tokenOrSelfPath }, ok(json.token)))
  .delete('/tokens/:id', answer(revokeToken, { path: tokenPath }, done('Token revoked successfully')))
  .post('/tokens/:id/rotate', answer(rotateToken, rotating, ok(json.madeToken)));
