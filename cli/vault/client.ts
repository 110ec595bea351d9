/** Sends requests to a vault, and turns what goes wrong into failures. */

import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { maxAnswerSilenceMs, maxConnectMs, repeatPauseMs } from '../../core/limits.ts';
import { version } from '../../core/version.ts';
import { codeOf, exitCodes, Failure } from '../terminal/failure.ts';
import { type Connection, needToken, readConnection } from './config.ts';

export interface Answer<Body> {
  status: number;
  headers: IncomingMessage['headers'];
  body: Body;
}

interface Asked {
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  /** Statuses from 400 on that the caller deals with. */
  accept?: readonly number[];
  /** The answer is text, unless it is an error. */
  isText?: true;
}

/** The vault did not get the request, or its answer did not arrive. */
export class Unreachable extends Failure {
  /** Whether the vault may have got it: only the answer is missing. */
  readonly isAnswerLost: boolean;

  constructor(message: string, isAnswerLost = false) {
    super(message, exitCodes.unreachable);
    this.isAnswerLost = isAnswerLost;
  }
}

const codesByStatus: Record<number, number> = {
  401: exitCodes.unauthenticated,
  403: exitCodes.forbidden,
  404: exitCodes.notFound,
  409: exitCodes.conflict,
  412: exitCodes.conflict,
  500: exitCodes.unreachable,
  502: exitCodes.unreachable,
  503: exitCodes.unreachable,
  504: exitCodes.unreachable,
};

/** What a network that fails reports. Wrong certificates are not among them: they may be an attack. */
const networkErrors: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was closed',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name cannot be looked up now',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no network',
  ENETDOWN: 'there is no network',
  EADDRNOTAVAIL: 'there is no network',
  ETIMEDOUT: 'it does not answer',
};

/** How long a vault is waited for. */
export interface Patience {
  /** Until it has accepted a connection, TLS included. */
  connectMs: number;
  /** Without a byte of its answer. */
  silenceMs: number;
}

const usualPatience: Patience = { connectMs: maxConnectMs, silenceMs: maxAnswerSilenceMs };

/** One vault, as one caller sees it. */
export class Vault {
  readonly url: string;
  readonly #connection: Connection;
  readonly #patience: Patience;

  constructor(connection: Connection, patience: Patience = usualPatience) {
    this.url = connection.url;
    this.#connection = connection;
    this.#patience = patience;
  }

