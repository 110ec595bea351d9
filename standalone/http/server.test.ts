/** The server on one end of a pipe, and a client that writes bytes on the other. */
import { describe, expect, test } from 'vitest';
import { type BodyVector, bodyVectors, vectorLimits } from '../../core/network/body-vectors.ts';
import { listVectors } from '../../core/network/list-vectors.ts';
import { malformedRequests, unusualRequests } from '../../core/network/request-vectors.ts';
import { PlainResponse } from './plain-response.ts';
import { createServer, type Service, type TcpSocket } from './server.ts';

const encoder = new TextEncoder();
const post = 'POST /keys?a=b HTTP/1.1\r\nHost: vault\r\n';

/** Answers with what it was asked. */
const echo: Service = {
  scheme: 'http',
  proxies: [],
  identify: () => {},
  answer: async (request) =>
    Response.json({ method: request.method, url: request.url, body: await request.text(), cf: request.cf }),
};

/** A client's connection to a server. */
const connect = (serve: ReturnType<typeof createServer>, service: Partial<Service> = {}, peer = '192.0.2.1:4711') => {
  const [toServer, toClient] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
  const socket = {
    readable: toServer.readable,
    writable: toClient.writable,
    opened: Promise.resolve({ remoteAddress: peer }),
    close: async () => {},
  } as unknown as TcpSocket;
  const ended = serve(socket, { ...echo, ...service });
  const writer = toServer.writable.getWriter();
  let text = '';
  const reading = (async () => {
    for await (const chunk of toClient.readable.pipeThrough(new TextDecoderStream())) text += chunk;
  })().catch(() => {});
  return {
    send: (bytes: string) => void writer.write(encoder.encode(bytes)).catch(() => {}),
    end: () => void writer.close().catch(() => {}),
    /** What has come so far. */
    received: () => text,
    /** Everything, once the server has ended. */
    all: async () => {
      await ended;
      await reading;
      return text;
    },
  };
};

const exchange = async (bytes: string, given: Parameters<typeof createServer>[0] = {}): Promise<string> => {
  const client = connect(createServer(given));
  client.send(bytes);
  client.end();
  return client.all();
};

test.each(listVectors)('a LIST $name', async ({ pieces, asked, status }) => {
  const urls: string[] = [];
  const client = connect(createServer(), {
    answer: (request) => {
      const { pathname, search } = new URL(request.url);
      urls.push(pathname + search);
      return new Response('ok');
    },
  });
  for (const piece of pieces) client.send(piece);
  client.end();
  const statuses = [...(await client.all()).matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, number]) => Number(number));
  expect([urls, statuses.at(-1), statuses.length]).toEqual([asked, status, Math.max(asked.length, 1)]);
});

test.each(malformedRequests)('%s: 400, and the worker is not asked', async (_, bytes) => {
  const client = connect(createServer(), { answer: () => new Response('asked') });
  client.send(bytes);
  client.end();
  expect(await client.all()).toMatch(
    /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*Connection: close\r\n[\s\S]*\{"error":"[^"]+/,
  );
});

test.each(unusualRequests)('%s: answered', async (_, bytes) => {
  expect(await exchange(bytes)).toMatch(
    /^HTTP\/1\.1 200 OK\r\n[\s\S]*"method":"GET","url":"http:\/\/[^/]+\/health\/live"/,
  );
});

