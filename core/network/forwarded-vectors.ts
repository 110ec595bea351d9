/**
 * What proxies send, and what it means. Tests run this table against the rules, the gate and the standalone server. The peer is
 * 127.0.0.1, and `vectorProxies` are trusted.
 */
import type { Client } from './forwarded.ts';

export const vectorProxies = '127.0.0.1, 10.0.0.0/8 ::1';

export interface ForwardedVector {
  name: string;
  /** Names and values, in the order in which they are sent. */
  headers: [string, string][];
  /** What differs from a request without any of these headers. */
  means: Partial<Client>;
}

const tls = { isOverTls: true };

const addresses: [string, string][] = [
  ['6.6.6.6', '6.6.6.6'],
  ['6.6.6.6, 7.7.7.7', '7.7.7.7'],
  ['6.6.6.6,7.7.7.7', '7.7.7.7'],
  ['6.6.6.6, 10.1.2.3', '6.6.6.6'],
  ['10.0.0.1, 10.1.2.3', '10.0.0.1'],
  ['6.6.6.6, nonsense, 10.1.2.3', '10.1.2.3'],
  ['6.6.6.6, unknown', '127.0.0.1'],
  ['6.6.6.6:4711', '6.6.6.6'],
  ['6.6.6.6, , ', '6.6.6.6'],
  ['"6.6.6.6"', '6.6.6.6'],
  ['[2001:db8::1]:4711', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['2001:DB8::1', '2001:db8::1'],
  ['"[2001:db8::1]:4711"', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::ffff:6.6.6.6', '6.6.6.6'],
  ['6.6.6.6, 0x0a000001', '127.0.0.1'],
  ['', '127.0.0.1'],
];

const forwarded: [string, Partial<Client>][] = [
  ['for=6.6.6.6', { address: '6.6.6.6' }],
  ['For=6.6.6.6; Proto=HTTPS; By=10.0.0.1; Host=vault.example', { address: '6.6.6.6', ...tls, host: 'vault.example' }],
  ['for=6.6.6.6;proto=https;host="vault.example:8443"', { address: '6.6.6.6', ...tls, host: 'vault.example:8443' }],
  ['for="[2001:db8:cafe::17]:47011"', { address: '2001:db8:cafe::17' }],
  ['for="[2001:db8:cafe::17]:_port"', { address: '2001:db8:cafe::17' }],
  ['for=[2001:db8:cafe::17]', { address: '2001:db8:cafe::17' }],
  ['for="6.6.6.6:4711"', { address: '6.6.6.6' }],
  ['for=6.6.6.6:4711', { address: '6.6.6.6' }],
  ['for="\\6.6.6.6"', { address: '6.6.6.6' }],
  ['for=5.5.5.5, for=6.6.6.6', { address: '6.6.6.6' }],
  ['for=5.5.5.5;proto=https, for=6.6.6.6;proto=http', { address: '6.6.6.6' }],
  [
    'for=6.6.6.6;proto=https;host=vault.example, for=10.0.0.1;proto=http;host=inner',
    { address: '6.6.6.6', ...tls, host: 'vault.example' },
  ],
  ['for=unknown;proto=https', tls],
  ['for=_hidden, for=10.0.0.7;proto=https', { address: '10.0.0.7' }],
  ['proto=https;host=vault.example', { ...tls, host: 'vault.example' }],
  ['for=6.6.6.6;', { address: '6.6.6.6' }],
  [' , for = 6.6.6.6 , ', { address: '6.6.6.6' }],
  ['for="5.5.5.5, for=6.6.6.6', { address: '6.6.6.6' }],
  ['host="a,b", for=6.6.6.6', { address: '6.6.6.6' }],
  ['for=6.6.6.6;host="a,b"', { address: '6.6.6.6' }],
  ['nonsense', {}],
  ['for=6.6.6.6 proto=https', {}],
  ['', {}],
];

export const forwardedVectors: ForwardedVector[] = [
  ...addresses.map(([value, address]) => ({
    name: `X-Forwarded-For: ${value}`,
    headers: [['X-Forwarded-For', value]] as [string, string][],
    means: { address },
  })),
  ...forwarded.map(([value, means]) => ({
    name: `Forwarded: ${value}`,
    headers: [['Forwarded', value]] as [string, string][],
    means,
  })),
  {
    name: 'several X-Forwarded-For headers are one list',
    headers: [
      ['X-Forwarded-For', '5.5.5.5'],
      ['x-forwarded-for', '6.6.6.6'],
    ],
    means: { address: '6.6.6.6' },
  },
  {
    name: 'several Forwarded headers are one list',
    headers: [
      ['Forwarded', 'for="5.5.5.5'],
      ['Forwarded', 'for=6.6.6.6;proto=https'],
    ],
    means: { address: '6.6.6.6', ...tls },
  },
  {
    name: 'Caddy',
    headers: [
      ['X-Forwarded-For', '6.6.6.6'],
      ['X-Forwarded-Host', 'vault.example:8443'],
      ['X-Forwarded-Proto', 'https'],
    ],
    means: { address: '6.6.6.6', ...tls, host: 'vault.example:8443' },
  },
  {
    name: 'Traefik',
    headers: [
      ['X-Forwarded-For', '6.6.6.6'],
      ['X-Forwarded-Host', 'vault.example'],
      ['X-Forwarded-Port', '443'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Server', '4f3c1d'],
      ['X-Real-Ip', '6.6.6.6'],
    ],
    means: { address: '6.6.6.6', ...tls, host: 'vault.example', port: '443' },
  },
  {
    name: 'the ingress of nginx on Kubernetes',
    headers: [
      ['X-Request-ID', '9c1e'],
      ['X-Real-IP', '6.6.6.6'],
      ['X-Forwarded-For', '6.6.6.6'],
      ['X-Forwarded-Host', 'vault.example'],
      ['X-Forwarded-Port', '443'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Scheme', 'https'],
      ['X-Scheme', 'https'],
    ],
    means: { address: '6.6.6.6', ...tls, host: 'vault.example', port: '443' },
  },
  {
    name: 'Apache, which appends to the lists of its client',
    headers: [
      ['X-Forwarded-For', '5.5.5.5, 6.6.6.6'],
      ['X-Forwarded-Host', 'evil.example, vault.example'],
      ['X-Forwarded-Server', 'evil.example, apache.example'],
    ],
    means: { address: '6.6.6.6', host: 'vault.example' },
  },
  {
    name: 'AWS, with the port of the client',
    headers: [
      ['X-Forwarded-For', '5.5.5.5, 6.6.6.6:4711'],
      ['X-Forwarded-Port', '443'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Amzn-Trace-Id', 'Root=1-67891233'],
    ],
    means: { address: '6.6.6.6', ...tls, port: '443' },
  },
  {
    name: 'a Cloudflare tunnel',
    headers: [
      ['CF-Connecting-IP', '6.6.6.6'],
      ['CF-Visitor', '{"scheme":"https"}'],
      ['X-Forwarded-For', '6.6.6.6'],
      ['X-Forwarded-Proto', 'https'],
    ],
    means: { address: '6.6.6.6', ...tls },
  },
  {
    name: 'HAProxy with option forwarded',
    headers: [['forwarded', 'proto=https;for="[2001:db8::9]"']],
    means: { address: '2001:db8::9', ...tls },
  },
  { name: 'only X-Real-IP', headers: [['X-Real-IP', '6.6.6.6']], means: { address: '6.6.6.6' } },
  { name: 'only X-Forwarded-Ssl', headers: [['X-Forwarded-Ssl', 'on']], means: tls },
  { name: 'X-Forwarded-Ssl: off', headers: [['X-Forwarded-Ssl', 'off']], means: {} },
  { name: 'only X-Forwarded-Scheme', headers: [['X-Forwarded-Scheme', 'https']], means: tls },
  { name: 'a scheme in capitals', headers: [['X-Forwarded-Proto', 'HTTPS']], means: tls },
  { name: 'the scheme of a WebSocket', headers: [['X-Forwarded-Proto', 'wss']], means: tls },
  { name: 'no TLS', headers: [['X-Forwarded-Proto', 'http']], means: {} },
  {
    name: 'two trusted proxies, of which each appends the scheme and the host that it saw',
    headers: [
      ['X-Forwarded-For', '6.6.6.6, 10.0.0.1'],
      ['X-Forwarded-Proto', 'https,http'],
      ['X-Forwarded-Host', 'vault.example, inner:8080'],
      ['X-Forwarded-Port', '443,8080'],
    ],
    means: { address: '6.6.6.6', ...tls, host: 'vault.example', port: '443' },
  },
  {
    name: 'a trusted proxy that appends to what its client has made up',
    headers: [
      ['X-Forwarded-For', '5.5.5.5, 6.6.6.6'],
      ['X-Forwarded-Proto', 'https, http'],
      ['X-Forwarded-Host', 'evil.example, vault.example'],
    ],
    means: { address: '6.6.6.6', host: 'vault.example' },
  },
  {
    name: 'X-Forwarded-For counts, and not a Forwarded header that the client has made up',
    headers: [
      ['Forwarded', 'for=5.5.5.5;proto=http;host=evil.example'],
      ['X-Forwarded-For', '6.6.6.6'],
      ['X-Forwarded-Host', 'vault.example'],
      ['X-Forwarded-Proto', 'https'],
    ],
    means: { address: '6.6.6.6', ...tls, host: 'vault.example' },
  },
  {
    name: 'X-Forwarded-For counts, and not X-Real-IP',
    headers: [
      ['X-Real-IP', '5.5.5.5'],
      ['X-Forwarded-For', '6.6.6.6'],
    ],
    means: { address: '6.6.6.6' },
  },
  ...['vault.example/keys/x?', 'a b', 'a@b', 'vault.example:x', '', '[::1', 'x'.repeat(256)].map((host) => ({
    name: `not a host: ${host.slice(0, 30)}`,
    headers: [
      ['X-Forwarded-Host', host],
      ['X-Forwarded-Proto', 'https'],
    ] as [string, string][],
    means: tls,
  })),
  { name: 'a host that is an address', headers: [['X-Forwarded-Host', '[::1]:5000']], means: { host: '[::1]:5000' } },
  ...['0', '65536', 'https', '-1', '443x'].map((port) => ({
    name: `not a port: ${port}`,
    headers: [['X-Forwarded-Port', port]] as [string, string][],
    means: {},
  })),
];
