import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { serialiseVariables } from './runtime.ts';

test('variables are written so that the same values are read back', () => {
  const variables = { A: "it's", B: '$x', C: 'two\nlines # no comment', D: '"', E: 'a `b`', F: ' ' };
  expect(serialiseVariables({ A: variables.A, B: variables.B })).toBe("A=`it's`\nB='$x'\n");
  expect(parseEnv(serialiseVariables(variables))).toEqual(variables);
});

/** The pattern and the steps of `parse` in dotenv 16.3, which wrangler contains. */
function parseAsWrangler(text: string): Record<string, string> {
  const line =
    /(?:^|^)\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?(?:$|$)/gm;
  const found = [...text.replace(/\r\n?/g, '\n').matchAll(line)].map(([, name = '', given = '']) => {
    const value = given.trim().replace(/^(['"`])([\s\S]*)\1$/gm, '$2');
    return [name, given.trim().startsWith('"') ? value.replace(/\\n/g, '\n').replace(/\\r/g, '\r') : value];
  });
  return Object.fromEntries(found);
}

test('whatever is written is read back by wrangler, and other values are refused by name, and not quoted', () => {
  const value = fc.oneof(
    fc.array(fc.constantFrom(...' \'"`\\nr#$=\n\r\tA'), { maxLength: 8 }).map((parts) => parts.join('')),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
  );
  fc.assert(
    fc.property(fc.record({ A: value, B: value, C: value }), (variables) => {
      let text: string;
      try {
        text = serialiseVariables(variables);
      } catch (error) {
        expect((error as Error).message).toMatch(/^[ABC] cannot be passed to the worker: it mixes quotes/);
        return;
      }
      expect(parseAsWrangler(text)).toEqual(variables);
    }),
    { numRuns: 2_000 },
  );
});

test.each(["x' y` z", 'x\\', 'x\ry', "it's `both`", "'", "a\\n'`"])('%j is passed on', (value) => {
  expect(parseAsWrangler(serialiseVariables({ A: value, B: value }))).toEqual({ A: value, B: value });
});

test.each(['\'"`#', '\'`"', 'x\0y', '#\\'])('%j is rejected by name, and not quoted', (value) => {
  const serialise = () => serialiseVariables({ ADMIN_PASSWORD: value });
  expect(serialise).toThrow(/^ADMIN_PASSWORD cannot be passed to the worker/);
  expect(serialise).not.toThrow(value);
});
