import { createExecutionContext, env, waitOnExecutionContext } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { gateHeader } from '../../core/network/gate-header.ts';
import worker from '../index.ts';

const secret = 'the secret of this start';

const ask = async (
  path: string,
  headers: Record<string, string>,
  bound: Record<string, string> = { GATE_SECRET: secret },
) => {
  const context = createExecutionContext();
  const bindings = { ...env, SECRET_KEY: 'a'.repeat(32), ENCRYPTION_KEY: btoa('k'.repeat(32)), ...bound };
  const response = await worker.fetch(
    new Request(`http://vault${path}`, { headers }) as never,
    bindings as never,
    context,
  );
  await waitOnExecutionContext(context);
  return { status: response.status, text: await response.text() };
};

test.each(['/health', '/health/live', '/', '/keys', '/nothing'])('%s: only the gate is answered', async (path) => {
  for (const headers of [{}, { [gateHeader]: '' }, { [gateHeader]: secret.slice(1) }, { [gateHeader]: `${secret}x` }]) {
    const { status, text } = await ask(path, headers as Record<string, string>);
    expect(status).toBe(403);
    expect(Object.keys(JSON.parse(text))).toEqual(['error']);
  }
  expect((await ask(path, { [gateHeader]: secret })).status).not.toBe(403);
});

test('where no secret is bound, everybody is answered', async () => {
  expect((await ask('/health/live', {}, {})).status).toBe(200);
});

test('a setting that is wrong is explained only to the gate', async () => {
  const broken = { GATE_SECRET: secret, SECRET_KEY: 'short' };
  expect((await ask('/health', {}, broken)).status).toBe(403);
  expect((await ask('/health', { [gateHeader]: secret }, broken)).text).toContain('"reason":"settings"');
});
