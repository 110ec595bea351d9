import { chmodSync, chownSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { expectHardened, expectNoTrace } from './hardening.ts';
import { ask, docker, type Host, healthCheck, makeHost, runtimes } from './kit.ts';

const image = inject('image');
const value = 'sk-a-value-that-nobody-may-see-4711';

describe.each(runtimes)('%s', (runtime) => {
  let host: Host;
  let admin: string;

  beforeAll(async () => {
    host = await makeHost(image, runtime);
    expect((await host.script('generate-keys.sh')).code).toBe(0);
    const { code, output } = await host.script('build-and-run.sh');
    expect(output).toMatch(/Keystore is up: http:\/\/localhost:\d+\nSign in as admin \/ admin123/);
    expect(code).toBe(0);
    admin = await host.signIn('admin', 'admin123');
  });

  afterAll(() => host.dispose());

  test('serves every route of v0.6', async () => {
    const { request } = host;
    expect(await request('GET', '/health')).toMatchObject({ status: 200, json: { status: 'healthy' } });
    expect((await request('GET', '/keys')).status).toBe(401);
    const name = 'odd name/with?#%+ 鍵';
    const path = `/keys/${encodeURIComponent(name)}`;
    const added = await request('POST', '/keys', admin, { key_name: name, api_key: value, description: 'first' });
    expect(added).toMatchObject({ status: 201, json: { message: 'API key added successfully' } });
    expect((await request('GET', '/keys', admin)).json.keys).toMatchObject([{ key_name: name, description: 'first' }]);
    expect((await request('GET', path, admin)).json).toMatchObject({ key_name: name, api_key: value });
    expect((await request('PUT', path, admin, { api_key: `${value}-2`, description: 'second' })).status).toBe(200);
    expect((await request('GET', path, admin)).json).toMatchObject({ api_key: `${value}-2`, description: 'second' });

    const user = { username: 'newcomer', password: 'a long enough password', role: 'user' };
    expect((await request('POST', '/users', admin, user)).status).toBe(201);
    const { users } = (await request('GET', '/users', admin)).json;
    const { id } = users.find(({ username }: { username: string }) => username === 'newcomer');
    const newcomer = await host.signIn('newcomer', user.password);
    expect((await request('GET', path, newcomer)).status).toBe(404);
    expect((await request('GET', '/users', newcomer)).status).toBe(403);
    expect((await request('PUT', `/users/${id}`, admin, { is_active: false })).status).toBe(200);
    expect((await request('GET', '/keys', newcomer)).status).toBe(401);
    expect((await request('DELETE', `/users/${id}`, admin)).status).toBe(200);

    const { logs } = (await request('GET', '/logs?action=view_key&user_name=admin', admin)).json;
    expect(logs[0]).toMatchObject({ user_name: 'admin', key_name: name, action: 'view_key', success: true });
    expect((await request('DELETE', path, admin)).status).toBe(200);
    expect((await request('GET', path, admin)).status).toBe(404);
    expect((await fetch(host.url)).headers.get('content-type')).toMatch(/text\/html/);
    for (const inner of ['/cdn-cgi/explorer', '/.env', '/wrangler.toml']) {
      expect((await fetch(host.url + inner)).status).toBe(404);
    }
    const second = await host.signIn('admin', 'admin123');
    expect((await request('POST', '/auth/logout', second)).status).toBe(200);
    expect((await request('GET', '/keys', second)).status).toBe(401);
  });

  test('is hardened', () => expectHardened(host.container));

  test('does not expose its keys and values', async () => {
    await host.request('POST', '/keys', admin, { key_name: 'trace', api_key: value });
    await host.request('GET', '/keys/trace', admin);
    await expectNoTrace(host.container, host.image, [...host.secrets(), value, admin]);
    expect(JSON.parse(await ask('inspect', '-f', '{{json .Config.Env}}', host.container)).join()).not.toMatch(
      /(SECRET|ENCRYPTION)_KEY/,
    );
  });

  test('reports its health to Docker', async () => {
    const health = () => ask('inspect', '-f', '{{.State.Health.Status}}', host.container);
    await expect.poll(health, { timeout: 30_000, interval: 500 }).toBe('healthy');
    expect((await host.inside(...healthCheck[runtime])).code).toBe(0);
    // A check where there is no vault.
    const elsewhere = ['-e', 'PORT=5001', '-e', 'KEYSTORE_DATA=/tmp'];
    expect((await docker('exec', ...elsewhere, host.container, ...healthCheck[runtime])).code).toBe(1);
  });

  test('reaps orphaned processes', async () => {
    await host.inside('sh', '-c', 'for i in 1 2 3 4 5; do (sleep 0.3 &) ; done');
    await delay(1_500);
    // A process that has just ended, as of a health check, may still be there.
    const states = () => host.inside('sh', '-c', "grep -h '^State' /proc/[0-9]*/status").then(({ output }) => output);
    await expect.poll(states, { interval: 200 }).not.toMatch(/zombie/);
  });

  test('stops within 5 s, even with a stalled request, and restarts after a kill', async () => {
    const stalled = fetch(`${host.url}/keys`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
      body: new ReadableStream(),
      duplex: 'half',
    } as RequestInit).catch(() => {});
    await delay(300);
    const started = Date.now();
    await ask('stop', '-t', '20', host.container);
    expect(Date.now() - started).toBeLessThan(5_000);
    await stalled;
    expect(await ask('inspect', '-f', '{{.State.ExitCode}} {{.State.OOMKilled}}', host.container)).toBe('0 false');
    await ask('start', host.container);
    await host.healthy();

    const pid = Number(await ask('inspect', '-f', '{{.State.Pid}}', host.container));
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => ask('inspect', '-f', '{{.RestartCount}}', host.container), { timeout: 20_000 }).toBe('1');
    await host.healthy();
  });

  describe('run by hand', () => {
    test('needs no network, and runs as any user', async () => {
      const other = await makeHost(image, runtime);
      try {
        await other.script('generate-keys.sh');
        chownSync(other.envFile, 4321, 4321);
        const args = [
          '--read-only',
          '--cap-drop=ALL',
          '--security-opt=no-new-privileges',
          '--tmpfs=/tmp',
          '--network=none',
        ];
        const mount = `type=bind,src=${other.envFile},dst=/run/secrets/keystore_env,readonly`;
        await ask(
          'run',
          '-d',
          '--name',
          other.container,
          ...args,
          '--user=4321:4321',
          '-v',
          `${other.volume}:/app/data`,
          '--mount',
          mount,
          other.image,
        );
        const check = () => other.inside(...healthCheck[runtime]).then(({ code }) => code);
        await expect.poll(check, { timeout: 30_000 }).toBe(0);
        expect((await other.inside('sh', '-c', "stat -c '%u %a' /app/data/vault.json")).output).toBe('4321 600\n');
      } finally {
        await other.dispose();
      }
    });

    test('reports a placeholder key and a missing env file, and writes nothing', async () => {
      const other = await makeHost(image, runtime);
      try {
        writeFileSync(other.envFile, 'SECRET_KEY=change-me\nENCRYPTION_KEY=change-me\n');
        chmodSync(other.envFile, 0o600);
        const { code, output } = await other.script('build-and-run.sh');
        expect(code).toBe(1);
        expect(output).toMatch(/still a placeholder/);
        expect(output).not.toContain('change-me');
        rmSync(other.envFile);
        expect((await other.script('stop-and-clean.sh', '--yes')).code).toBe(0);
        expect((await other.script('build-and-run.sh')).output).toMatch(/There is no .*\.env.*generate-keys\.sh/);
      } finally {
        await other.dispose();
      }
    });
  });

  test('an env file of root is given to the user of the container', () => {
    if (process.getuid?.() !== 0) return;
    const { uid, mode } = statSync(host.envFile);
    expect([uid, mode & 0o777]).toEqual([1000, 0o600]);
  });
});
