/** Requests with the method LIST, byte for byte: tests run this table against the gate and the standalone server. */

export interface ListVector {
  name: string;
  /** In pieces, each of which is a packet. */
  pieces: string[];
  /** The request targets that the worker is asked for, in this order, all with GET. */
  asked: string[];
  /** Of the last answer. */
  status: number;
  /** The same of the gate, where it is stricter: it ends a connection after a LIST, and drops what follows. */
  gate?: { asked: string[]; status: number };
}

const path = '/v1/secret/metadata/shop/';
const host = 'Host: localhost\r\n';
const close = `${host}Connection: close\r\n`;
const listed = `${path}?list=true`;

function list(target = path, headers = close): string {
  return `LIST ${target} HTTP/1.1\r\n${headers}\r\n`;
}

function get(target: string, headers = host): string {
  return `GET ${target} HTTP/1.1\r\n${headers}\r\n`;
}

/** Each byte a packet of its own, from the fourth on. */
const dripped = [list().slice(0, 3), ...list().slice(3)];

export const listVectors: ListVector[] = [
  { name: 'alone', pieces: [list()], asked: [listed], status: 200 },
  { name: 'with a query', pieces: [list(`${path}?a=b&c`)], asked: [`${listed}&a=b&c`], status: 200 },
  {
    name: 'that says no to itself',
    pieces: [list(`${path}?list=false&a=b&list`)],
    asked: [`${listed}&a=b`],
    status: 200,
  },
  {
    name: 'that says no in another spelling',
    pieces: [list(`${path}?%6cist=false`)],
    asked: [`${listed}&%6cist=false`],
    status: 200,
  },
  { name: 'of the root', pieces: [list('/v1/secret/metadata')], asked: ['/v1/secret/metadata?list=true'], status: 200 },
  {
    name: 'below a sub-path',
    pieces: [list('/vault/v1/secret/metadata/')],
    asked: ['/vault/v1/secret/metadata/?list=true'],
    status: 200,
  },
  {
    name: 'with the host in the request line',
    pieces: [list(`http://localhost${path}`)],
    asked: [listed],
    status: 200,
  },
  { name: 'of HTTP/1.0', pieces: [`LIST ${path} HTTP/1.0\r\n\r\n`], asked: [listed], status: 200 },
  { name: 'behind an empty line', pieces: [`\r\n${list()}`], asked: [listed], status: 200 },
  { name: 'with an empty body', pieces: [list(path, `${close}Content-Length: 0\r\n`)], asked: [listed], status: 200 },
  { name: 'split behind its third letter', pieces: ['LIS', list().slice(3)], asked: [listed], status: 200 },
  { name: 'split behind its method', pieces: ['LIST', list().slice(4)], asked: [listed], status: 200 },
  {
    name: 'split in its head',
    pieces: [list().slice(0, 20), list().slice(20, 50), list().slice(50)],
    asked: [listed],
    status: 200,
  },
  { name: 'split before its last byte', pieces: [list().slice(0, -1), '\n'], asked: [listed], status: 200 },
  { name: 'byte by byte', pieces: dripped, asked: [listed], status: 200 },
  { name: 'as the second request of a connection', pieces: [get('/a'), list()], asked: ['/a', listed], status: 200 },
  { name: 'pipelined behind a request', pieces: [get('/a') + list()], asked: ['/a', listed], status: 200 },
  {
    name: 'pipelined behind several',
    pieces: [get('/a') + get('/b') + get('/c') + list()],
    asked: ['/a', '/b', '/c', listed],
    status: 200,
  },
  {
    name: 'behind a body with a length',
    pieces: [`POST /a HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\n{}${list()}`],
    asked: ['/a', listed],
    status: 200,
  },
  {
    name: 'behind a body in chunks',
    pieces: [`POST /a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n4\r\nLIST\r\n0\r\n\r\n${list()}`],
    asked: ['/a', listed],
    status: 200,
  },
  {
    name: 'with a request behind it',
    pieces: [list(path, host) + get('/b', close)],
    asked: [listed, '/b'],
    status: 200,
    gate: { asked: [listed], status: 200 },
  },
  {
    name: 'twice',
    pieces: [list(path, host) + list()],
    asked: [listed, listed],
    status: 200,
    gate: { asked: [listed], status: 200 },
  },

  // Paths outside the Vault API.
  { name: 'of another path', pieces: [list('/keys')], asked: [], status: 405 },
  { name: 'of a path that only looks like it', pieces: [list('/v1')], asked: [], status: 405 },
  { name: 'of a path with it in the query', pieces: [list('/keys?a=/v1/x')], asked: [], status: 405 },
  { name: 'with a fragment', pieces: [list(`${path}#x`)], asked: [], status: 405 },
  { name: 'of a path of the runtime', pieces: [list('/cdn-cgi/v1/x')], asked: [], status: 404 },
  { name: 'of a path that leads to the runtime', pieces: [list('/v1/../cdn-cgi/x')], asked: [], status: 404 },
  { name: 'of a path that leads out of it', pieces: [list('/v1/../keys')], asked: ['/keys?list=true'], status: 200 },
  {
    name: 'in small letters',
    pieces: [list().replace('LIST', 'list')],
    asked: [],
    status: 405,
    gate: { asked: [], status: 400 },
  },
  {
    name: 'with another letter',
    pieces: [list().replace('LIST', 'LISP')],
    asked: [],
    status: 405,
    gate: { asked: [], status: 400 },
  },
  {
    name: 'longer',
    pieces: [list().replace('LIST', 'LISTS')],
    asked: [],
    status: 405,
    gate: { asked: [], status: 400 },
  },
  { name: 'with a tab', pieces: [list().replace('LIST ', 'LIST\t')], asked: [], status: 400 },
  { name: 'without a target', pieces: [`LIST HTTP/1.1\r\n${close}\r\n`], asked: [], status: 400 },
  { name: 'without a version', pieces: [`LIST ${path}\r\n${close}\r\n`], asked: [], status: 400 },
  { name: 'of HTTP/2', pieces: [list().replace('HTTP/1.1', 'HTTP/2.0')], asked: [], status: 400 },
  { name: 'with bare line feeds', pieces: [list().replaceAll('\r\n', '\n')], asked: [], status: 400 },
  { name: 'with one bare line feed', pieces: [`LIST ${path} HTTP/1.1\n${close}\r\n`], asked: [], status: 400 },
  { name: 'with a byte beyond ASCII', pieces: [list('/v1/\u00e9')], asked: [], status: 400 },
  { name: 'without a Host', pieces: [`LIST ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`], asked: [], status: 400 },
  { name: 'with two Hosts', pieces: [list(path, `${close}Host: b\r\n`)], asked: [], status: 400 },
  { name: 'with a folded header', pieces: [list(path, `${close}X-A: a\r\n b\r\n`)], asked: [], status: 400 },
  { name: 'with a blank before a colon', pieces: [list(path, `${close}X-A : a\r\n`)], asked: [], status: 400 },
  { name: 'with a NUL', pieces: [list(path, `${close}X-A: a\0\r\n`)], asked: [], status: 400 },
  {
    name: 'with an upgrade',
    pieces: [list(path, `${host}Connection: Upgrade\r\nUpgrade: websocket\r\n`)],
    asked: [],
    status: 400,
  },
  { name: 'with long headers', pieces: [list(path, `${close}X-A: ${'a'.repeat(20_000)}\r\n`)], asked: [], status: 431 },
  {
    name: 'with endless headers',
    pieces: [`LIST ${path} HTTP/1.1\r\n${'X-A: a\r\n'.repeat(40_000)}`],
    asked: [],
    status: 431,
  },
  { name: 'with a long target', pieces: [list(`/v1/${'a'.repeat(20_000)}`)], asked: [], status: 414 },

  // Attempts to have what follows taken for a request by one reader, and for a part of this one by another.
  ...smuggling(),
];

