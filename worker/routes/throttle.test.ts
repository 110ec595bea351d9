/** The throttles on passwords, through the API: who waits, how long, and who does not. */
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { hashBudgets, passwordThrottles } from '../../core/limits.ts';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
});

beforeEach(() => {
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

const { freeFailures, firstWaitMs, maxWaitMs, forgetMs } = passwordThrottles.account;
const minute = 60_000;
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

let networks = 0;
/** An address that no other call uses. */
const fresh = () => {
  networks += 1;
  return `198.${networks >> 16}.${(networks >> 8) & 255}.${networks & 255}`;
};

interface From {
  address?: string;
  cookie?: string;
}

const login = async (username: string, password: string, { address = fresh(), cookie }: From = {}) => {
  pass(1);
  const headers = { 'CF-Connecting-IP': address, ...(cookie ? { Cookie: cookie } : {}) };
  const answer = await vault.anonymous('POST', '/auth/login', { username, password }, headers);
  const device = answer.headers.getSetCookie().find((each) => each.startsWith('keystore_device_'));
  return { ...answer, retryAfter: Number(answer.headers.get('Retry-After')), device: device?.split(';')[0] ?? '' };
};

const fail = (username: string, from?: From) => login(username, 'wrong', from);

const failTimes = async (times: number, username: string, from?: From) => {
  for (let i = 0; i < times; i++) expect((await fail(username, from)).status).toBe(401);
};

let accounts = 0;
const account = async () => {
  accounts += 1;
  const username = `somebody ${String.fromCharCode(97 + Math.floor(accounts / 26), 97 + (accounts % 26))}`;
  const password = 'a good password';
  const { body } = await admin('POST', '/users', { username, password });
  return { username, password, id: body.id ?? 0 };
};

/** Strangers have failed until they must wait. */
const besieged = async () => {
  const made = await account();
  await failTimes(freeFailures, made.username);
  expect((await fail(made.username)).status).toBe(429);
  return made;
};

describe('strangers', () => {
  test('wait after the fifth failure of an account, with the right password too, before anything is hashed', async () => {
    const { username, password } = await account();
    await failTimes(freeFailures, username);
    vault.trips.count = 0;
    const refused = await login(username, password);
    expect([refused.status, refused.retryAfter]).toEqual([429, firstWaitMs / 1000]);
    expect(vault.trips.count).toBe(1);
    expect((await fail('user')).status).toBe(401);
  });

  test('wait twice as long after each further failure, up to a bound; attempts that are refused prolong nothing', async () => {
    const { username, password } = await besieged();
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      const { retryAfter } = await fail(username);
      waits.push(retryAfter / 60);
      for (let j = 0; j < 3; j++) {
        pass((retryAfter * 1000) / 4);
        expect((await login(username, password)).status).toBe(429);
      }
      pass((retryAfter * 1000) / 4);
      expect((await fail(username)).status).toBe(401);
    }
    expect(waits).toEqual([2, 4, 8, 15, 15, 15]);
    pass(maxWaitMs);
    expect((await login(username, password)).status).toBe(200);
  });

  test.each([
    ['as soon as it may', (retryAfter: number) => retryAfter * 1000],
    ['after each failure is forgotten', () => forgetMs],
    ['in bursts, after all is forgotten', (retryAfter: number) => (retryAfter ? freeFailures * forgetMs : 0)],
  ])('get about a hundred guesses a day: one who tries %s', async (_, pause) => {
    const { username } = await account();
    const end = Date.now() + 24 * 60 * minute;
    let guesses = 0;
    while (Date.now() < end) {
      const { status, retryAfter } = await fail(username);
      if (status === 401) guesses += 1;
      pass(pause(retryAfter));
    }
    expect(guesses).toBeGreaterThan(20);
    expect(guesses).toBeLessThanOrEqual(105);
  });

  test('are counted when they try at the same moment', async () => {
    const { username } = await account();
    const answers = await Promise.all(Array.from({ length: 12 }, () => fail(username)));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(freeFailures);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(7);
  });

  test('are counted for the account, however its name is spelt and wherever they are', async () => {
    const { username, id } = await besieged();
    const { results } = await testDb()
      .prepare("SELECT subject FROM throttles WHERE subject LIKE 'account %'")
      .all<Record<string, unknown>>();
    expect(results).toContainEqual({ subject: `account ${id}` });
    expect((await fail(username, { address: '2001:db8::1' })).status).toBe(429);
  });

  test('get the same for a name that no account has, and for an inactive account with its password', async () => {
    await failTimes(freeFailures, 'nobody has this name');
    const ghost = await fail('nobody has this name');
    const { username, password, id } = await account();
    await admin('PUT', `/users/${id}`, { is_active: false });
    for (let i = 0; i < freeFailures; i++) expect((await login(username, password)).status).toBe(401);
    const inactive = await login(username, password);
    expect([ghost.status, ghost.text, ghost.retryAfter]).toEqual([inactive.status, inactive.text, inactive.retryAfter]);
  });

  test('make no log row when they are refused, so the log cannot be filled', async () => {
    const { username } = await besieged();
    const rows = () => testDb().prepare('SELECT count(*) AS n FROM audit_events').first('n');
    const before = await rows();
    for (let i = 0; i < 10; i++) expect((await fail(username)).status).toBe(429);
    expect(await rows()).toBe(before);
  });

  test('wait at an address from which many accounts were tried; an IPv6 /64 is one address', async () => {
    const address = (last: number) => `2001:db8:5:6::${last.toString(16)}`;
    const { username, password } = await account();
    for (let i = 0; i < passwordThrottles.address.freeFailures; i++) {
      expect((await fail(`n${crypto.randomUUID()}`, { address: address(i + 1) })).status).toBe(401);
    }
    const refused = await login(username, password, { address: address(99) });
    expect([refused.status, refused.retryAfter]).toEqual([429, passwordThrottles.address.firstWaitMs / 1000]);
    expect((await login(username, password, { address: '2001:db8:5:7::1' })).status).toBe(200);
  });

  test('start anew after a good sign-in of one of them, once an hour, and after an admin sets a password', async () => {
    const { username, password, id } = await account();
    await failTimes(4, username);
    expect((await login(username, password)).status).toBe(200);
    await failTimes(4, username);
    expect((await login(username, password)).status).toBe(200);
    await failTimes(1, username);
    expect((await fail(username)).status).toBe(429);
    await admin('PUT', `/users/${id}`, { password: 'another good password' });
    await failTimes(4, username);
    expect((await login(username, 'another good password')).status).toBe(200);
  });
});

describe('a browser that has signed in before', () => {
  test('is not affected by strangers, wherever it is', async () => {
    const { username, password } = await account();
    const { device } = await login(username, password);
    await failTimes(freeFailures, username);
    expect((await login(username, password)).status).toBe(429);
    expect((await login(username, password, { cookie: device })).status).toBe(200);
    expect((await login(username, password, { cookie: `theme=dark; ${device}` })).status).toBe(200);
  });

  test('has a throttle of its own, which a good sign-in clears', async () => {
    const { username, password } = await account();
    const { device: cookie } = await login(username, password);
    await failTimes(4, username, { cookie });
    const { device: renewed } = await login(username, password, { cookie });
    expect(renewed).toBe(cookie);
    await failTimes(freeFailures, username, { cookie });
    expect((await login(username, password, { cookie })).status).toBe(429);
    await failTimes(freeFailures, username);
  });

  test('is not affected by what others do at its address', async () => {
    const { username, password } = await account();
    const { device: cookie } = await login(username, password);
    const address = fresh();
    for (let i = 0; i < passwordThrottles.address.freeFailures; i++) await fail(`x${crypto.randomUUID()}`, { address });
    expect((await login(username, password, { address })).status).toBe(429);
    expect((await login(username, password, { address, cookie })).status).toBe(200);
  });

  test('is known to each of several accounts', async () => {
    const [one, two] = [await account(), await account()];
    const { device: first } = await login(one.username, one.password);
    const { device: cookie } = await login(two.username, two.password, { cookie: first });
    for (const { username, password } of [one, two]) {
      await failTimes(freeFailures, username);
      expect((await login(username, password, { cookie })).status).toBe(200);
    }
  });

  test('is a stranger to other accounts, with a forged cookie, and after a new password', async () => {
    const [one, two] = [await besieged(), await account()];
    const { device: foreign } = await login(two.username, two.password);
    const [name = '', value = ''] = foreign.split('=');
    const [user, number, id, mac] = value.split('.');
    for (const cookie of [
      foreign,
      `${name}=${one.id}.${number}.${id}.${mac}`,
      `${name}=${one.id}.0.${'A'.repeat(22)}.${'A'.repeat(43)}`,
      `${name}=${user}.${number}.${id}.`,
      `${name}=`,
      `${name}=${'~'.repeat(2_000)}`,
    ]) {
      expect((await login(one.username, one.password, { cookie })).status).toBe(429);
    }
    await admin('PUT', `/users/${two.id}`, { password: 'another good password' });
    await failTimes(freeFailures, two.username);
    expect((await login(two.username, 'another good password', { cookie: foreign })).status).toBe(429);
  });

  test('stays known to an account whose password it changes, and no other browser does', async () => {
    const { username, password } = await account();
    const here = await login(username, password);
    const there = await login(username, password);
    const client = vault.client(here.body.token ?? '');
    const body = { current_password: password, new_password: 'a better password' };
    const { headers } = await client('POST', '/auth/password', body, { Cookie: here.device });
    const cookie = headers.getSetCookie()[0]?.split(';')[0] ?? '';
    await failTimes(freeFailures, username);
    expect((await login(username, 'a better password', { cookie })).status).toBe(200);
    for (const { device } of [here, there]) {
      expect((await login(username, 'a better password', { cookie: device })).status).toBe(429);
    }
  });

  test('gets a cookie that no script reads, that other sites do not send, and that is no credential', async () => {
    const { username, password } = await account();
    const { headers, device } = await login(username, password);
    expect(headers.getSetCookie().join()).toMatch(
      /keystore_device_[\w-]{8}=[^;]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict/,
    );
    const [name = '', value = ''] = device.split('=');
    for (const stolen of [
      { Cookie: device },
      { Cookie: `${name.replace('device', 'session')}=${value}` },
      { Authorization: `Bearer ${value}` },
    ]) {
      expect((await vault.anonymous('GET', '/auth/session', undefined, stolen)).status).toBe(401);
    }
  });
});

describe('an address that has signed in before', () => {
  test('is not affected by strangers elsewhere, nor by those who try other accounts from it', async () => {
    const { username, password } = await account();
    const address = fresh();
    expect((await login(username, password, { address })).status).toBe(200);
    await failTimes(freeFailures, username);
    for (let i = 0; i < passwordThrottles.address.freeFailures; i++) await fail(`y${crypto.randomUUID()}`, { address });
    expect((await fail('nobody else', { address })).status).toBe(429);
    expect((await login(username, password, { address })).status).toBe(200);
    expect((await login(username, password)).status).toBe(429);
  });

  test('has a throttle of its own; who signs in again and again there gives others few guesses', async () => {
    const { username, password } = await account();
    const address = fresh();
    await login(username, password, { address });
    let guesses = 0;
    for (let hour = 0; hour < 8; hour++) {
      for (let attempt = 0; attempt < 6; attempt++) {
        for (let i = 0; i < 4; i++) if ((await fail(username, { address })).status === 401) guesses += 1;
        await login(username, password, { address });
        pass(10 * minute);
      }
    }
    // In eight hours: 8 times 5 that are forgiven, 32 that are forgotten, and those of the start.
    expect(guesses).toBeLessThanOrEqual(80);
  });

  test('is an IPv6 network, and unknown again after a new password, except where it was changed', async () => {
    const { username, password } = await account();
    const client = await vault.signIn(username, password, '2001:db8:77:1::1');
    await login(username, password, { address: '2001:db8:77:2::1' });
    const body = { current_password: password, new_password: 'a better password' };
    expect((await client('POST', '/auth/password', body, { 'CF-Connecting-IP': '2001:db8:77:1::2' })).status).toBe(200);
    await failTimes(freeFailures, username);
    expect((await login(username, 'a better password', { address: '2001:db8:77:1::3' })).status).toBe(200);
    expect((await login(username, 'a better password', { address: '2001:db8:77:2::1' })).status).toBe(429);
  });

  test('is forgotten when twenty others were seen later, and with its account', async () => {
    const { username, password, id } = await account();
    const known = async () =>
      (await testDb().prepare('SELECT network FROM known_addresses WHERE user_id = ?').bind(id).all()).results.length;
    for (let i = 0; i < 25; i++) {
      await login(username, password);
      pass(1000);
    }
    expect(await known()).toBe(20);
    await admin('DELETE', `/users/${id}`);
    expect(await known()).toBe(0);
  });
});

describe('a live session', () => {
  const change = (client: Client, current_password: string) => {
    pass(1);
    return client(
      'POST',
      '/auth/password',
      { current_password, new_password: 'a better password' },
      { 'CF-Connecting-IP': fresh() },
    );
  };

  test('changes its password while strangers keep the account from signing in', async () => {
    const { username, password } = await account();
    const client = await vault.signIn(username, password, fresh());
    await failTimes(freeFailures, username);
    expect((await login(username, password)).status).toBe(429);
    expect((await change(client, password)).status).toBe(200);
  });

  test('has a throttle of its own on the current password, and its guesses keep nobody out', async () => {
    const { username, password } = await account();
    const client = await vault.signIn(username, password, fresh());
    for (let i = 0; i < freeFailures; i++) expect((await change(client, 'a guess')).status).toBe(403);
    const refused = await change(client, password);
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, String(firstWaitMs / 1000)]);
    expect((await login(username, password)).status).toBe(200);
    pass(firstWaitMs);
    expect((await change(client, password)).status).toBe(200);
  });
});

