import { describe, expect, test } from 'vitest';
import { href, parseRoute } from './router.ts';

describe('the address', () => {
  test.each([
    ['', 'keys', {}],
    ['#/', 'keys', {}],
    ['#/logs', 'logs', {}],
    ['#logs', 'logs', {}],
    ['#/nowhere', 'keys', {}],
    ['#/constructor', 'keys', {}],
    ['#/keys?q=a+b&sort=-updated', 'keys', { q: 'a b', sort: '-updated' }],
    ['#/keys?q=what%3F%26%3D%23', 'keys', { q: 'what?&=#' }],
    ['#/keys?q=%', 'keys', { q: '%' }],
  ])('%j is the page %s', (hash, page, query) => {
    expect(parseRoute(hash)).toEqual({ page, query });
  });

  test('what it says it can read again, whatever was typed', () => {
    const q = '<b>?&=#%/ +ünïcode🔑';
    expect(parseRoute(href('keys', { q, sort: '' }))).toEqual({ page: 'keys', query: { q } });
  });

  test('without a query it is plain', () => {
    expect(href('logs', { user: '', action: '' })).toBe('#/logs');
  });
});
