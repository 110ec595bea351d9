/** 50 requests about one key at the same moment leave one consistent state: every value opens, every count is right. */
import { beforeEach, expect, test } from 'vitest';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;
let count = 0;

beforeEach(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
});

const path = (name: string) => `/keys/${encodeURIComponent(name)}`;
const make = async (versions = 3) => {
  const name = `raced ${++count}`;
  await user('POST', '/keys', { key_name: name, api_key: 'value 1' });
  for (let number = 2; number <= versions; number++) await user('PUT', path(name), { api_key: `value ${number}` });
  return name;
};
const fifty = <Made>(start: (index: number) => Promise<Made>) =>
  Promise.all(Array.from({ length: 50 }, (_, i) => start(i)));
const tally = (statuses: readonly number[]) =>
  Object.fromEntries(
    [...new Set(statuses)].toSorted().map((each) => [each, statuses.filter((s) => s === each).length]),
  );

const tables = async () => {
  const { results } = await testDb()
    .prepare(
      `SELECT s.id, s.name, s.deleted_at IS NULL AS in_use, s.current_version, max(v.number) AS newest, count(*) AS versions, sum(token IS NOT NULL) AS kept
       FROM secrets s JOIN secret_versions v ON v.secret_id = s.id WHERE s.name LIKE 'raced ${count}%' GROUP BY s.id`.replaceAll(
        '\n',
        ' ',
      ),
    )
    .all<Record<string, number> & { name: string }>();
  return results;
};

/** Every version of every key that is there opens, or is said to be destroyed; and the counts are right. */
const expectWhole = async () => {
  for (const { name, in_use, current_version, newest } of await tables()) {
    expect(current_version).toBe(newest);
    if (!in_use) continue;
    for (const { version, destroyed } of (await user('GET', `${path(name)}/versions`)).body.versions ?? []) {
      const { status, body } = await user('GET', `${path(name)}?version=${version}`);
      expect([version, status]).toEqual([version, destroyed ? 404 : 200]);
      if (!destroyed) expect(body.api_key).toMatch(/^value /);
    }
  }
  const counted = await testDb()
    .prepare(
      `SELECT owner_id, secrets = (SELECT count(*) FROM secrets s WHERE s.owner_id = u.owner_id AND deleted_at IS NULL)
        AND trashed = (SELECT count(*) FROM secrets s WHERE s.owner_id = u.owner_id AND deleted_at IS NOT NULL)
        AND bytes = (SELECT coalesce(sum(length(token)), 0) FROM secrets s JOIN secret_versions v ON v.secret_id = s.id WHERE s.owner_id = u.owner_id) AS is_right
       FROM usage u`.replaceAll('\n', ' '),
    )
    .all<{ is_right: number }>();
  expect(counted.results.every(({ is_right }) => is_right === 1)).toBe(true);
};

test('restoring a version: 50 new versions, each once', async () => {
  const name = await make();
  const answers = await fifty((index) => user('POST', `${path(name)}/restore`, { version: 1 + (index % 3) }));
  // Those that ask for a version whose value 20 newer ones have pushed out are told so.
  const made = answers.filter(({ status }) => status === 200).map(({ body }) => body.version as number);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 404]));
  expect(made.toSorted((a, b) => a - b)).toEqual(made.map((_, index) => index + 4));
  expect(made.length).toBeGreaterThanOrEqual(17);
  await expectWhole();
});

test('renaming it to 50 names: one wins, and the others find nothing or are told to try again', async () => {
  const name = await make();
  const answers = await fifty((index) => user('PUT', path(name), { key_name: `${name} as ${index}` }));
  const statuses = answers.map(({ status }) => status);
  expect(tally(statuses)).toEqual({ 200: 1, 404: 49 });
  expect(await tables()).toMatchObject([{ name: `${name} as ${statuses.indexOf(200)}`, versions: 3, kept: 3 }]);
  await expectWhole();
});

test('renaming 50 keys to one name: one wins, 49 conflicts', async () => {
  const names: string[] = [];
  for (let index = 0; index < 50; index++) names.push(`raced ${count + 1} from ${index}`);
  count++;
  for (const key_name of names) await user('POST', '/keys', { key_name, api_key: 'value 1' });
  const answers = await fifty((index) => user('PUT', path(names[index] ?? ''), { key_name: `raced ${count} to` }));
  expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 1, 409: 49 });
  await expectWhole();
});

test('moving it to the trash 50 times, by its owner and an admin: once', async () => {
  const name = await make();
  const answers = await fifty((index) => (index % 2 ? user : admin)('DELETE', path(name)));
  expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 1, 404: 49 });
  expect(await tables()).toMatchObject([{ name, in_use: 0, versions: 3 }]);
  await expectWhole();
});

test('taking it out of the trash 50 times, under its name and under others: once', async () => {
  const name = await make();
  const id = (await user('DELETE', path(name))).headers.get('Trash-Id');
  const answers = await fifty((index) =>
    user('POST', `/trash/${id}/restore`, index % 2 ? { key_name: `${name} as ${index}` } : undefined),
  );
  expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 1, 404: 49 });
  expect(await tables()).toMatchObject([{ in_use: 1, versions: 3, kept: 3 }]);
  await expectWhole();
});

test('all of it at once, with new values, transfers and destruction between', async () => {
  const name = await make();
  const names = [name, `${name} b`, `${name} c`];
  const any = <Each>(list: readonly Each[], index: number) => list[index % list.length] as Each;
  const answers = await fifty(async (index) => {
    const at = path(any(names, index));
    switch (index % 7) {
      case 0:
        return user('PUT', at, { api_key: `value of ${index}` });
      case 1:
        return user('PUT', path(any(names, index)), { key_name: any(names, index + 1) });
      case 2:
        return user('POST', `${at}/restore`, { version: 1 + (index % 4) });
      case 3: {
        const id = (await user('DELETE', at)).headers.get('Trash-Id');
        return user('POST', `/trash/${id ?? 0}/restore`, { key_name: any(names, index + 1) });
      }
      case 4:
        return user('PUT', at, { key_name: any(names, index + 2), api_key: `value of ${index}` });
      case 5:
        return user('DELETE', `${at}/versions/2`);
      default:
        return admin('PUT', at, { owner: 'user', description: `d ${index}` });
    }
  });
  expect(answers.every(({ status }) => [200, 404, 409].includes(status))).toBe(true);
  expect(await tables()).toHaveLength(1);
  await expectWhole();
});
