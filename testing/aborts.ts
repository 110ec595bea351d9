import { Agent, request } from 'node:http';

/** Load in which many callers hang up at random moments: what a promise that is shared between requests would not survive. */

const readersMost = 24;
const hangUpShare = 0.4;
const hangUpMsMost = 12;
const answerMsMost = 10_000;

export interface Tally {
  answered: number;
  hungUp: number;
  /** Answers that were not what was asked for, or did not come: each with why. None may be here. */
  wrong: string[];
}

/**
 * Reads keys named `key <n>`, whose value is `value of key <n>`, until `untilMs`; hangs up on some of the requests.
 *
 * @param keys how many keys there are.
 */
export const readAndHangUp = async (url: string, token: string, keys: number, untilMs: number): Promise<Tally> => {
  const tally: Tally = { answered: 0, hungUp: 0, wrong: [] };
  const agent = new Agent({ keepAlive: true, maxSockets: readersMost });
  const reader = async () => {
    while (Date.now() < untilMs) {
      const name = `key ${Math.floor(Math.random() * keys)}`;
      const hangUpAfterMs = Math.random() < hangUpShare ? Math.random() * hangUpMsMost : undefined;
      const answer = await read(agent, `${url}/keys/${encodeURIComponent(name)}`, token, hangUpAfterMs);
      if (answer === 'hung up') tally.hungUp++;
      else if (answer === `200 value of ${name}`) tally.answered++;
      else tally.wrong.push(`${name}: ${answer}`);
    }
  };
  await Promise.all(Array.from({ length: readersMost }, reader));
  agent.destroy();
  return tally;
};

/** One read: its status and value, `hung up`, or what went wrong. */
const read = (agent: Agent, url: string, token: string, hangUpAfterMs: number | undefined): Promise<string> =>
  new Promise((settle) => {
    let isOver = false;
    const sent = request(url, { agent, headers: { Authorization: `Bearer ${token}` } }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => settle(`${response.statusCode} ${valueIn(text)}`));
    });
    sent.setTimeout(answerMsMost, () => sent.destroy(new Error(`no answer within ${answerMsMost} ms`)));
    sent.on('error', (error) => settle(isOver ? 'hung up' : error.message));
    sent.on('close', () => settle('closed'));
    if (hangUpAfterMs !== undefined) {
      setTimeout(() => {
        isOver = true;
        sent.destroy(new Error('hung up'));
      }, hangUpAfterMs);
    }
    sent.end();
  });

const valueIn = (text: string): string => {
  try {
    const { api_key: value } = JSON.parse(text) as { api_key?: unknown };
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
};