function smuggling(): ListVector[] {
  const hidden = get('/hidden', close);
  const lengths = (header: string, body: string): Pick<ListVector, 'pieces' | 'asked'> => ({
    pieces: [list(path, `${host}${header}`) + body],
    asked: [],
  });
  return [
    { name: 'with a body that is a request', ...lengths(`Content-Length: ${hidden.length}\r\n`, hidden), status: 405 },
    { name: 'with a body in chunks', ...lengths('Transfer-Encoding: chunked\r\n', `0\r\n\r\n${hidden}`), status: 405 },
    {
      name: 'with a length and chunks',
      ...lengths('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${hidden}`),
      status: 400,
    },
    {
      name: 'with two lengths',
      ...lengths(`Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n`, hidden),
      status: 400,
    },
    { name: 'with a length that is a list', ...lengths('Content-Length: 0, 0\r\n', hidden), status: 400 },
    { name: 'with a length with a sign', ...lengths('Content-Length: +0\r\n', hidden), status: 400 },
    { name: 'with a misspelt encoding', ...lengths('Transfer-Encoding: xchunked\r\n', hidden), status: 405 },
    { name: 'with a blank before an encoding', ...lengths('Transfer-Encoding : chunked\r\n', hidden), status: 400 },
    {
      name: 'with a carriage return in a header',
      ...lengths('X: a\rTransfer-Encoding: chunked\r\n', hidden),
      status: 400,
    },
    {
      name: 'with a line feed before the end of the head',
      pieces: [`LIST ${path} HTTP/1.1\r\n${host}\n${hidden}`],
      asked: [],
      status: 400,
    },
    {
      name: 'hidden in a body',
      pieces: [`POST /a HTTP/1.1\r\n${close}Content-Length: ${list().length}\r\n\r\n${list()}`],
      asked: ['/a'],
      status: 200,
    },
    {
      name: 'hidden in a chunk',
      pieces: [
        `POST /a HTTP/1.1\r\n${close}Transfer-Encoding: chunked\r\n\r\n${list().length.toString(16)}\r\n${list()}\r\n0\r\n\r\n`,
      ],
      asked: ['/a'],
      status: 200,
    },
    {
      name: 'hidden in a header',
      pieces: [get('/a', `${close}X-A: LIST ${path} HTTP/1.1\r\n`)],
      asked: ['/a'],
      status: 200,
    },
    {
      name: 'behind a chunk that is longer than its size',
      pieces: [`POST /a HTTP/1.1\r\n${close}Transfer-Encoding: chunked\r\n\r\n1\r\nabLIST ${path} HTTP/1.1\r\n\r\n`],
      asked: [],
      status: 400,
    },
    {
      name: 'in place of the size of a chunk',
      pieces: [`POST /a HTTP/1.1\r\n${close}Transfer-Encoding: chunked\r\n\r\n${list()}`],
      asked: [],
      status: 400,
    },
    {
      name: 'behind the end of a connection',
      pieces: [get('/a', close) + list()],
      asked: ['/a'],
      status: 200,
      gate: { asked: ['/a'], status: 400 },
    },
    {
      name: 'as the end of a longer word',
      pieces: [`UN${list()}`],
      asked: [],
      status: 405,
      gate: { asked: [], status: 400 },
    },
  ];
}
