import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { serialiseVariables } from './runtime.ts';

test('variables are written so that the same values are read back', () => {
  const variables = { A: "it's", B: '$x', C: 'two\nlines # no comment', D: '"', E: 'a `b`', F: ' ' };
  expect(serialiseVariables({ A: variables.A, B: variables.B })).toBe("A=`it's`\nB='$x'\n");
  expect(parseEnv(serialiseVariables(variables))).toEqual(variables);
});

test.each(["x' y` z", 'x\\', 'x\ry', 'x\0y'])('%j is rejected by name, and not quoted', (value) => {
  const serialise = () => serialiseVariables({ ADMIN_PASSWORD: value });
  expect(serialise).toThrow(/^ADMIN_PASSWORD cannot be passed to the worker/);
  expect(serialise).not.toThrow(value);
});
