import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freePort } from '../../testing/vault.ts';
import { expectHardened, expectNoTrace } from './hardening.ts';
import { ask, docker, type Host, makeHost, project, type Ran, run } from './kit.ts';

const image = inject('image');
/** A stand-in for Caddy's image, from Debian's package: there may be no registry. */
const caddyImage = `${image}-caddy`;
const adminPassword = 'the password of the admin';
let host: Host;
let composeEnv: Record<string, string>;
let httpsPort: number;
const composeProject = `keystore-test-${process.pid}`;

beforeAll(async () => {
  host = await makeHost(image);
  await host.script('generate-keys.sh');
  // Behind a proxy that is trusted, a default password is good for nothing but a change.
  appendFileSync(host.envFile, `ADMIN_PASSWORD=${adminPassword}\n`);
  httpsPort = await freePort();
  // A small network that is probably unused on this machine.
  const third = 16 + (process.pid % 200);
  composeEnv = {
    ...host.env,
    COMPOSE_PROJECT_NAME: composeProject,
    KEYSTORE_FRONT_SUBNET: `10.212.${third}.0/29`,
    KEYSTORE_CADDY_ADDRESS: `10.212.${third}.2`,
    KEYSTORE_FRONT_ADDRESS: `10.212.${third}.3`,
    TRUSTED_PROXIES: `10.212.${third}.2`,
    KEYSTORE_CADDY_IMAGE: caddyImage,
    KEYSTORE_HTTP_PORT: `127.0.0.1:${await freePort()}`,
    KEYSTORE_HTTPS_PORT: `127.0.0.1:${httpsPort}`,
  };
});

afterAll(async () => {
  await compose('--profile', 'with-caddy', '--profile', 'standalone', 'down', '--volumes', '--remove-orphans');
  await docker('image', 'rm', '-f', caddyImage);
  await host.dispose();
});

async function compose(...args: string[]) {
  const plugin = await docker('compose', 'version');
  const [command, ...before] = plugin.code === 0 ? ['docker', 'compose'] : ['docker-compose'];
  return run(command as string, [...before, '-f', join(project, 'docker-compose.yml'), ...args], {
    env: composeEnv,
    cwd: project,
  });
}

function rebuild(env: Record<string, string> = {}): Promise<Ran> {
  return run('bash', [join(project, 'HelperScripts/stop-and-rebuild.sh')], { env: { ...composeEnv, ...env } });
}

function runtimeNow(): Promise<string> {
  return ask('inspect', '-f', '{{index .Config.Labels "keystore.runtime"}}', host.container);
}

test('docker compose up -d gives the same container', async () => {
  const { code, output } = await compose('up', '-d');
  expect(code, output).toBe(0);
  await host.healthy();
  await expectHardened(host.container);
  const token = await host.signIn('admin', adminPassword);
  await host.request('POST', '/keys', token, { key_name: 'composed', api_key: 'value of composed' });
  await expectNoTrace(host.container, image, [...host.secrets(), 'value of composed', token]);
  const mounts = JSON.parse(await ask('inspect', '-f', '{{json .Mounts}}', host.container));
  expect(mounts).toContainEqual(
    expect.objectContaining({ Type: 'volume', Name: host.volume, Destination: '/app/data' }),
  );
  const file = readFileSync(join(project, 'docker-compose.yml'), 'utf8');
  for (const line of [
    `container_name: \${KEYSTORE_CONTAINER:-api-keystore}`,
    `name: \${KEYSTORE_VOLUME:-keystore_data}`,
    `"\${KEYSTORE_PORT:-5000}:5000"`,
  ]) {
    expect(file).toContain(line);
  }
});

test('the helper scripts work with it', async () => {
  expect((await host.script('backup-data.sh')).output).toMatch(/every value was opened/);
  expect((await host.script('check-data.sh')).code).toBe(0);
  const rebuilt = await rebuild();
  expect(rebuilt.output).toMatch(/docker compose made the container/);
  expect(rebuilt.code).toBe(0);
  const token = await host.signIn('admin', adminPassword);
  expect((await host.request('GET', '/keys/composed', token)).json.api_key).toBe('value of composed');
});

