import { describe, expect, test } from 'vitest';
import { href, parseRoute } from './router.ts';

describe('an address', () => {
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
    expect(parseRoute(hash)).toEqual({ page, item: '', query });
  });

  test('reads back what it wrote, with any characters', () => {
    const q = '<b>?&=#%/ +ünïcode🔑';
    expect(parseRoute(href('keys', { q, sort: '' }))).toEqual({ page: 'keys', item: '', query: { q } });
    const item = 'a/b?c#d%20 ü';
    expect(parseRoute(href('projects', { q }, item))).toEqual({ page: 'projects', item, query: { q } });
  });

  test('with an item that nothing can decode has the item as it is', () => {
    expect(parseRoute('#/projects/%E0%A4%A')).toEqual({ page: 'projects', item: '%E0%A4%A', query: {} });
  });

  test('leaves out an empty query', () => {
    expect(href('logs', { user: '', action: '' })).toBe('#/logs');
  });
});
