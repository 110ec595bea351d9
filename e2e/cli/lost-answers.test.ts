/** A change whose answer is lost on its way is sent again, and carried out once. */
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type Cli, openCli } from '../../testing/cli.ts';
import { listening } from '../../testing/gate.ts';
import { ask, type RunningVault, signIn, startVault } from '../../testing/vault.ts';

const password = 'correct horse battery';

let vault: RunningVault;
let token: string;
let front: Server;
let cli: Cli;
/** The Idempotency-Keys of the POSTs whose answers were lost, and of those that came again. */
let lost: string[];
let arrived: string[];
/** How the next answer to one of them is lost. */
let lose: 'closed' | 502 | null;

beforeAll(async () => {
  vault = await startVault({ env: { ADMIN_PASSWORD: password } });
  token = await signIn(vault.url, 'admin', password);
  front = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const key = request.headers['idempotency-key'] as string | undefined;
    const upstream = await fetch(`${vault.url}${request.url}`, {
      method: request.method ?? 'GET',
      headers: {
        Authorization: request.headers.authorization ?? '',
        'Content-Type': 'application/json',
        ...(key === undefined ? {} : { 'Idempotency-Key': key }),
      },
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    const text = await upstream.text();
    if (key !== undefined) (lose === null ? arrived : lost).push(key);
    if (key === undefined || lose === null) {
      response.writeHead(upstream.status, { 'Content-Type': 'application/json' }).end(text);
      return;
    }
    const how = lose;
    lose = null;
    if (how === 'closed') response.destroy();
    else response.writeHead(how, { 'Content-Type': 'text/html' }).end('<html>');
  });
});

afterAll(() => vault?.dispose());

beforeEach(async () => {
  cli = openCli(`http://127.0.0.1:${await listening(front)}`, token);
  onTestFinished(() => cli.dispose());
  lost = [];
  arrived = [];
});

async function versions(name: string): Promise<number> {
  const path = `/key/versions?key_name=${encodeURIComponent(name)}`;
  return (await ask<{ versions: unknown[] }>(vault.url, 'GET', path, { token })).body.versions.length;
}

test.each(['closed', 502] as const)('an answer that is lost (%s) changes nothing for who asks', async (how) => {
  const name = `app/${how}`;
  lose = how;
  expect(await cli.ok(['set', name, '--new'], { input: 'first' })).toContain('Added');
  expect(await versions(name)).toBe(1);
  lose = how;
  expect(await cli.ok(['restore', name, '--version', '1'])).toContain('as version 2');
  expect(await versions(name)).toBe(2);
  await cli.ok(['rm', name]);
  lose = how;
  expect(await cli.ok(['restore', name])).toContain('is back');
  lose = how;
  expect(await cli.ok(['projects', 'create', `team-${how}`])).toContain('Made the project');
  lose = how;
  const file = await cli.ok(['import', '-', '--to', `imported-${how}`, '--yes'], { input: 'A=1\nB=2\n' });
  expect(file).toContain('2');
  expect(await versions(`imported-${how}/A`)).toBe(1);
  expect(lost).toHaveLength(5);
  expect(new Set(lost).size).toBe(5);
  expect(arrived).toEqual(lost);
});

test('an answer that is lost twice is a failure, which does not claim that nothing was stored', async () => {
  lose = 'closed';
  const running = cli.run(['set', 'app/twice', '--new'], { input: 'value' });
  await expect.poll(() => lost.length).toBe(1);
  lose = 'closed';
  const { code, stderr } = await running;
  expect(code).toBe(7);
  expect(stderr).not.toContain('Nothing was stored');
  expect(await versions('app/twice')).toBe(1);
});
