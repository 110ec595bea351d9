/** AWS's side: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */

import { exitCodes, Failure } from '../terminal/failure.ts';
import { folderOf } from './credential.ts';

const required = { AccessKeyId: 'AWS_ACCESS_KEY_ID', SecretAccessKey: 'AWS_SECRET_ACCESS_KEY' };
const optional = { SessionToken: 'AWS_SESSION_TOKEN' };

interface Values {
  values: Record<string, string>;
}

/** The credentials in a folder. They say no expiry, so each program that starts asks once. */
export async function answerAws(place: string, read: (names: readonly string[]) => Promise<Values>): Promise<object> {
  const folder = folderOf(place);
  const all = { ...required, ...optional };
  const { values } = await read(Object.values(all).map((name) => folder + name));
  const missing = Object.values(required).find((name) => values[folder + name] === undefined);
  if (missing !== undefined) {
    throw new Failure(
      `There is no key ${folder}${missing} that you may read. Store it: keystore set '${folder}${missing}'`,
      exitCodes.notFound,
    );
  }
  const fields = Object.entries(all).flatMap(([field, name]) => {
    const value = values[folder + name];
    return value === undefined ? [] : [[field, value.trim()] as const];
  });
  return { Version: 1, ...Object.fromEntries(fields) };
}
