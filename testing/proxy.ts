/** Runs nginx, Caddy or HAProxy on a free port, with a configuration in a folder of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './vault.ts';

const startTimeoutMs = 30_000;

export type ProxyName = 'nginx' | 'caddy' | 'haproxy';

/** Debian's package for each. */
export const packages: Record<ProxyName, string> = { nginx: 'nginx-light', caddy: 'caddy', haproxy: 'haproxy' };

/** Debian has nginx and HAProxy in a folder that is not in every user's PATH. */
const path = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;

export function isInstalled(name: ProxyName): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { env: { PATH: path } });
    return true;
  } catch {
    return false;
  }
}

export interface RunningProxy {
  port: number;
  output: () => string;
  dispose: () => Promise<void>;
}

/** What surrounds the part of a configuration that a page of the documentation shows. */
interface Surroundings {
  port: number;
  folder: string;
  /** A PEM file with certificate and key; undefined for plain HTTP. */
  pem: string | undefined;
}

const configs: Record<ProxyName, (part: string, of: Surroundings) => string> = {
  nginx: (part, { port, folder, pem }) => `
daemon off; pid ${folder}/pid; error_log stderr; worker_processes 1;
events {}
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server {
    listen 127.0.0.1:${port}${pem ? ' ssl' : ''};
    ${pem ? `ssl_certificate ${pem}; ssl_certificate_key ${pem};` : ''}
    ${part}
  }
}`,
  caddy: (part, { port, pem }) => `
{
  admin off
  auto_https off
  skip_install_trust
}
${pem ? 'https' : 'http'}://:${port} {
  bind 127.0.0.1
  ${pem ? `tls ${pem} ${pem}` : ''}
  ${part}
}
`,
  haproxy: (part, { port, pem }) => `
defaults
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend front
  mode http
  bind 127.0.0.1:${port}${pem ? ` ssl crt ${pem}` : ''}
  default_backend vault
${part}
`,
};

const commands: Record<ProxyName, (config: string, folder: string) => string[]> = {
  nginx: (config, folder) => ['-e', 'stderr', '-p', folder, '-c', config],
  caddy: (config) => ['run', '--adapter', 'caddyfile', '--config', config],
  haproxy: (config) => ['-db', '-f', config],
};

/**
 * Starts a proxy and waits until it answers.
 *
 * @param part its configuration, without what makes it listen.
 */
export async function startProxy(name: ProxyName, part: string, { tls = false } = {}): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'keystore-proxy-'));
  const port = await freePort();
  const config = join(folder, 'config');
  const pem = tls ? makeCertificate(folder) : undefined;
  writeFileSync(config, configs[name](part, { port, folder, pem }));
  const child = spawn(name, commands[name](config, folder), {
    env: { PATH: path, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += String(chunk)));
  const proxy: RunningProxy = {
    port,
    output: () => printed,
    dispose: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline && child.exitCode === null) {
    if (await through(proxy, { path: '/health', tls }).catch(() => undefined)) return proxy;
    await delay(50);
  }
  await proxy.dispose();
  throw new Error(`${name} did not start:\n${printed}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(timer);
}

function makeCertificate(folder: string): string {
  const pem = join(folder, 'pem');
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', pem, '-out', `${pem}.crt`, ...subject],
    { stdio: 'ignore' },
  );
  writeFileSync(pem, execFileSync('cat', [pem, `${pem}.crt`]), { mode: 0o600 });
  return pem;
}

export interface Asked {
  path: string;
  tls?: boolean;
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Asks a proxy, as a client whose own address is 127.0.0.2: on Linux, the whole of 127.0.0.0/8 is this machine. */
export function through(
  { port }: Pick<RunningProxy, 'port'>,
  { path: target, tls = false, method = 'GET', headers = {}, body }: Asked,
): Promise<Reply> {
  const send = tls ? httpsRequest : httpRequest;
  const sent = body === undefined ? '' : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = send(
      {
        host: '127.0.0.1',
        port,
        path: target,
        method,
        localAddress: '127.0.0.2',
        rejectUnauthorized: false,
        agent: false,
        headers: {
          Host: `localhost:${port}`,
          ...(sent && { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(sent)) }),
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(sent);
  });
}