describe('right passwords', () => {
  test('have a budget for each account: whoever signs in again and again waits, and nobody else', async () => {
    const { username, password } = await account();
    const { atOnce, everyMs } = hashBudgets.signInsOfAccount;
    for (let i = 0; i < atOnce; i++) expect((await login(username, password)).status).toBe(200);
    vault.trips.count = 0;
    const refused = await login(username, password);
    expect([refused.status, refused.retryAfter]).toEqual([429, everyMs / 1000]);
    expect(refused.body.error).toMatch(/token of an earlier one/);
    expect(vault.trips.count).toBe(1);
    expect((await login('user', 'user123')).status).toBe(200);
    pass(everyMs);
    expect((await login(username, password)).status).toBe(200);
    expect((await login(username, password)).status).toBe(429);
  });

  test('have a budget for each address, which is not that of a known browser', async () => {
    const address = fresh();
    const { atOnce, everyMs } = hashBudgets.signInsFromAddress;
    const used = await account();
    const { device: cookie } = await login(used.username, used.password);
    // As if others had signed in from there.
    await testDb()
      .prepare('INSERT INTO throttles VALUES (?, ?, ?, ?)')
      .bind(`sign-ins from ${address}`, Date.now() + atOnce * everyMs, Date.now() + everyMs, Date.now())
      .run();
    expect((await login(used.username, used.password, { address })).status).toBe(429);
    expect((await login(used.username, used.password, { address, cookie })).status).toBe(200);
    pass(everyMs);
    expect((await login(used.username, used.password, { address })).status).toBe(200);
  });

  test('have a budget for changes of the password, right or wrong, over all sessions of the account', async () => {
    const { username, password } = await account();
    const { atOnce } = hashBudgets.passwordChanges;
    const attempt = async (client: Client) =>
      (await client('POST', '/auth/password', { current_password: 'a guess', new_password: 'a better password' }))
        .status;
    const statuses: number[] = [];
    while (statuses.length <= atOnce) {
      const client = await vault.signIn(username, password, fresh());
      for (let i = 0; i < freeFailures - 1; i++) statuses.push(await attempt(client));
    }
    expect(statuses.slice(0, atOnce)).toEqual(Array(atOnce).fill(403));
    expect(statuses[atOnce]).toBe(429);
  });
});

