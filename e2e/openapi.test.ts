/** The API document and its page, as either runtime serves them. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningVault, startVault } from '../testing/vault.ts';

let vault: RunningVault;

beforeAll(async () => {
  vault = await startVault({ env: { BASE_PATH: '/vault' } });
});

afterAll(() => vault?.dispose());

test('the document is valid OpenAPI 3.1, and needs no token', async () => {
  const answer = await fetch(`${vault.url}/openapi.json`);
  expect(answer.headers.get('Content-Type')).toMatch(/^application\/json/);
  const document = (await answer.json()) as { openapi: string; paths: object };
  expect(document.openapi).toBe('3.1.0');
  expect(document.paths).toHaveProperty(['/keys/{key_name}', 'get']);
  const { valid, errors } = await new Validator().validate(document);
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  const broken = { ...document, paths: { '/keys': { get: { responses: 'none' } } } };
  expect((await new Validator().validate(broken)).valid).toBe(false);
});

test('the document names the base path, if it is asked for under it', async () => {
  const { servers } = (await (await fetch(`${vault.url}/vault/openapi.json`)).json()) as { servers: { url: string }[] };
  expect(servers[0]?.url).toBe('/vault');
});

test('the page describes every operation under the strict policy, and needs no script', async () => {
  const answer = await fetch(`${vault.url}/vault/docs`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('Content-Type')).toMatch(/^text\/html/);
  expect(answer.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
  const page = await answer.text();
  expect(page).not.toMatch(/<script|<style|style=|\bon\w+=/);
  const { paths } = (await (await fetch(`${vault.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  for (const id of ids) expect.soft(page).toContain(`<details id="${id}">`);
  for (const [, path = ''] of page.matchAll(/(?:href|src)="(\/[^"]*)"/g)) {
    expect.soft(path).toMatch(/^\/vault\//);
    expect.soft((await fetch(vault.url + path)).status, path).toBe(200);
  }
});
