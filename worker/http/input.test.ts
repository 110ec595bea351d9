import * as v from 'valibot';
import { expect, test } from 'vitest';
import { router } from './context.ts';
import { attemptedTarget, parseInput, pathParameters } from './input.ts';

test.each([
  ['/keys/plain', 'plain'],
  ['/keys/a%2Fb', 'a/b'],
  ['/keys/100%25', '100%'],
  ['/keys/100%2525', '100%25'],
  ['/keys/%F0%9F%94%91', '🔑'],
  ['/keys/a+b', 'a+b'],
  ['/keys/', ''],
])('the path %s names %j: it is decoded exactly once', (pathname, name) => {
  expect(pathParameters('/keys/:name', pathname)).toEqual({ name });
});

test.each(['/keys/%', '/keys/%ff', '/keys/%E0%A4%A', '/keys/a%zz'])('the path %s names nothing well-formed', (path) => {
  expect(pathParameters('/keys/:name', path).name?.isWellFormed()).toBe(false);
});

test('a pattern may have several parameters, or none', () => {
  expect(pathParameters('/a/:one/b/:two', '/a/1/b/2')).toEqual({ one: '1', two: '2' });
  expect(pathParameters('/keys', '/keys')).toEqual({});
});

const path = v.object({ name: v.pipe(v.string(), v.maxLength(3, 'name is too long.')) });
const query = v.object({ after: v.optional(v.string(), '') });
const body = v.pipe(
  v.object({ api_key: v.string('api_key must be a string.') }),
  v.transform(({ api_key }) => ({ value: api_key })),
);
const app = router()
  .put('/all/:name', async (c) => c.json(await parseInput(c, { path, query, body })))
  .get('/target/:name', (c) => c.json(attemptedTarget(c)))
  .get('/target', (c) => c.json(attemptedTarget(c)));

const put = async (url: string, json: string) => {
  const headers = { 'Content-Type': 'application/json' };
  return (await app.request(url, { method: 'PUT', headers, body: json })).json();
};

test('the input is the output of all schemas together, and the body is passed on as it was sent', async () => {
  expect(await put('/all/abc?after=x&other=y', '{"api_key":"v","other":1}')).toEqual({
    input: { name: 'abc', after: 'x', value: 'v' },
    json: { api_key: 'v', other: 1 },
  });
});

test('the first thing that is wrong is the error: the form of the body, then path, query and body', async () => {
  expect(await put('/all/abcd', '{')).toMatchObject({ status: 400, error: expect.stringContaining('JSON') });
  expect(await put('/all/abcd', '{}')).toEqual({ status: 400, error: 'name is too long.' });
  expect(await put('/all/abc', '{"api_key":1}')).toEqual({ status: 400, error: 'api_key must be a string.' });
});

test('the log gets the target of an invalid request without control characters and at a bounded length', async () => {
  const target = async (url: string) => (await app.request(url)).json();
  expect(await target('/target/a%1B%5B31mb')).toBe('a‹U+001B›[31mb');
  expect(await target(`/target/${encodeURIComponent('a\u202eb\u2028c\u3164d🔑')}`)).toBe(
    'a‹U+202E›b‹U+2028›c‹U+3164›d🔑',
  );
  expect(await target(`/target/${encodeURIComponent('🔑'.repeat(400))}`)).toBe('🔑'.repeat(300));
  expect(await target('/target/%')).toBe('\ufffd');
  expect(await target(`/target/${'x'.repeat(1_000)}`)).toBe('x'.repeat(300));
  expect(await target('/target')).toBeNull();
});
