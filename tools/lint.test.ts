/** Plants an error against each style rule of tools/lint/ and looks for its message. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const project = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'keystore-lint-'));

interface Plugin {
  path: string;
  includes: string[];
}

/** Files with the one message that each must get, or null if it is good style. */
const planted: [string, string, string | null][] = [
  ['core/arrow.ts', 'export const f = () => 1;', 'Write a function declaration'],
  ['box/data/expression.ts', 'export const f = function () {};', 'Write a function declaration'],
  ['box/inner.ts', 'export function f() { const inner = () => 1; return inner; }', null],
  ['box/typed.ts', 'export const f: () => number = () => 1;', null],
  ['worker/http/declaration.ts', 'export function f() {}', 'Write a const arrow function'],
  ['ui/parts/default.ts', 'export default async function f() {}', 'Write a const arrow function'],
  ['worker/inner.ts', 'export const f = () => { function inner() {} return inner; };', null],
  ['standalone/generator.ts', 'export function* f() {}', null],
  ['core/constant.ts', 'export const bytesMost = 1;', 'Name a bound max'],
  ['worker/member.ts', 'export interface Options { waitMsAtMost: number }', 'Name a bound max'],
  ['box/word.ts', 'export const almost = 1;', null],
  ['core/limits.ts', 'export const maxPassword = 1;', 'End the name of a limit in its unit'],
  ['core/policy/limits.ts', 'export const maxPassword = 1;', null],
  ['tools/late.ts', "import 'a';\n\n/** A module. */\n\nexport const a = 1;\n", 'Move the module'],
  ['tools/between.ts', "import 'a';\n/** A module. */\nimport 'b';\n", 'Move the module'],
  ['tools/good.ts', "/** A module. */\nimport 'a';\n\n/** A constant. */\nexport const a = 1;\n", null],
];

/** By path. */
const messages = new Map<string, string[]>();

beforeAll(() => {
  const { plugins } = JSON.parse(readFileSync(join(project, 'biome.json'), 'utf8')) as { plugins: Plugin[] };
  const config = { plugins: plugins.map(fromHere), linter: { rules: { preset: 'none' } } };
  writeFileSync(join(folder, 'biome.json'), JSON.stringify(config));
  for (const [path, text] of planted) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const biome = join(project, 'node_modules/.bin/biome');
  const { stdout } = spawnSync(biome, ['lint', '--reporter=json', '.'], { cwd: folder, encoding: 'utf8' });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { message: string; location: { path: string } }[] };
  for (const { message, location } of diagnostics) {
    messages.set(location.path, [...(messages.get(location.path) ?? []), message]);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Folders that are excluded because they do not pass yet are included. */
function fromHere({ path, includes }: Plugin): Plugin {
  return { path: join(project, path), includes: includes.filter((pattern) => !pattern.startsWith('!')) };
}

test.each(planted)('%s', (path, _, message) => {
  expect(messages.get(path) ?? []).toEqual(message === null ? [] : [expect.stringContaining(message)]);
});
