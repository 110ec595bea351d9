/** The hardening of a container, made by a script or by compose: checked from inside and with `docker inspect`. */
import { expect } from 'vitest';
import { ask, docker, healthCheck, type Runtime } from './kit.ts';

/** The options of `docker run` in HelperScripts/lib-docker.sh and of docker-compose.yml, as Docker reports them. */
const options = {
  ReadonlyRootfs: true,
  Privileged: false,
  CapDrop: ['ALL'],
  CapAdd: null,
  SecurityOpt: ['no-new-privileges:true'],
  Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=256m,mode=1777' },
  PidsLimit: 256,
  Memory: 3 * 1024 ** 3,
  RestartPolicy: { Name: 'unless-stopped' },
};

export async function expectHardened(container: string): Promise<void> {
  const inside = async (script: string) => (await docker('exec', container, 'sh', '-c', script)).output.trim();

  expect(await inside('id -u')).not.toBe('0');
  for (const process of (await inside("cat /proc/[0-9]*/status | grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs)'")).split(
    '\n',
  )) {
    const [name = '', ...values] = process.split(/\s+/);
    if (name === 'Uid:') expect(values).not.toContain('0');
    else if (name === 'NoNewPrivs:') expect(values).toEqual(['1']);
    else expect(Number.parseInt(values[0] ?? '', 16), process).toBe(0);
  }

  // Only the volume and /tmp are writable, and programs in /tmp cannot be executed.
  for (const path of ['/x', '/app/x', '/usr/local/bin/x', '/etc/x', '/var/tmp/x', '/run/secrets/x', '/root/x']) {
    expect(await inside(`touch ${path} 2>&1; test -e ${path} && echo made`), path).toMatch(/Read-only|denied/);
  }
  expect(await inside('touch /app/data/x && rm /app/data/x && touch /tmp/x && rm /tmp/x && echo both')).toBe('both');
  expect(await inside('grep " /tmp " /proc/mounts')).toMatch(/^tmpfs .*nosuid.*nodev.*noexec/);
  expect(await inside('cp /bin/true /tmp/t; /tmp/t 2>&1; rm /tmp/t')).toMatch(/denied/);

  // Only one port is reachable: everything else listens on loopback.
  const listening = await inside('cat /proc/net/tcp /proc/net/tcp6 | awk \'$4 == "0A" { print $2 }\'');
  const open = listening.split('\n').filter((address) => !/^[0-9A-F]{6}7F:/.test(address));
  expect(open).toEqual(['00000000:1388']);

  expect(await inside("stat -L -c '%a' /run/secrets/keystore_env")).toBe('600');
  expect(await inside("stat -c '%a' /app/data")).toBe('700');
  expect(await inside('find /app/data ! -perm 600 -type f')).toBe('');

  const { HostConfig, Config } = JSON.parse(await ask('inspect', '-f', '{{json .}}', container));
  expect(HostConfig).toMatchObject(options);
  expect(Config.Healthcheck.Test).toEqual(['CMD', ...healthCheck[Config.Labels['keystore.runtime'] as Runtime]]);
}

/** Searches every place outside the vault's memory and data for secrets. */
export async function expectNoTrace(container: string, image: string, secrets: string[]): Promise<void> {
  const inside = async (script: string) => (await docker('exec', container, 'sh', '-c', script)).output;
  const places = {
    inspect: await ask('inspect', container),
    image: await ask('image', 'inspect', image),
    history: await ask('history', '--no-trunc', image),
    logs: await ask('logs', container),
    top: await ask('top', container, '-eo', 'pid,args'),
    'command lines': await inside("cat /proc/[0-9]*/cmdline | tr '\\0' ' '"),
    environments: await inside("cat /proc/[0-9]*/environ | tr '\\0' '\\n'"),
    'temporary files': `.${await inside('cat $(find /tmp /dev/shm -type f -size -4000k) 2>/dev/null')}`,
    'the image': await inside(
      'cat $(find /app -path /app/data -prune -o -path /app/node_modules -prune -o -type f ! -name workerd -print)',
    ),
  };
  for (const [place, text] of Object.entries(places)) {
    // An empty text means that the place could not be read. Only temporary files may be absent, hence the dot above.
    expect(text.length, place).toBeGreaterThan(0);
    for (const secret of secrets) expect(text.includes(secret), `${place} shows a secret`).toBe(false);
  }
}
