/** One vault that changes its runtime and changes it back, and keeps data and sessions. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ask, backupsOf, type Host, makeHost, project, type Ran, type Runtime, run } from './kit.ts';

const image = inject('image');
let host: Host;
let token: string;

beforeAll(async () => {
  host = await makeHost(image);
  await host.script('generate-keys.sh');
  expect((await host.script('build-and-run.sh')).code).toBe(0);
  token = await host.signIn('admin', 'admin123');
});

afterAll(() => host.dispose());

function script(name: string, env: Record<string, string> = {}, ...args: string[]): Promise<Ran> {
  return run('bash', [`${project}/HelperScripts/${name}`, ...args], { env: { ...host.env, ...env } });
}

function runtimeNow(): Promise<string> {
  return ask('inspect', '-f', '{{index .Config.Labels "keystore.runtime"}}', host.container);
}

async function addKey(name: string): Promise<void> {
  const added = await host.request('POST', '/keys', token, { key_name: name, api_key: `value of ${name}` });
  expect(added.status).toBe(201);
}

async function expectKeys(names: string[]): Promise<void> {
  for (const name of names) {
    expect((await host.request('GET', `/keys/${name}`, token)).json.api_key).toBe(`value of ${name}`);
  }
  expect((await host.request('GET', '/keys', token)).json.keys.length).toBe(names.length);
}

test('RUNTIME=… stop-and-rebuild.sh changes the runtime both ways, and keeps data and sessions', async () => {
  expect(await runtimeNow()).toBe('wrangler');
  await addKey('first');
  const turns: [Runtime, string[]][] = [
    ['standalone', ['first', 'of-standalone']],
    ['wrangler', ['first', 'of-standalone', 'of-wrangler']],
  ];
  for (const [runtime, names] of turns) {
    const { code, output } = await script('stop-and-rebuild.sh', { RUNTIME: runtime });
    expect([code, output]).toEqual([0, expect.stringMatching(/Keystore is up/)]);
    expect(await runtimeNow()).toBe(runtime);
    await addKey(`of-${runtime}`);
    await expectKeys(names);
    const check = await script('check-data.sh');
    expect(check.output).toMatch(new RegExp(`\\(${runtime}\\): running`));
    expect(check.output).toMatch(new RegExp(`Keys {9}${names.length} in ${names.length} versions, every value opens`));
    expect(check.code).toBe(0);
  }
});

test('a backup of one runtime restores on the other', async () => {
  expect((await script('backup-data.sh')).code).toBe(0);
  await addKey('after-the-backup');
  expect((await script('stop-and-rebuild.sh', { RUNTIME: 'standalone' })).code).toBe(0);
  const [backup = ''] = backupsOf(host);
  expect((await script('restore-data.sh', {}, backup, '--yes')).output).toMatch(/A value opens/);
  expect(await runtimeNow()).toBe('standalone');
  // A restore ends all sessions.
  token = await host.signIn('admin', 'admin123');
  await expectKeys(['first', 'of-standalone', 'of-wrangler']);
});

test('an existing container keeps its runtime, except with RUNTIME=… stop-and-rebuild.sh', async () => {
  expect((await script('check-data.sh', { RUNTIME: 'wrangler' })).code).toBe(0);
  expect(await runtimeNow()).toBe('standalone');
  // The label of the container names the tools that were built with it.
  const tools = await ask('inspect', '-f', '{{index .Config.Labels "keystore.tools"}}', host.container);
  expect(tools).toBe(await ask('image', 'inspect', '-f', '{{.Id}}', `${image}-tools`));
});
