/** A gate in front of an upstream that records what reaches it. Each test's servers are closed when it ends. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { createGate, type GateOptions } from '../box/gate/gate.ts';

/** A request as it reached the upstream. */
export interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  raw: string[];
  body: string;
}

/** Starts a server on a free port. Resolves with the port. */
export async function listening(server: Server): Promise<number> {
  onTestFinished(async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Starts a gate and its upstream, which answers `ok` unless `listener` answers. */
export async function startGate(options: Partial<GateOptions> = {}, listener?: RequestListener) {
  const seen: Seen[] = [];
  const upstream = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const { method = '', url = '', headers, rawHeaders: raw } = req;
    seen.push({ method, url, headers, raw, body: Buffer.concat(chunks).toString() });
    if (listener) listener(req, res);
    else res.setHeader('X-Up', '1').end('ok');
  });
  const address = { host: '127.0.0.1', port: await listening(upstream) };
  const gate = createGate({ upstream: () => address, ...options });
  const port = await listening(gate);
  return { seen, gate, port, url: `http://127.0.0.1:${port}` };
}

interface RawAnswer {
  text: string;
  status: number;
  error: string;
}

/** Sends bytes as they are, in pieces if given several, and reads until the server closes or `waitMs` have passed. */
export async function raw(port: number, pieces: string | Iterable<string>, waitMs = 20_000): Promise<RawAnswer> {
  const socket = createConnection(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (/\r\n\r\n[\s\S]*\}$|\r\n\r\nok$/.test(text)) socket.end();
  });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (const piece of typeof pieces === 'string' ? [pieces] : pieces) {
    if (!socket.writable) break;
    socket.write(piece, 'latin1');
    if (typeof pieces !== 'string') await delay(10);
  }
  await Promise.race([closed, delay(waitMs, undefined, { ref: false })]);
  socket.destroy();
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
  const json = /\{"error":.*\}$/.exec(text)?.[0];
  return { text, status, error: json ? JSON.parse(json).error : '' };
}

/** A GET request, byte for byte. */
export function get(path: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n`;
}
