import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEnvText } from '../../core/settings/env-reader.ts';
import { envText } from './env-text.ts';

test('names are the last parts of the paths, or all of it where two would be the same', () => {
  const values = { 'shop/prod/STRIPE': '1', 'shop/staging/STRIPE': '2', 'shop/prod/URL': '3', '2FA': '4' };
  expect(envText(Object.keys(values), values)).toBe('shop_prod_STRIPE=1\nshop_staging_STRIPE=2\nURL=3\n_2FA=4\n');
});

test('what is missing is left out', () => {
  expect(envText(['A', 'B', 'constructor'], { B: 'x' })).toBe('B=x\n');
});

test('every value is read back as it was', () => {
  const value = fc.string({ unit: fc.constantFrom(...'aZ0 =#"\'`\\$\n\r\t/:.,{}é🔑') });
  fc.assert(
    fc.property(value, (text) => {
      const { variables } = readEnvText(envText(['KEY'], { KEY: text }), 'it');
      expect(variables).toEqual({ KEY: text });
    }),
  );
});
