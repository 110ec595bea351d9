/** What the drivers in JavaScript share: where the vault is, and how the outcome of a verb is told. */
import { isDeepStrictEqual } from 'node:util';

/** @type {{ address: string, base: string, outside: string, roleId: string, secretId: string, readerRoleId: string, readerSecretId: string, username: string, password: string }} */
export const config = JSON.parse(process.env.CLIENT_CONFIG ?? '{}');

/**
 * Runs a verb, and tells whether it succeeded.
 *
 * @param {string} name
 * @param {() => Promise<void>} run
 */
export async function verb(name, run) {
  try {
    await run();
    tell(name, 'ok');
  } catch (error) {
    tell(name, 'failed', String(error instanceof Error ? error.stack : error).slice(0, 2_000));
  }
}

/** The client has no way to do this. */
export function notOffered(/** @type {string[]} */ ...names) {
  for (const name of names) tell(name, 'not offered');
}

function tell(/** @type {string} */ name, /** @type {string} */ result, note = '') {
  console.log(JSON.stringify({ verb: name, result, note }));
}

export function equal(/** @type {unknown} */ found, /** @type {unknown} */ expected) {
  if (!isDeepStrictEqual(found, expected)) {
    throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
  }
}

/**
 * Expects that this is refused. Returns the error.
 *
 * @param {() => Promise<unknown>} run
 * @returns {Promise<any>}
 */
export async function refused(run) {
  let answer;
  try {
    answer = await run();
  } catch (error) {
    return error;
  }
  throw new Error(`It was not refused: ${JSON.stringify(answer)}`);
}