  /** @throws Failure if there is no token. */
  checkToken(): void {
    needToken(this.#connection);
  }

  /** Of the caller. */
  get token(): string {
    return needToken(this.#connection);
  }

  /**
   * Sends one request with the token.
   *
   * @throws Failure for a status from 400 on that `accept` does not have, with the vault's own words; Unreachable.
   */
  ask<Body>(method: string, path: string, asked: Asked = {}): Promise<Answer<Body>> {
    return this.askAnonymously<Body>(method, path, {
      ...asked,
      headers: { Authorization: `Bearer ${this.token}`, ...asked.headers },
    });
  }

  /** The same of what is answered as text. */
  async askText(method: string, path: string, query: Asked['query'] = {}): Promise<string> {
    return (await this.ask<string>(method, path, { query, isText: true })).body;
  }

  /**
   * Sends a POST that changes something. If its answer is lost, it is sent again, once: by its Idempotency-Key the vault carries it out only
   * once, and answers what it answered the first time.
   */
  async change<Body>(path: string, asked: Asked = {}): Promise<Answer<Body>> {
    const headers = { ...asked.headers, 'Idempotency-Key': `"${crypto.randomUUID()}"` };
    try {
      return await this.ask<Body>('POST', path, { ...asked, headers });
    } catch (error) {
      if (!(error instanceof Unreachable && error.isAnswerLost)) throw error;
      await setTimeout(repeatPauseMs);
      return this.ask<Body>('POST', path, { ...asked, headers });
    }
  }

  /** Sends one request without a token. */
  async askAnonymously<Body>(method: string, path: string, asked: Asked = {}): Promise<Answer<Body>> {
    const { query = {}, body, headers = {}, accept = [], isText } = asked;
    const target = new URL(`${this.url}${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.set(name, String(value));
    }
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const { response, text } = await this.#send(target, payload, {
      method,
      headers: {
        Accept: 'application/json',
        'User-Agent': `keystore-cli/${version}`,
        ...(payload ? { 'Content-Type': 'application/json', 'Content-Length': payload.length } : {}),
        ...headers,
      },
    });
    const status = response.statusCode ?? 0;
    if (isText && status === 200 && response.headers['content-type']?.startsWith('text/plain'))
      return { status, headers: response.headers, body: text as Body };
    const json = parsed(text);
    if (json === undefined || (status >= 300 && status < 400)) throw this.#strangeAnswer(response);
    if (status >= 400 && !accept.includes(status)) throw refused(status, json);
    return { status, headers: response.headers, body: json as Body };
  }

  async #send(target: URL, payload: Buffer | undefined, options: RequestOptions) {
    const { request } = target.protocol === 'https:' ? await import('node:https') : await import('node:http');
    return new Promise<{ response: IncomingMessage; text: string }>((resolve, reject) => {
      const fail = (error: Error) => reject(this.#networkFailure(error));
      const sent = request(target, { agent: false, timeout: this.#patience.silenceMs, ...options }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => resolve({ response, text: Buffer.concat(chunks).toString() }));
      });
      sent.on('timeout', () => sent.destroy(timeout()));
      sent.on('error', fail);
      boundConnecting(sent, this.#patience.connectMs, target.protocol === 'https:' ? 'secureConnect' : 'connect');
      sent.end(payload);
    });
  }

  #networkFailure(error: Error): Failure {
    const code = codeOf(error) || codeOf((error as { errors?: unknown[] }).errors?.[0] ?? {});
    const reason = networkErrors[code];
    if (reason !== undefined) {
      return new Unreachable(
        `The vault at ${this.url} cannot be reached: ${reason}. Check KEYSTORE_URL and the network.`,
        code === 'ECONNRESET' || code === 'EPIPE',
      );
    }
    return new Failure(`Asking the vault at ${this.url} failed: ${error.message}`, exitCodes.unreachable);
  }

  /** Something else than a vault has answered. */
  #strangeAnswer({ statusCode: status = 0, headers: { location } }: IncomingMessage): Failure {
    if (location !== undefined && status < 400) {
      return new Failure(`${this.url} redirects to ${location}. Set KEYSTORE_URL to where the vault is.`);
    }
    if (status >= 502 && status <= 504) {
      return new Unreachable(
        `The vault cannot be reached: what is in front of it at ${this.url} answers ${status}.`,
        true,
      );
    }
    return new Failure(`What answers at ${this.url} is not a vault (status ${status}). Check KEYSTORE_URL.`);
  }
}

/** The vault that the environment or the configuration names. */
export function openVault(patience?: Patience): Vault {
  return new Vault(readConnection(), patience);
}

function timeout(): Error {
  return Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' });
}

function boundConnecting(sent: ClientRequest, milliseconds: number, event: 'connect' | 'secureConnect'): void {
  const timer = globalThis.setTimeout(() => sent.destroy(timeout()), milliseconds);
  sent.once('close', () => clearTimeout(timer));
  sent.once('socket', (socket) => {
    socket.once(event, () => clearTimeout(timer));
  });
}

function parsed(text: string): object | undefined {
  try {
    const json: unknown = text === '' ? {} : JSON.parse(text);
    return typeof json === 'object' && json !== null ? json : undefined;
  } catch {
    return undefined;
  }
}

function refused(status: number, body: object): Failure {
  const { error } = body as { error?: unknown };
  const words = typeof error === 'string' ? error : `The vault answered ${status}.`;
  const advice = status === 401 ? ' Set another KEYSTORE_TOKEN, or: keystore login' : '';
  return new Failure(`${words}${advice}`, codesByStatus[status] ?? exitCodes.failed, status);
}
