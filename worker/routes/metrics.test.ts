/** What `/metrics` tells, to whom, and what it costs. */
import { beforeAll, describe, expect, test } from 'vitest';
import { newServiceToken } from '../../core/crypto/service-token.ts';
import { newestBackupHeader } from '../../core/newest-backup.ts';
import { type Client, startVault, testDb } from '../testing/vault.ts';

const metricsToken = 'a-token-of-the-metrics-0123456789';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let prometheus: Client;

beforeAll(async () => {
  vault = await startVault({ METRICS_TOKEN: metricsToken });
  admin = await vault.signIn('admin', 'admin123');
  prometheus = vault.client(metricsToken);
});

/** The samples by name and labels, as Prometheus reads them. Throws at a line that is not of the format 0.0.4. */
const parse = (text: string): Map<string, number> => {
  const samples = new Map<string, number>();
  const described = new Set<string>();
  let family = '';
  for (const line of text.split('\n').slice(0, -1)) {
    const [, name] = /^# HELP (\w+) [^\\]+$/.exec(line) ?? [];
    const [, typed] = /^# TYPE (\w+) (?:counter|gauge|histogram)$/.exec(line) ?? [];
    if (name !== undefined) {
      expect(described.has(name), `${name} twice`).toBe(false);
      described.add(name);
      family = name;
    } else if (typed !== undefined) expect(typed).toBe(family);
    else {
      const match = /^(\w+)((?:\{(?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)+\})?) (-?[\d.]+(?:e-?\d+)?)$/.exec(line);
      if (!match) throw new Error(`not a sample: ${line}`);
      expect(match[1]?.startsWith(family)).toBe(true);
      const key = `${match[1]}${match[2]}`;
      expect(samples.has(key), `${key} twice`).toBe(false);
      samples.set(key, Number(match[3]));
    }
  }
  expect(text.endsWith('\n')).toBe(true);
  return samples;
};

const scrape = async (headers: Record<string, string> = {}) => {
  const { status, text } = await prometheus('GET', '/metrics', undefined, headers);
  expect(status).toBe(200);
  return parse(text);
};

test('a request about something that is not there, or that is refused, counts no broken seal', async () => {
  const counted = async () => (await scrape()).get('keystore_broken_seals_total');
  const user = await vault.signIn('user', 'user123');
  expect(await counted()).toBe(0);
  for (const client of [admin, user]) {
    await client('PUT', '/users/99999', { role: 'admin' });
    await client('DELETE', '/users/99999');
    await client('PUT', '/users/1', { role: 'user' });
    await client('PUT', '/keys/MISSING', { api_key: 'x' });
    await client('PUT', '/keys/MISSING', { owner: 'nobody' });
    await client('PUT', '/keys/MISSING', { key_name: 'OTHER' });
    await client('DELETE', '/keys/MISSING');
    await client('POST', '/keys/MISSING/restore', { version: 1 });
    await client('POST', '/trash/99999/restore', {});
    await client('PUT', '/projects/missing', { name: 'other' });
    await client('DELETE', '/projects/missing');
    await client('PUT', '/projects/missing/members/nobody', { role: 'viewer' });
    await client('PUT', '/tokens/99999', { name: 'other' });
    await client('POST', '/tokens/99999/rotate', {});
    await client('DELETE', '/tokens/99999');
    await client('POST', '/tokens', { name: 'of a project', project: 'missing', access: 'read', scopes: ['*'] });
  }
  expect(await counted()).toBe(0);
});

describe('without METRICS_TOKEN', () => {
  test.each(['GET', 'HEAD', 'POST', 'OPTIONS'])('%s /metrics is like any unknown path', async (method) => {
    for (const METRICS_TOKEN of [undefined, '', ' ']) {
      const off = await startVault(METRICS_TOKEN === undefined ? {} : { METRICS_TOKEN });
      for (const client of [off.anonymous, off.client(metricsToken), off.client('undefined'), off.client('')]) {
        const [asked, unknown] = [await client(method, '/metrics'), await client(method, '/metricsx')];
        expect([asked.status, asked.text, [...asked.headers]]).toEqual([404, unknown.text, [...unknown.headers]]);
      }
    }
  });
});

