/**
 * Keeps the borders between rooms: writes `biome.borders.json`, by which the linter checks every import, and the picture
 * in docs/ARCHITECTURE.md, from the table in `rooms.ts`.
 *
 *   node tools/borders.ts           writes both
 *   node tools/borders.ts --check   fails if one of them is out of date
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { box, core, type Room, rooms } from './rooms.ts';

const root = resolve(import.meta.dirname, '..');

/** An effect that runs a frame late misses keys that were pressed before it. */
const lateEffects = {
  'preact/hooks': {
    importNames: ['useEffect'],
    message: 'Use useLayoutEffect: useEffect runs a frame after the page is seen.',
  },
};

/** The linter's rule for one room: every import is forbidden except those that the table allows. */
function override(name: string, { rooms: allowed, packages = [] }: Room) {
  const below = Object.keys(rooms).filter((other) => other.startsWith(`${name}/`));
  const group = [
    '**',
    '!./*',
    ...allowed.map((other) => `!${relativeRoom(name, other)}/*`),
    ...below.filter((other) => !allowed.includes(other)).map((other) => `./${relative(name, other)}/**`),
    ...packages.flatMap((each) => (each === 'node:' ? ['!node:*', '!node:*/**'] : [`!${each}`, `!${each}/**`])),
  ];
  const message = `${name} may import ${[...allowed, ...packages].join(', ') || 'nothing'}. The table is in tools/rooms.ts.`;
  const options = { ...(name.startsWith('ui') ? { paths: lateEffects } : {}), patterns: [{ group, message }] };
  return {
    includes: [`${name}/*.ts`, '!**/*.test.ts', '!**/*.contract.ts', '!**/*.d.ts'],
    linter: { rules: { style: { noRestrictedImports: { level: 'error', options } } } },
  };
}

function relativeRoom(from: string, to: string): string {
  const path = relative(from, to);
  return path.startsWith('.') ? path : `./${path}`;
}

/** The rooms that a room may import, with `core/**` for all of core. */
function shortened(name: string, allowed: string[]): string {
  const whole = [core, box].filter((all) => all.every((other) => other === name || allowed.includes(other)));
  const rest = allowed.filter((other) => !whole.flat().includes(other));
  return [...whole.map(([top]) => `${top}/**`), ...rest].join(', ');
}

/** The table as a picture: each room with its purpose and what it may import, from the top down. */
function picture(): string {
  const width = Math.max(...Object.keys(rooms).map((name) => name.length));
  const lines = Object.entries(rooms).map(
    ([name, { purpose, rooms: allowed }]) =>
      `${`${name}/`.padEnd(width + 2)} ${purpose}${allowed.length > 0 ? `\n${' '.repeat(width + 3)}-> ${shortened(name, allowed)}` : ''}`,
  );
  return ['```', ...lines.reverse(), '```'].join('\n');
}

/** Every room exists, and imports only rooms that stand above it. */
function checkTable(): void {
  const names = Object.keys(rooms);
  for (const [index, name] of names.entries()) {
    if (!existsSync(join(root, name))) throw new Error(`The table has the room ${name}, but there is no such folder.`);
    const unknown = rooms[name]?.rooms.find((other) => !names.slice(0, index).includes(other));
    if (unknown !== undefined) throw new Error(`${name} may import ${unknown}, which does not stand above it.`);
  }
}

const [begin, end] = ['<!-- rooms: written by tools/borders.ts -->', '<!-- end of rooms -->'];

function withPicture(text: string): string {
  const [before, old, after] = text.split(new RegExp(`(?<=${begin}\n)(.*)(?=\n${end})`, 's'));
  if (old === undefined) throw new Error(`docs/ARCHITECTURE.md needs the lines ${begin} and ${end}.`);
  return `${before}${picture()}${after}`;
}

function main(isCheck: boolean): void {
  checkTable();
  const config = join(root, 'biome.borders.json');
  const page = join(root, 'docs/ARCHITECTURE.md');
  const overrides = Object.entries(rooms).map(([name, room]) => JSON.stringify(override(name, room)));
  const wanted = [
    [config, `{"overrides":[\n${overrides.join(',\n')}\n]}\n`],
    [page, withPicture(readFileSync(page, 'utf8'))],
  ] as const;
  for (const [file, text] of wanted) {
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
    if (isCheck) {
      console.error(`${relative(root, file)} is out of date. Run: node tools/borders.ts`);
      process.exitCode = 1;
    } else writeFileSync(file, text);
  }
}

if (import.meta.main) main(process.argv.includes('--check'));
