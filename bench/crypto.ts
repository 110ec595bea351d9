/** A worker that measures the vault's cryptography and answers with microseconds by operation. crypto-bench.ts runs it in workerd. */
import { openValue, parseKeyring, sealValue } from '../core/crypto/keyring.ts';
import { makeVerifier, passwordCost, verifyPassword } from '../core/crypto/password.ts';
import { issueSessionToken, newSessionId, parseSessionKey, verifySessionToken } from '../core/crypto/session-token.ts';

const keys = {
  session: '1rNqkTz7vY3pXc9LwGhJ5sDfB8mQe2Ua6oRi0KtE',
  encryption: 'y6ZUxwKUqtWlBlpQjUQx7ZjTKo0NrmDOqAHR3cMdbsU=',
};

/** Microseconds per call, over `rounds` calls after a warm-up of half as many. */
async function average(rounds: number, work: () => unknown): Promise<number> {
  for (let i = 0; i < rounds / 2; i++) await work();
  const began = performance.now();
  for (let i = 0; i < rounds; i++) await work();
  return ((performance.now() - began) * 1000) / rounds;
}

async function measure(): Promise<Record<string, number>> {
  const keyring = parseKeyring(keys.encryption);
  const sessionKey = parseSessionKey(keys.session);
  const issuedAt = Math.floor(Date.now() / 1000);
  const claims = {
    userId: 1,
    username: 'admin',
    role: 'admin',
    sessionId: newSessionId(),
    issuedAt,
    expiresAt: issuedAt + 3_600,
  };
  const rounds = 3_000;
  const tokens: string[] = [];
  for (let i = 0; i < rounds * 2; i++) tokens.push(await issueSessionToken(sessionKey, { ...claims, userId: i + 1 }));
  const verifier = await makeVerifier('a password of the benchmark', passwordCost);
  const times: Record<string, number> = {};
  for (const size of [48, 1_024, 65_536]) {
    const value = 'v'.repeat(size);
    const sealed = sealValue(keyring, 'name', value);
    const some = size > 10_000 ? 50 : rounds;
    times[`seal ${size} bytes`] = await average(some, () => sealValue(keyring, 'name', value));
    times[`open ${size} bytes`] = await average(some, () => openValue(keyring, 'name', sealed));
  }
  let next = 0;
  times['verify a session token, the first time'] = await average(rounds, () =>
    verifySessionToken(sessionKey, tokens[next++] ?? '', issuedAt),
  );
  times['verify it again'] = await average(rounds, () =>
    verifySessionToken(sessionKey, tokens[next - 1] ?? '', issuedAt),
  );
  times['check a password (scrypt)'] = await average(4, () =>
    verifyPassword('a password of the benchmark', verifier, passwordCost),
  );
  return times;
}

export default { fetch: async (): Promise<Response> => Response.json(await measure()) };