describe('the credential', () => {
  test('is METRICS_TOKEN, and nothing else: no token, cookie or prefix of it, and the database is not asked', async () => {
    const { token } = (
      await admin('POST', '/auth/password', { current_password: 'admin123', new_password: 'a good password' })
    ).body;
    expect(token).toBeUndefined();
    admin = await vault.signIn('admin', 'a good password');
    const service = await admin('POST', '/tokens', { name: 'scraper', access: 'manage', scopes: ['*'] });
    expect(service.status).toBe(201);
    const events = () => testDb().prepare('SELECT count(*) AS n FROM audit_events').first('n');
    const before = await events();
    vault.trips.count = 0;
    for (const client of [
      vault.anonymous,
      admin,
      vault.client('', admin.cookie),
      vault.client(service.body.token ?? ''),
      vault.client(newServiceToken()),
      vault.client(metricsToken.slice(0, -1)),
      vault.client(`${metricsToken}x`),
      vault.client(metricsToken.toUpperCase()),
      vault.client(`${metricsToken} ${metricsToken}`),
    ]) {
      const answer = await client('GET', '/metrics', undefined, client.cookie ? { Cookie: client.cookie } : {});
      expect(answer.status).toBe(401);
      expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer');
      expect(answer.body.error).toMatch(/METRICS_TOKEN/);
      expect(answer.text).not.toContain(metricsToken);
    }
    for (const path of [`/metrics?token=${metricsToken}`, `/metrics?access_token=${metricsToken}`])
      expect((await vault.anonymous('GET', path)).status).toBe(401);
    const basic = { Authorization: `Basic ${btoa(`metrics:${metricsToken}`)}` };
    expect((await vault.anonymous('GET', '/metrics', undefined, basic)).status).toBe(401);
    expect([vault.trips.count, await events()]).toEqual([0, before]);
  });

  test('is good for nothing else', async () => {
    for (const [method, path] of [
      ['GET', '/keys'],
      ['GET', '/logs'],
      ['GET', '/users'],
      ['POST', '/tokens'],
    ] as const)
      expect((await prometheus(method, path)).status).toBe(401);
  });
});