describe('bodies', () => {
  const frame = (bytes: number, isChunked: boolean) =>
    isChunked ? `${bytes.toString(16)}\r\n${'a'.repeat(bytes)}\r\n` : 'a'.repeat(bytes);

  test.each(bodyVectors)('$name', async ({ announced, chunks, ending, limits, answer }: BodyVector) => {
    const isChunked = announced === undefined;
    const client = connect(createServer({ ...vectorLimits, ...limits }));
    client.send(`${post}${isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${announced}`}\r\n\r\n`);
    for (const bytes of chunks) client.send(frame(bytes, isChunked));
    if (ending === 'end' && isChunked) client.send('0\r\n\r\n');
    const dripping = ending === 'drip' ? setInterval(() => client.send(frame(1, isChunked)), 20) : null;
    await expect.poll(client.received).toMatch(/\}$/);
    clearInterval(dripping);
    const text = client.received();
    if (answer === undefined) {
      const { body } = JSON.parse(text.slice(text.indexOf('{'))) as { body: string };
      expect(body).toBe('a'.repeat(chunks.reduce((sum, bytes) => sum + bytes, 0)));
    } else {
      expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${answer.status} `));
      expect(text).toContain(JSON.stringify({ error: answer.error }));
      expect(/Retry-After: (\d+)/.exec(text)?.[1]).toBe(answer.retryAfter);
    }
    client.end();
  });

  test('100 Continue is sent before the body, 413 in its place if the body is too large', async () => {
    const client = connect(createServer());
    client.send(`${post}Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n`);
    await expect.poll(client.received).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.send('ab');
    client.end();
    expect(await client.all()).toMatch(/\r\n\r\nHTTP\/1\.1 200 OK[\s\S]*"body":"ab"/);
    expect(await exchange(`${post}Expect: 100-continue\r\nContent-Length: 5000000\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 413 /,
    );
    expect(await exchange(`${post}Expect: 200-maybe\r\nContent-Length: 2\r\n\r\nab`)).toMatch(/^HTTP\/1\.1 417 /);
  });

  test('one that comes with GET is read and dropped, and the next request is answered', async () => {
    const get = 'GET /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
    const text = await exchange(`${get}${get.replace('/1', '/2')}`);
    expect(text.match(/"method":"GET","url":"http:\/\/a\/\d","body":""/g)).toHaveLength(2);
  });
});

test('pipelined requests are answered one after the other, in order', async () => {
  let running = 0;
  let most = 0;
  const client = connect(createServer(), {
    async answer(request) {
      most = Math.max(most, ++running);
      await scheduler.wait(5);
      running--;
      return new Response(new URL(request.url).pathname);
    },
  });
  client.send(Array.from({ length: 20 }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
  client.end();
  expect((await client.all()).match(/\/\d+$|\/\d+(?=HTTP)/g)).toEqual(Array.from({ length: 20 }, (_, i) => `/${i}`));
  expect(most).toBe(1);
});

test('a client that reads nothing has one request answered, not all that it sent', async () => {
  let asked = 0;
  const toServer = new TransformStream<Uint8Array>();
  const toClient = new TransformStream<Uint8Array>();
  const socket = {
    readable: toServer.readable,
    writable: toClient.writable,
    opened: Promise.resolve({}),
    close: async () => {},
  };
  const ended = createServer()(socket as unknown as TcpSocket, {
    ...echo,
    answer: () => {
      asked++;
      return new Response('x');
    },
  });
  const writer = toServer.writable.getWriter();
  writer.write(encoder.encode('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2_600))).catch(() => {});
  await scheduler.wait(200);
  expect(asked).toBeLessThanOrEqual(2);
  await toClient.readable.cancel();
  await ended;
});

test('one client has no more requests in progress than are left for others', async () => {
  const serve = createServer({ maxRequestsInFlight: 4 });
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = { answer: () => released.then(() => new Response('done')) };
  const ask = (peer: string) => {
    const client = connect(serve, slow, peer);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    client.end();
    return client;
  };
  const first = [ask('192.0.2.1:1'), ask('192.0.2.1:2')];
  await scheduler.wait(20);
  expect(await ask('192.0.2.1:3').all()).toMatch(/^HTTP\/1\.1 429 [\s\S]*Retry-After: 1\r\n/);
  const others = [ask('192.0.2.2:1'), ask('192.0.2.3:1')];
  await scheduler.wait(20);
  expect(await ask('192.0.2.4:1').all()).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n/);
  release();
  for (const client of [...first, ...others]) expect(await client.all()).toMatch(/^HTTP\/1\.1 200 [\s\S]*done$/);
});

test('idle connections of one client make place for new ones, also for its own', async () => {
  const serve = createServer({ maxConnections: 8, maxOpenConnections: 16 });
  const idle = Array.from({ length: 4 }, () => connect(serve));
  await scheduler.wait(20);
  for (const peer of ['192.0.2.1:9', '192.0.2.2:9']) {
    const client = connect(serve, {}, peer);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    client.end();
    expect(await client.all()).toMatch(/^HTTP\/1\.1 200 /);
  }
  expect(await idle[0]?.all()).toBe('');
});

test('a head that does not end: 408; one that is too large: 431; a client that sends nothing: closed', async () => {
  const limits = { maxHeadersMs: 300, keepAliveMs: 300 };
  const slow = connect(createServer(limits));
  slow.send('GET / HTTP/1.1\r\nHost: a\r\n');
  expect(await slow.all()).toMatch(/^HTTP\/1\.1 408 /);
  expect(await connect(createServer(limits)).all()).toBe('');
  const idle = connect(createServer(limits));
  idle.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(await idle.all()).toMatch(/^HTTP\/1\.1 200 [\s\S]*\}$/);
  const line = `X-A: ${'a'.repeat(1_000)}\r\n`;
  expect(await exchange(`GET / HTTP/1.1\r\nHost: a\r\n${line.repeat(20)}\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  expect(await exchange(`GET / HTTP/1.1\r\nHost: a\r\n${line.repeat(400)}\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
});

test('a head that comes byte by byte is the same', async () => {
  const client = connect(createServer());
  for (const byte of `${post}Content-Length: 3\r\n\r\nabc`) client.send(byte);
  client.end();
  expect(await client.all()).toContain('"url":"http://vault/keys?a=b","body":"abc","cf":{"clientIp":"192.0.2.1:4711"}');
});

test('a client that closes its side before the answer still gets it, if it comes soon', async () => {
  const client = connect(createServer(), {
    async answer() {
      await scheduler.wait(100);
      return new Response('an answer');
    },
  });
  client.send(`${post}Content-Length: 1\r\n\r\na`);
  client.end();
  expect(await client.all()).toMatch(/an answer$/);
});

test('a request whose client has left does not go on for long', async () => {
  const client = connect(createServer(), { answer: () => new Promise(() => {}) });
  client.send(`${post}Content-Length: 1\r\n\r\na`);
  client.end();
  expect(await client.all()).toBe('');
});

test('HEAD has the headers of an answer and no body; 204 has no length; an error in the worker is 500', async () => {
  const ask = async (method: string, response: () => Response) => {
    const client = connect(createServer(), { answer: async () => response() });
    client.send(`${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    client.end();
    return client.all();
  };
  expect(await ask('HEAD', () => new Response('abc'))).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
  expect(await ask('DELETE', () => new Response(null, { status: 204 }))).not.toContain('Content-Length');
  const failed = await ask('GET', () => {
    throw new Error('secret');
  });
  expect(failed).toMatch(/^HTTP\/1\.1 500 [\s\S]*\{"error":"[^"]+"\}$/);
  expect(failed).not.toContain('secret');
  expect(await ask('TRACE', () => new Response('no'))).toMatch(/^HTTP\/1\.1 405 [\s\S]*Allow: GET, HEAD/);
});

test.each([
  ['vault:5000', '/keys/a%2Fb?c=d'],
  ['VAULT:80', '/keys/a'],
  ['127.1', '/logs?from=%zz'],
  ['[::1]:5000', '/keys/a%2e%2e/b'],
])('the worker gets the address as the runtime writes it: %s%s', async (host, path) => {
  const client = connect(createServer());
  client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  client.end();
  const { url } = new Request(`http://${host}${path}`);
  expect(await client.all()).toContain(`"url":"${url}"`);
});

test('a plain response is sent as one of the runtime with the same text and headers', async () => {
  const headers = [
    ['content-type', 'application/json'],
    ['etag', '"1"'],
  ] as const;
  const cookies = ['a=1; Path=/', 'b=2; Path=/'];
  const answers: Record<string, () => Response> = {
    '/plain': () => new PlainResponse('its own text: é', 201, headers) as unknown as Response,
    '/original': () => new Response('its own text: é', { status: 201, headers: [...headers] }),
  };
  const client = connect(createServer(), {
    answer: ({ url }) => {
      const made = (answers[new URL(url).pathname] as () => Response)();
      for (const cookie of cookies) made.headers.append('Set-Cookie', cookie);
      return made;
    },
  });
  client.send('GET /plain HTTP/1.1\r\nHost: a\r\n\r\nGET /original HTTP/1.1\r\nHost: a\r\n\r\n');
  client.end();
  const [plain = '', original = ''] = (await client.all()).split(/(?=HTTP\/1\.1)/);
  expect(plain).toContain('Set-Cookie: b=2; Path=/\r\n');
  expect(plain).toMatch(/Content-Length: 16\r\n\r\nits own text: é$/);
  expect(plain.split('\r\n').sort()).toEqual(original.split('\r\n').sort());
});

test('a plain response that says so is compressed', async () => {
  const text = 'a long answer '.repeat(100);
  const client = connect(createServer(), {
    answer: () => new PlainResponse(text, 200, [['content-encoding', 'gzip']]) as unknown as Response,
  });
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  client.end();
  const received = await client.all();
  expect(Number(/Content-Length: (\d+)/.exec(received)?.[1])).toBeLessThan(100);
  expect(received).not.toContain('a long answer');
});

describe('a body whose length is not known', () => {
  /** Pieces of a list, made when they are asked for. */
  const streamed = (pieces: string[], headers: Record<string, string> = {}) => {
    const state = { made: 0, isCancelled: false };
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const piece = pieces[state.made++];
          if (piece === undefined) controller.close();
          else controller.enqueue(encoder.encode(piece));
        },
        cancel() {
          state.isCancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    return { state, response: new Response(body, { headers: { ...headers, 'Transfer-Encoding': 'chunked' } }) };
  };
  const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

  test('comes in chunks, and the connection stays', async () => {
    const client = connect(createServer(), { answer: () => streamed(['abc', '', 'dé']).response });
    client.send(get + get);
    client.end();
    const answer = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndé\r\n0\r\n\r\n';
    expect(await client.all()).toBe(answer + answer);
  });

  test('ends with the connection for a client of HTTP/1.0, which knows no chunks', async () => {
    const client = connect(createServer(), { answer: () => streamed(['abc', 'de']).response });
    client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    client.end();
    expect(await client.all()).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde');
  });

  test('is compressed as its Content-Encoding says', async () => {
    const { response } = streamed(Array(100).fill('x'.repeat(1_000)), { 'Content-Encoding': 'gzip' });
    const client = connect(createServer(), { answer: () => response });
    client.send(get);
    client.end();
    const received = await client.all();
    expect(received).toMatch(/Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n[0-9a-f]+\r\n/);
    expect(received).toMatch(/\r\n0\r\n\r\n$/);
    expect(received.length).toBeLessThan(2_000);
  });

  test('is made no faster than the client reads, and no further once the client has left', async () => {
    const { state, response } = streamed(Array(1_000).fill('x'.repeat(64 * 1024)));
    const toServer = new TransformStream<Uint8Array>();
    const toClient = new TransformStream<Uint8Array>();
    const socket = {
      readable: toServer.readable,
      writable: toClient.writable,
      opened: Promise.resolve({ remoteAddress: '192.0.2.1:1' }),
      close: async () => {},
    };
    const served = createServer()(socket as unknown as TcpSocket, { ...echo, answer: () => response });
    void toServer.writable.getWriter().write(encoder.encode(get));
    const reader = toClient.readable.getReader();
    for (let count = 0; count < 3; count += 1) await reader.read();
    await scheduler.wait(50);
    expect(state.made).toBeLessThan(6);
    await reader.cancel();
    await served;
    expect(state.isCancelled).toBe(true);
    expect(state.made).toBeLessThan(6);
  });
});