test('a clock that jumps locks nobody out for longer than a wait', async () => {
  const { username, password } = await account();
  const now = Date.now();
  vi.setSystemTime(now + 365 * 24 * 60 * minute);
  await failTimes(freeFailures, username);
  expect((await login(username, password)).status).toBe(429);
  vi.setSystemTime(now);
  expect((await login(username, password)).status).toBe(200);
  pass(1000);
  await failTimes(freeFailures, username);
  expect((await fail(username)).status).toBe(429);
});

test('what is forgotten leaves no row', async () => {
  await failTimes(3, 'soon forgotten');
  pass(7 * 24 * 60 * minute);
  await failTimes(1, 'the only one');
  expect(await testDb().prepare('SELECT count(*) AS n FROM throttles').first('n')).toBe(2);
});

describe('a name that no account has', () => {
  test('is not stored, since people type their password there; the log tells whether it is the same again', async () => {
    const typed = 'Tr0ub4dor&3 my password';
    await fail(typed);
    await fail(typed);
    await fail('another unknown name');
    const { body } = await admin('GET', '/logs?action=login_attempt&limit=3');
    const [other, second, first] = body.logs ?? [];
    for (const entry of [first, second, other]) {
      expect(entry).toMatchObject({ user_name: null, outcome: 'unauthenticated', reason: 'unknown_name' });
      expect(entry?.target).toMatch(/^unknown name [\w-]{4}$/);
    }
    expect(first?.target).toBe(second?.target);
    expect(first?.target).not.toBe(other?.target);
    for (const table of ['audit_events', 'throttles', 'users', 'sessions', 'known_addresses']) {
      const { results } = await testDb().prepare(`SELECT * FROM ${table}`).all();
      expect(JSON.stringify(results)).not.toMatch(/Tr0ub4dor|another unknown/i);
    }
  });

  test('of an account is in the log as ever', async () => {
    const { username } = await account();
    await fail(username);
    const { body } = await admin('GET', '/logs?action=login_attempt&limit=1');
    expect(body.logs?.[0]).toMatchObject({ user_name: username, target: null, reason: 'wrong_password' });
  });
});
