/**
 * Requests, byte for byte, that two readers could read differently or that name a path anywhere but in the request line. Tests
 * run this table against the gate, the standalone server, and a whole vault on either runtime: all must answer 400.
 */

const post = 'POST /auth/login HTTP/1.1\r\nHost: a\r\n';

function withHost(host: string): string {
  return `GET /health/live HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}

function withTarget(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
}

/** Hosts that are not one host and port. */
const hosts = [
  'a/keys/NAME?',
  'a/keys/NAME#',
  'a/keys/NAME',
  'a?',
  'a#',
  'a?x',
  'a\\keys\\NAME?',
  '/keys/NAME?',
  '//a/keys/NAME?',
  'a%2fkeys',
  'a%3f',
  '%61',
  'user@a',
  'user:pass@a',
  'a@b/keys/NAME?',
  'a b',
  'a\tb',
  'a,b',
  'a, b',
  'a;b',
  'a:',
  'a:b',
  'a:80:80',
  'a:99999',
  'a:-1',
  ':80',
  '[::1',
  '::1',
  '[::1]/keys',
  '[::1]x',
  '[a]',
  '[]',
  'http://a/keys/NAME?',
  '<b>',
  "a'",
  '"a"',
  '*',
  'a|b',
  '\u00e9.example',
  'a'.repeat(300),
  '',
  ' ',
];

export const malformedRequests: [name: string, bytes: string][] = [
  ...hosts.map((host): [string, string] => [`the Host ${JSON.stringify(host.slice(0, 40))}`, withHost(host)]),
  ['no Host', 'GET /health/live HTTP/1.1\r\n\r\n'],
  ['two Hosts', 'GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['the same Host twice', 'GET /health/live HTTP/1.1\r\nHost: a\r\nhOST: a\r\n\r\n'],
  ['a Host on two lines', 'GET /health/live HTTP/1.1\r\nHost: a\r\n b\r\n\r\n'],
  ['a space before the colon of Host', 'GET /health/live HTTP/1.1\r\nHost : a\r\n\r\n'],
  ['a request line that names another host', withTarget('http://b/health/live')],
  ['a request line that names another port', withTarget('http://a:81/health/live')],
  ['a path without a slash', withTarget('health/live')],
  ['an asterisk', withTarget('*')],
  ['another scheme', withTarget('ftp://a/health/live')],
  ['a scheme without a host', withTarget('http://')],
  ['a path with a byte beyond ASCII', withTarget('/keys/\u00e9')],
  ['a path with a tab', withTarget('/health\t/live')],
  ['a path with a space', withTarget('/health /live')],
  ['length and chunked', `${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['chunked and length', `${post}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`],
  ['two lengths', `${post}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
  ['the same length twice', `${post}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
  ['a negative length', `${post}Content-Length: -1\r\n\r\n`],
  ['a length with a sign', `${post}Content-Length: +3\r\n\r\nabc`],
  ['a hexadecimal length', `${post}Content-Length: 0x3\r\n\r\nabc`],
  ['a length that is a list', `${post}Content-Length: 3, 3\r\n\r\nabc`],
  ['a length with a blank in it', `${post}Content-Length: 3 3\r\n\r\nabc`],
  ['an empty length', `${post}Content-Length: \r\n\r\n`],
  ['an enormous length', `${post}Content-Length: 99999999999999999999\r\n\r\n`],
  ['chunked twice', `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['gzip, chunked', `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked, identity', `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
  ['identity', `${post}Transfer-Encoding: identity\r\n\r\n`],
  ['a misspelt chunked', `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['chunked after a vertical tab', `${post}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
  ['a space before the colon', `${post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
  ['a folded header', `${post}X-A: a\r\n b: c\r\n\r\n`],
  ['a line that begins with a space', 'GET /health/live HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n'],
  ['a header without a colon', `${post}X-A\r\n\r\n`],
  ['a header without a name', `${post}: a\r\n\r\n`],
  ['a bad chunk size', `${post}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`],
  ['a negative chunk size', `${post}Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n`],
  ['a hexadecimal chunk size with a prefix', `${post}Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n`],
  ['a chunk that is longer than its size', `${post}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`],
  ['a bare LF after a chunk size', `${post}Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n`],
  ['bare LFs', 'GET /health/live HTTP/1.1\nHost: a\n\n'],
  ['a bare LF after the request line', 'GET /health/live HTTP/1.1\nHost: a\r\n\r\n'],
  ['a bare LF after a header', 'GET /health/live HTTP/1.1\r\nHost: a\nX: b\r\n\r\n'],
  ['a bare LF at the end', 'GET /health/live HTTP/1.1\r\nHost: a\r\n\n'],
  ['a bare CR in a header', `${post}X-A: a\rb\r\n\r\n`],
  ['a NUL in a header', `${post}X-A: a\0b\r\n\r\n`],
  ['no version', 'GET /health/live\r\n\r\n'],
  ['another version', 'GET /health/live HTTP/3.7\r\nHost: a\r\n\r\n'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['no method', ' /health/live HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['noise', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
];

/** Requests that are unusual and right: all must answer 200 on /health/live. */
export const unusualRequests: [name: string, bytes: string][] = [
  ['a Host with a port', withHost('localhost:5000')],
  ['an IPv6 Host', withHost('[::1]:5000')],
  ['an IPv4 Host', withHost('127.0.0.1')],
  ['a Host with an underscore', withHost('key_store.internal')],
  ['a Host without case', withHost('LocalHost')],
  ['a request line that names the host', 'GET http://a/health/live HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a request line that names the host and its usual port', 'GET http://a:80/health/live HTTP/1.1\r\nHost: A\r\n\r\n'],
  ['HTTP/1.0 without a Host', 'GET /health/live HTTP/1.0\r\n\r\n'],
  ['an empty line before the request', `\r\n${withHost('a')}`],
  ['tabs around a value', 'GET /health/live HTTP/1.1\r\nHost:\ta\t\r\nX-A:\r\n\r\n'],
  [
    'a chunked body with an extension and a trailer',
    'GET /health/live HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX-T: t\r\n\r\n',
  ],
];
