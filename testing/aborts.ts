/** Puts load on a vault in which many clients hang up at random moments. */
import { Agent, request } from 'node:http';

const readers = 24;
const hangUpShare = 0.4;
const maxHangUpMs = 12;
const maxAnswerMs = 10_000;

export interface Tally {
  answered: number;
  hungUp: number;
  /** Wrong or missing answers, each with the reason. A good vault gives none. */
  wrong: string[];
}

/**
 * Reads keys named `key <n>`, whose value is `value of key <n>`, until `untilMs`; hangs up on some of the requests.
 *
 * @param keys how many keys there are.
 */
export async function readAndHangUp(url: string, token: string, keys: number, untilMs: number): Promise<Tally> {
  const tally: Tally = { answered: 0, hungUp: 0, wrong: [] };
  const agent = new Agent({ keepAlive: true, maxSockets: readers });
  const reader = async () => {
    while (Date.now() < untilMs) {
      const name = `key ${Math.floor(Math.random() * keys)}`;
      const hangUpAfterMs = Math.random() < hangUpShare ? Math.random() * maxHangUpMs : undefined;
      const answer = await read(agent, `${url}/keys/${encodeURIComponent(name)}`, token, hangUpAfterMs);
      if (answer === 'hung up') tally.hungUp++;
      else if (answer === `200 value of ${name}`) tally.answered++;
      else tally.wrong.push(`${name}: ${answer}`);
    }
  };
  await Promise.all(Array.from({ length: readers }, reader));
  agent.destroy();
  return tally;
}

/** Sends one read. Resolves with its status and value, with `hung up`, or with the error. */
function read(agent: Agent, url: string, token: string, hangUpAfterMs: number | undefined): Promise<string> {
  return new Promise((resolve) => {
    let didHangUp = false;
    const sent = request(url, { agent, headers: { Authorization: `Bearer ${token}` } }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(`${response.statusCode} ${valueIn(text)}`));
    });
    sent.setTimeout(maxAnswerMs, () => sent.destroy(new Error(`no answer within ${maxAnswerMs} ms`)));
    sent.on('error', (error) => resolve(didHangUp ? 'hung up' : error.message));
    sent.on('close', () => resolve('closed'));
    if (hangUpAfterMs !== undefined) {
      setTimeout(() => {
        didHangUp = true;
        sent.destroy(new Error('hung up'));
      }, hangUpAfterMs);
    }
    sent.end();
  });
}

/** The value in an answer to a read; the whole text if there is none. */
function valueIn(text: string): string {
  try {
    const { api_key: value } = JSON.parse(text) as { api_key?: unknown };
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}
