import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pictures } from './screenshots.ts';

const project = join(import.meta.dirname, '..');
const made = Object.keys(pictures).sort();

test('the pictures in docs/screenshots are those that the program makes', () => {
  expect(readdirSync(join(project, 'docs/screenshots')).sort()).toEqual(made);
});

test('a page of the documentation shows each of them, and no other image', () => {
  const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: project });
  const shown = pages.flatMap((page) =>
    [...readFileSync(join(project, page), 'utf8').matchAll(/!\[[^\]]*\]\(([^)\s]+)\)|<img[^>]* src="([^"]+)"/g)].map(
      ([, inline, tag]) => (inline ?? tag ?? '').replace(/^.*docs\/screenshots\/|^.*screenshots\//, ''),
    ),
  );
  expect([...new Set(shown)].sort()).toEqual(made);
});