describe('an answer', () => {
  test('has the type of the format, is never stored, has the security headers, and takes one round trip and no event', async () => {
    const newest = () => testDb().prepare('SELECT max(id) AS id FROM audit_events').first('id');
    const before = await newest();
    vault.trips.count = 0;
    const { headers } = await prometheus('GET', '/metrics');
    expect([vault.trips.count, await newest()]).toEqual([1, before]);
    expect(headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(headers.get('Cache-Control')).toBe('no-store');
    expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    const head = await prometheus('HEAD', '/metrics');
    expect([head.status, head.text]).toEqual([200, '']);
    expect((await prometheus('POST', '/metrics')).headers.get('Allow')).toBe('GET, HEAD');
  });

  test('counts requests by the pattern of the route, method and status', async () => {
    const of = (labels: string) => `keystore_http_requests_total{${labels}}`;
    const before = await scrape();
    await admin('POST', '/keys', { key_name: 'measured/one', api_key: 'value' });
    await admin('POST', '/keys', { key_name: 'measured/one', api_key: 'value' });
    await admin('GET', '/keys/measured%2Fone');
    await admin('GET', '/keys/measured%2Fnone');
    await admin('GET', '/nothing/here');
    await admin('POST', '/health');
    await vault.anonymous('PROPFIND', '/keys/a');
    await vault.anonymous('PROPFIND', '/keys/b');
    const after = await scrape();
    const grown = (labels: string) => (after.get(of(labels)) ?? 0) - (before.get(of(labels)) ?? 0);
    expect(grown('route="/keys",method="POST",status="201"')).toBe(1);
    expect(grown('route="/keys",method="POST",status="409"')).toBe(1);
    expect(grown('route="/keys/:name",method="GET",status="200"')).toBe(1);
    expect(grown('route="/keys/:name",method="GET",status="404"')).toBe(1);
    expect(grown('route="/*",method="GET",status="404"')).toBe(1);
    expect(grown('route="/*",method="POST",status="405"')).toBe(1);
    expect(grown('route="/*",method="other",status="405"')).toBe(2);
    expect(grown('route="/metrics",method="GET",status="200"')).toBe(1);
  });

  test('counts a prober that wishes for a status of its own as the status that tells the state', async () => {
    await vault.anonymous('GET', '/v1/sys/health?activecode=599');
    await vault.anonymous('GET', '/v1/sys/health?activecode=299');
    const samples = await scrape();
    const ofRoute = [...samples.keys()].filter((key) => /requests_total.*sys\/health/.test(key));
    expect(ofRoute).toEqual(['keystore_http_requests_total{route="/v1/sys/health",method="GET",status="200"}']);
  });

  test('has a histogram whose buckets grow up to the count', async () => {
    const samples = await scrape();
    const labels = 'route="/keys",method="POST"';
    const buckets = [...samples]
      .filter(([key]) => key.startsWith(`keystore_http_request_duration_seconds_bucket{${labels},`))
      .map(([, value]) => value);
    expect(buckets.length).toBe(14);
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
    expect(buckets.at(-1)).toBe(samples.get(`keystore_http_request_duration_seconds_count{${labels}}`));
    expect(samples.get(`keystore_http_request_duration_seconds_sum{${labels}}`)).toBeGreaterThanOrEqual(0);
    const asked = [...samples].filter(([key]) => key.startsWith(`keystore_http_requests_total{${labels},`));
    expect(asked.reduce((sum, [, value]) => sum + value, 0)).toBe(buckets.at(-1));
  });

  test('counts sign-ins that failed, by why', async () => {
    const of = (samples: Map<string, number>, reason: string) =>
      samples.get(`keystore_failed_sign_ins_total{reason="${reason}"}`) ?? Number.NaN;
    const before = await scrape();
    for (let attempt = 0; attempt < 7; attempt++) {
      const address = { 'CF-Connecting-IP': '198.51.100.7' };
      await vault.anonymous('POST', '/auth/login', { username: 'user', password: 'not the password' }, address);
    }
    await vault.anonymous(
      'POST',
      '/auth/login',
      { username: 'nobody', password: 'x' },
      { 'CF-Connecting-IP': '198.51.100.8' },
    );
    await vault.signIn('admin', 'a good password');
    const after = await scrape();
    expect(of(after, 'refused') - of(before, 'refused')).toBe(6);
    expect(of(after, 'throttled') - of(before, 'throttled')).toBe(2);
  });

  test('has the numbers of keys, of keys in the trash, of kept values, and of rows of the log', async () => {
    const db = testDb();
    await admin('POST', '/projects', { name: 'metered' });
    for (const key_name of ['metered/a', 'metered/b', 'personal'])
      await admin('POST', '/keys', { key_name, api_key: 'v' });
    await admin('PUT', '/keys/personal', { api_key: 'w' });
    await admin('DELETE', '/keys/personal/versions/1');
    await admin('DELETE', '/keys/metered%2Fb');
    const asked = await startVault({ METRICS_TOKEN: metricsToken });
    const samples = parse((await asked.client(metricsToken)('GET', '/metrics')).text);
    const count = (sql: string) => db.prepare(sql).first<number>('n');
    expect(samples.get('keystore_keys')).toBe(
      await count('SELECT count(*) AS n FROM secrets WHERE deleted_at IS NULL'),
    );
    expect(samples.get('keystore_trashed_keys')).toBe(1);
    expect(samples.get('keystore_versions')).toBe(
      await count('SELECT count(*) AS n FROM secret_versions WHERE token IS NOT NULL'),
    );
    expect(samples.get('keystore_log_rows')).toBe(await count('SELECT count(*) AS n FROM audit_events'));
    expect(samples.get('keystore_database_up')).toBe(1);
    expect(samples.get('keystore_log_unsealed')).toBe(samples.get('keystore_log_rows'));
    expect(samples.has('keystore_log_checkpoint_age_seconds')).toBe(false);
    await admin('POST', '/logs/checkpoint');
    await db.prepare('UPDATE log_tree SET sealed_at = sealed_at - 3600000').run();
    await admin('GET', '/keys');
    const sealed = parse((await asked.client(metricsToken)('GET', '/metrics')).text);
    expect(sealed.get('keystore_log_unsealed')).toBe(1);
    expect(sealed.get('keystore_log_checkpoint_age_seconds')).toBeCloseTo(3_600, -1);
  });

  test('counts versions anew only after five minutes, since that takes a step for each', async () => {
    const before = (await scrape()).get('keystore_versions') ?? 0;
    await admin('PUT', '/keys/personal', { api_key: 'another' });
    expect((await scrape()).get('keystore_versions')).toBe(before);
  });

  test('has the age of the newest backup if the surroundings of the worker know it, and nothing made up', async () => {
    const age = async (at?: string) =>
      (await scrape(at === undefined ? {} : { [newestBackupHeader]: at })).get('keystore_newest_backup_age_seconds');
    expect(await age()).toBeUndefined();
    expect(await age(String(Date.now() - 3_600_000))).toBeCloseTo(3_600, -1);
    expect(await age(String(Date.now() + 3_600_000))).toBe(0);
    for (const made of ['soon', '-1', '1, 2', 'NaN', '1e99', '9'.repeat(40)])
      expect(await age(made), made).toBeUndefined();
  });

  test('has no name, value, address or token of anybody', async () => {
    const told = 'Xq7Zt';
    await admin('POST', '/projects', { name: `${told}project` });
    await admin('POST', '/users', { username: `${told}user`, password: `${told} a good password` });
    await admin('POST', '/keys', {
      key_name: `${told}project/key`,
      api_key: `${told}value`,
      description: told,
      labels: { [told]: told },
    });
    for (const path of [
      `/keys/${told}`,
      `/${told}`,
      `/keys/${told}%2F..%2F${told}?q=${told}`,
      `/trash/${told}/restore`,
      `/users/${told}`,
    ])
      for (const method of ['GET', 'DELETE', 'PROPFIND'])
        await admin(method, path, undefined, { 'User-Agent': told, 'X-Forwarded-For': told });
    await vault.anonymous('POST', '/auth/login', { username: told, password: told });
    const { text } = await prometheus('GET', '/metrics');
    expect(text).not.toContain(told);
    expect(text).not.toContain(metricsToken);
    expect(text).not.toContain('192.0.2');
  });

  test('still has the counts when the database does not answer', async () => {
    const db = testDb();
    await db.exec('ALTER TABLE usage RENAME TO lost');
    try {
      const samples = await scrape();
      expect(samples.get('keystore_database_up')).toBe(0);
      expect(samples.has('keystore_keys')).toBe(false);
      expect(samples.get('keystore_http_requests_total{route="/metrics",method="GET",status="200"}')).toBeGreaterThan(
        0,
      );
    } finally {
      await db.exec('ALTER TABLE lost RENAME TO usage');
    }
  });

  test('is under BASE_PATH as well', async () => {
    const under = await startVault({ METRICS_TOKEN: metricsToken, BASE_PATH: '/vault' });
    for (const path of ['/vault/metrics', '/metrics'])
      expect((await under.client(metricsToken)('GET', path)).status).toBe(200);
  });
});
