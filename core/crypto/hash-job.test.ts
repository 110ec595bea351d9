import { describe, expect, test } from 'vitest';
import { utf8 } from './encoding.ts';
import { FernetKey, sealFernet } from './fernet.ts';
import { answerJob, maxHashJobBytes, remoteScrypt } from './hash-job.ts';
import { randomBytes } from './random.ts';
import { sliced } from './scrypt.ts';

const here = sliced(async () => {});
const key = new FernetKey(randomBytes(32));
const password = utf8('correct horse battery staple');
const salt = utf8('a salt');
const cost = { N: 1024, r: 8, p: 2 };

/** What reaches the other side, and what it answers. */
function recorded(theirs: FernetKey | null) {
  const bodies: string[] = [];
  const answers: string[] = [];
  const send = async (body: string) => {
    bodies.push(body);
    answers.push((await answerJob(body, theirs, here)) ?? '');
    return answers.at(-1) ?? '';
  };
  return { send, bodies, answers };
}

describe.each([
  ['sealed', key],
  ['on a private way', null],
])('%s', (_, shared) => {
  test('gives what is computed here', async () => {
    const { send } = recorded(shared);
    expect(await remoteScrypt(send, shared)(password, salt, cost, 64)).toEqual(await here(password, salt, cost, 64));
  });

  test('the answer to another job, an answer of another length, and nonsense are not accepted', async () => {
    const first = recorded(shared);
    await remoteScrypt(first.send, shared)(password, salt, cost, 64);
    for (const answer of [first.answers[0] ?? '', first.bodies[0] ?? '', '', 'null', '{}', '[]']) {
      await expect(remoteScrypt(async () => answer, shared)(password, salt, cost, 64)).rejects.toThrow('not one');
    }
    const short = async (body: string) =>
      (await answerJob(body, shared, (given, its, how) => here(given, its, how, 32))) ?? '';
    await expect(remoteScrypt(short, shared)(password, salt, cost, 64)).rejects.toThrow('not one');
  });
});

test('whoever listens without the key learns neither the password nor its length, and can give no answer', async () => {
  const { send, bodies } = recorded(new FernetKey(randomBytes(32)));
  for (const given of ['', 'correct horse battery staple', 'x'.repeat(1024)]) {
    await expect(remoteScrypt(send, key)(utf8(given), salt, cost, 64)).rejects.toThrow('not one');
  }
  expect(new Set(bodies.map((body) => body.length)).size).toBe(1);
  for (const body of bodies) expect(body).not.toContain(btoa('correct horse').slice(0, 12));
});

test('a job without the key, or from an earlier minute, is refused', async () => {
  const { send, bodies } = recorded(null);
  await remoteScrypt(send, null)(password, salt, cost, 64);
  const job = bodies[0] ?? '';
  expect(await answerJob(job, key, here)).toBeNull();
  const now = Date.now() / 1000;
  expect(await answerJob(sealFernet(key, utf8(job), { now }), key, here)).not.toBeNull();
  expect(await answerJob(sealFernet(key, utf8(job), { now: now - 61 }), key, here)).toBeNull();
});

const good = { id: 'a', password: 'cHc', salt: 'cw', N: 1024, r: 1, p: 1, length: 64 };

test.each([
  { N: 2 ** 18 },
  { N: 1000 },
  { N: 1 },
  { N: 2 ** 16 },
  { N: 0 },
  { N: -1024 },
  { N: '1024' },
  { N: null },
  { r: 9 },
  { r: 0 },
  { r: 1.5 },
  { p: 6 },
  { p: 0 },
  { length: 65 },
  { length: 0 },
  { length: null },
  { id: 1 },
  { password: 5 },
  { password: '%' },
  { password: 'A'.repeat(8_192) },
  { salt: null },
  { salt: 'A'.repeat(4_096) },
])('a job with %j is refused before anything is computed', async (wrong) => {
  let computed = 0;
  const counting = async () => {
    computed += 1;
    return new Uint8Array(64);
  };
  expect(await answerJob(JSON.stringify({ ...good, ...wrong }), null, counting)).toBeNull();
  expect(computed).toBe(0);
  expect(await answerJob(JSON.stringify(good), null, counting)).not.toBeNull();
});

test('the longest job, sealed, is within the limit', async () => {
  const { send, bodies } = recorded(key);
  await remoteScrypt(send, key)(new Uint8Array(4_096), new Uint8Array(2_048), cost, 64);
  expect(bodies[0]?.length).toBeLessThanOrEqual(maxHashJobBytes);
});
