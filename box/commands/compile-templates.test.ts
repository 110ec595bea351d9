import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import htm from 'htm';
import { parseSync, Visitor } from 'rolldown/utils';
import { expect, test } from 'vitest';
import { compileTemplates } from './compile-templates.ts';

const ui = join(import.meta.dirname, '../../ui');

/** What a call of `h` is given. */
function call(type: unknown, props: unknown, ...children: unknown[]) {
  return { type, props, children };
}

/** What stands for the expression of a hole: as an object to spread, as a text to join, and as itself it is told from all others. */
function hole(index: number) {
  return { [`of${index}`]: index, toString: () => `<hole ${index}>` };
}

/** What htm makes of the text of a template in the browser, and what its compiled form makes. Each `◇` is a hole. */
function results(text: string) {
  const holes = [...text.matchAll(/◇/g)].map((_, index) => hole(index));
  let next = 0;
  const template = `html\`${text.replaceAll('◇', () => `\${H[${next++}]}`)}\``;
  const run = (code: string, names: Record<string, unknown>) =>
    new Function(...Object.keys(names), `return ${code}`)(...Object.values(names));
  return [
    run(template, { html: htm.bind(call), H: holes }),
    run(compileTemplates(template, 'template.ts'), { h$: call, H: holes }),
  ] as const;
}

/** Every template in a source, those in the holes of others on their own. */
function templatesIn(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  const found: string[] = [];
  new Visitor({
    TaggedTemplateExpression({ tag, quasi }) {
      if (tag.type !== 'Identifier' || tag.name !== 'html') return;
      found.push(quasi.quasis.map(({ value }) => value.raw).join('◇'));
    },
  }).visit(parseSync(file, source).program);
  return found;
}

test('every template of the UI makes the same calls as it does with htm in the browser', () => {
  const templates = globSync('**/*.ts', { cwd: ui }).flatMap((name) => templatesIn(join(ui, name)));
  expect(templates.length).toBeGreaterThan(300);
  for (const text of templates) {
    const [expected, actual] = results(text);
    expect(JSON.stringify(actual), text).toBe(JSON.stringify(expected));
    expect(actual, text).toEqual(expected);
  }
});

test.each([
  ['nothing', '  '],
  ['several elements and texts', 'a <b>c</b> ◇\n  <i />'],
  ['an element of a hole, closed without a name', '<◇ a=◇><//>'],
  ['attributes of every kind', '<a b c="d" e=◇ f="g ◇ h" i="◇" ...◇ j=k />'],
  ['characters that JavaScript reads otherwise', `<a b="\\\`\\\${x} ◇ \\\\n">"'\\\`\\\\ é</a>`],
  ['a name that is no identifier', '<a aria-label="b" />'],
])('%s', (_, text) => {
  const [expected, actual] = results(text);
  expect(actual).toEqual(expected);
});

test('templates in holes are compiled too, and the import becomes one of Preact', () => {
  const source = `import { html, render } from 'htm/preact';
render(html\`<p>\${[1].map((n: number) => html\`<b>\${n}</b>\`)}</p>\`);`;
  expect(compileTemplates(source, 'x.ts')).toBe(`import { h as h$, render } from 'preact';
render(h$("p", null, ([1].map((n: number) => h$("b", null, (n))))));`);
});
