import { expect, test } from 'vitest';
import { asGet } from './list-method.ts';

const head = { method: 'LIST', contentLength: null, transferEncoding: null };

test.each(['GET', 'POST', 'DELETE', 'list', 'LISTS'])('%s stays what it is', (method) => {
  const given = { ...head, method, url: '/v1/secret/metadata/x' };
  expect(asGet(given)).toBe(given);
});

test('a LIST is a GET with list=true, which comes before everything else in the query', () => {
  expect(asGet({ ...head, url: '/v1/x?a=1?b&list=0&LIST=2' })).toEqual({
    ...head,
    method: 'GET',
    url: '/v1/x?list=true&a=1?b&LIST=2',
  });
});

test.each([{ contentLength: '1' }, { transferEncoding: 'chunked' }])(
  'with a body it stays a LIST, which is refused: %j',
  (body) => {
    const given = { ...head, url: '/v1/x', ...body };
    expect(asGet(given)).toBe(given);
  },
);