function throughTls(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: httpsPort, path, servername: 'localhost', rejectUnauthorized: false };
    httpsRequest({ ...options, headers: { Host: 'localhost', ...headers } }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    })
      .on('error', reject)
      .end();
  });
}

/** Waits until Caddy has its certificate and reaches the vault. */
async function untilHealthyThroughTls(): Promise<Record<string, unknown>> {
  let health = await throughTls('/health').catch(() => undefined);
  for (let tries = 0; health?.status !== 200 && tries < 60; tries++) {
    await delay(500);
    health = await throughTls('/health').catch(() => undefined);
  }
  expect(health?.status).toBe(200);
  return health?.headers ?? {};
}

/** With TLS and without, the log has the address of the client: neither what it claims nor Caddy's. */
async function expectAddressesAreTrue(): Promise<void> {
  const token = await host.signIn('admin', adminPassword);
  const network = await ask('inspect', '-f', '{{json .NetworkSettings.Networks}}', host.container);
  const gateways = Object.values(JSON.parse(network) as Record<string, { Gateway: string }>).map(
    ({ Gateway }) => Gateway,
  );
  const claim = { Authorization: `Bearer ${token}`, 'X-Forwarded-For': '6.6.6.6', 'User-Agent': 'through TLS' };
  expect((await throughTls('/keys/composed', claim)).status).toBe(200);
  await fetch(`${host.url}/keys/composed`, { headers: { ...claim, 'User-Agent': 'without TLS' } });
  const { logs } = (await host.request('GET', '/logs?action=view_key', token)).json;
  const addressOf = (agent: string) =>
    logs.find(({ user_agent }: { user_agent: string }) => user_agent === agent)?.ip_address;
  expect(gateways).toContain(addressOf('through TLS'));
  expect(gateways).toContain(addressOf('without TLS'));
}

test('behind TLS, the log has the address of the client, and ignores what clients claim', async () => {
  writeFileSync(
    join(host.folder, 'Dockerfile'),
    'FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y --no-install-recommends caddy && rm -rf /var/lib/apt/lists/*\nCMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]\nENV XDG_DATA_HOME=/data XDG_CONFIG_HOME=/config\n',
  );
  await ask('build', '-q', '-t', caddyImage, host.folder);
  const { code, output } = await compose('--profile', 'with-caddy', 'up', '-d');
  expect(code, output).toBe(0);
  await host.healthy();
  expect(await untilHealthyThroughTls()).toHaveProperty('strict-transport-security');
  await expectAddressesAreTrue();
});

test('the profile standalone replaces it, with the same data and behind the same Caddy', async () => {
  expect((await compose('--profile', 'with-caddy', 'down')).code).toBe(0);
  const up = await compose('--profile', 'standalone', '--profile', 'with-caddy', 'up', '-d', 'standalone', 'caddy');
  expect(up.code, up.output).toBe(0);
  await host.healthy();
  expect(await ask('ps', '--filter', `label=com.docker.compose.project=${composeProject}`, '-q')).toMatch(/^\w+\n\w+$/);
  expect(await runtimeNow()).toBe('standalone');
  await expectHardened(host.container);
  await untilHealthyThroughTls();
  await expectAddressesAreTrue();
});

test('stop-and-rebuild.sh rebuilds the running service, or the one that RUNTIME names', async () => {
  for (const [env, runtime] of [
    [{}, 'standalone'],
    [{ RUNTIME: 'wrangler' }, 'wrangler'],
  ] as const) {
    const id = await ask('inspect', '-f', '{{.Id}}', host.container);
    const { code, output } = await rebuild(env);
    expect([code, output]).toEqual([0, expect.stringMatching(/docker compose made the container/)]);
    expect(await runtimeNow()).toBe(runtime);
    expect(await ask('inspect', '-f', '{{.Id}}', host.container)).not.toBe(id);
    const token = await host.signIn('admin', adminPassword);
    expect((await host.request('GET', '/keys/composed', token)).json.api_key).toBe('value of composed');
  }
  await untilHealthyThroughTls();
});
