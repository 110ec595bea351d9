import { expect, test } from 'vitest';
import { parseRoute } from '../shell/router.ts';
import { nameIn, withName } from './chosen.ts';

const named = (hash: string) => nameIn(parseRoute(hash));
const moved = (hash: string, name: string) => withName(parseRoute(hash), name);

test('a key is named by the address of the list, and on the page of a project by its query', () => {
  expect(named('#/keys/shop%2Fprod%2FSTRIPE?q=str')).toBe('shop/prod/STRIPE');
  expect(named('#/projects/shop?key=shop%2FA')).toBe('shop/A');
  expect([named('#/keys'), named('#/projects/shop'), named('#/logs?key=shop%2FA')]).toEqual(['', '', '']);
});

test('the list beside a key stays as it was filtered', () => {
  expect(moved('#/keys?q=str&sort=-updated', 'A/B')).toEqual({
    page: 'keys',
    item: 'A/B',
    query: { q: 'str', sort: '-updated' },
  });
  expect(moved('#/keys/A?q=str', '')).toEqual({ page: 'keys', item: '', query: { q: 'str' } });
  expect(moved('#/projects/shop?q=str', 'shop/A')).toEqual({
    page: 'projects',
    item: 'shop',
    query: { q: 'str', key: 'shop/A' },
  });
  expect(moved('#/projects/shop?q=str&key=shop%2FA', '')).toEqual({
    page: 'projects',
    item: 'shop',
    query: { q: 'str' },
  });
});

test('a key that is not in the project of the page is shown beside the list of all', () => {
  for (const hash of ['#/projects/shop?q=str', '#/logs?user=amara', '#/projects'])
    expect(moved(hash, 'shops/A')).toEqual({ page: 'keys', item: 'shops/A', query: {} });
});
