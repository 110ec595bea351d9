/** The plain objects beside the runtime's own. */
import { describe, expect, test } from 'vitest';
import { PlainHeaders } from './plain-headers.ts';
import { PlainRequest } from './plain-request.ts';
import { PlainResponse } from './plain-response.ts';

type AnyHeaders = Pick<Headers, 'get' | 'has' | 'set' | 'append' | 'delete' | 'getSetCookie' | 'forEach'> &
  Iterable<[string, string]>;

describe('headers answer as the original', () => {
  const pairs: [string, string][] = [
    ['host', 'vault:5000'],
    ['accept', 'text/html'],
    ['accept', '*/*'],
    ['x-empty', ''],
  ];
  test.each<[string, (headers: AnyHeaders) => unknown]>([
    ['as they were made', () => null],
    ['a name in any case', (headers) => [headers.get('HOST'), headers.has('Host'), headers.get('Accept')]],
    ['a name that is missing', (headers) => [headers.get('cookie'), headers.has('cookie'), headers.get('set-cookie')]],
    ['an empty value', (headers) => [headers.get('x-empty'), headers.has('X-Empty')]],
    ['set', (headers) => headers.set('Accept', 'text/plain')],
    ['set of a new one', (headers) => headers.set('Vary', 'Accept')],
    ['append', (headers) => headers.append('Accept', 'text/plain')],
    ['append of a new one', (headers) => headers.append('Vary', 'Accept')],
    ['delete', (headers) => [headers.delete('Accept'), headers.has('accept')]],
    ['delete of a missing one', (headers) => headers.delete('Vary')],
    ['cookies', (headers) => cookiesIn(headers)],
    ['cookies set anew', (headers) => [cookiesIn(headers), headers.set('SET-COOKIE', 'c=3'), headers.getSetCookie()]],
    ['cookies deleted', (headers) => [cookiesIn(headers), headers.delete('set-cookie'), headers.has('set-cookie')]],
    ['all at once', (headers) => [headers.set('host', 'a'), headers.delete('Host'), headers.append('Host', 'b')]],
  ])('%s', (_, work) => {
    compare(new PlainHeaders(pairs), work);
    // Twice: what one response does to its headers leaves the list as it is.
    for (let i = 0; i < 2; i++) compare(PlainHeaders.of(pairs), work);
    expect(PlainHeaders.of(pairs).shared).toBe(PlainHeaders.of(pairs).shared);
  });

  const compare = (plain: PlainHeaders, work: (headers: AnyHeaders) => unknown) => {
    const original = new Headers(pairs);
    expect(work(plain as unknown as AnyHeaders)).toEqual(work(original));
    expect([...plain].sort()).toEqual([...original].sort());
    expect([...plain.entries()]).toEqual([...plain]);
    expect([...plain.keys()].sort()).toEqual([...original.keys()].sort());
    expect([...plain.values()].sort()).toEqual([...original.values()].sort());
    const seen: string[] = [];
    plain.forEach((value, name) => void seen.push(`${name}: ${value}`));
    expect(seen).toEqual([...plain].map(([name, value]) => `${name}: ${value}`));
    expect([...(plain.shared ?? []), ...(plain.shared ? plain.own() : plain)].sort()).toEqual([...plain].sort());
  };

  const cookiesIn = (headers: AnyHeaders) => {
    headers.append('Set-Cookie', 'a=1; Path=/');
    headers.append('set-cookie', 'b=2');
    return [headers.getSetCookie(), headers.get('Set-Cookie')];
  };

  test('the original can be made of them', () => {
    const plain = new PlainHeaders(pairs);
    expect([...new Headers(plain as unknown as Headers)]).toEqual([...new Headers(pairs)]);
  });
});

describe('a request', () => {
  const made = { method: 'POST', headers: [['accept', '*/*']], clientIp: '192.0.2.1:4711' } as const;

  test('without a body has none', async () => {
    const request = new PlainRequest('http://vault/keys', made);
    expect(request.body).toBeNull();
    expect([await request.text(), request.bodyUsed]).toEqual(['', false]);
  });

  test('with a body gives it, and says that it was read', async () => {
    const { signal } = new AbortController();
    const request = new PlainRequest('http://vault/keys', made).with({ body: new TextEncoder().encode('{}'), signal });
    expect([request.bodyUsed, request.signal === signal, request.cf, request.headers.get('Accept')]).toEqual([
      false,
      true,
      { clientIp: '192.0.2.1:4711' },
      '*/*',
    ]);
    const pieces: Uint8Array[] = [];
    for await (const piece of request.body ?? []) pieces.push(piece);
    expect([pieces.map((piece) => new TextDecoder().decode(piece)), request.bodyUsed]).toEqual([['{}'], true]);
  });

  test('for another address is otherwise the same', async () => {
    const request = new PlainRequest('http://vault/vault/keys', made).with({ body: new TextEncoder().encode('{}') });
    const moved = request.with({ url: 'http://vault/keys' });
    expect([moved.url, moved.method, await moved.text()]).toEqual(['http://vault/keys', 'POST', '{}']);
  });
});

describe('a response', () => {
  const response = new PlainResponse('{"é":1}', 404, [['content-type', 'application/json']]);

  test('has status, headers and text', async () => {
    expect([response.status, response.ok, response.headers.get('Content-Type'), await response.text()]).toEqual([
      404,
      false,
      'application/json',
      '{"é":1}',
    ]);
    expect(new TextDecoder().decode(await response.arrayBuffer())).toBe('{"é":1}');
  });

  test('can be made into one of the runtime', async () => {
    const native = new Response(response.body, response as unknown as Response);
    expect([native.status, native.headers.get('Content-Type'), await native.text()]).toEqual([
      404,
      'application/json',
      '{"é":1}',
    ]);
  });
});
