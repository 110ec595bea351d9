/**
 * Compiles the `html` templates of a source of the UI to the calls of `h` that htm would make in the browser: smaller when
 * compressed, and nothing is left to parse there. htm itself reads the templates here, so that they mean the same.
 */
import htm from 'htm';
import { parseSync, Visitor } from 'rolldown/utils';

/** What the compiled source calls Preact's `h`: a name that no source has. */
const callee = 'h$';

interface Range {
  start: number;
  end: number;
}

interface Template extends Range {
  /** The texts between the holes, as they are read. */
  texts: string[];
  holes: Range[];
}

interface Edit extends Range {
  text: string;
}

/**
 * The TypeScript source in `file` without templates. It imports `h` in the place of `html`. The compiler
 * refuses an attribute that is set twice (`tools/templates.ts`): htm does not tell on which side of a spread it stood last.
 */
export function compileTemplates(source: string, file: string): string {
  const templates: Template[] = [];
  const edits: Edit[] = [];
  new Visitor({
    TaggedTemplateExpression({ tag, quasi, start, end }) {
      if (tag.type !== 'Identifier' || tag.name !== 'html') return;
      const texts = quasi.quasis.map(({ value }) => value.cooked ?? value.raw);
      templates.push({ start, end, texts, holes: quasi.expressions });
    },
    ImportDeclaration({ source: { value }, specifiers, start, end }) {
      if (value !== 'htm/preact') return;
      const others = specifiers.map(({ local }) => local.name).filter((name) => name !== 'html');
      edits.push({ start, end, text: `import { ${[`h as ${callee}`, ...others].join(', ')} } from 'preact';` });
    },
  }).visit(parseSync(file, source).program);

  /** The source from `start` to `end`, compiled. Templates in the holes of others are compiled with those. */
  function compiled({ start, end }: Range): string {
    const inside = templates.filter((one) => start <= one.start && one.end <= end);
    const outermost = inside.filter((one) => !inside.some((other) => other !== one && contains(other, one)));
    const changes = [
      ...outermost.map((one) => ({ ...one, text: callsOf(one.texts, one.holes.map(compiled)) })),
      ...edits.filter((edit) => start <= edit.start && edit.end <= end),
    ].sort((a, b) => b.start - a.start);
    return changes.reduce(
      (text, edit) => text.slice(0, edit.start - start) + edit.text + text.slice(edit.end - start),
      source.slice(start, end),
    );
  }
  return compiled({ start: 0, end: source.length });
}

function contains(outer: Range, inner: Range): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** The calls of one template, as source text. */
function callsOf(texts: string[], holes: string[]): string {
  const read = htm.bind<Node>((type, props, ...children) => new Element(type, props, children));
  // htm keeps what it has read of an array, and there is a new one for each template.
  const result = read(Object.assign(texts, { raw: texts }), ...holes.map((_, index) => new Hole(index)));
  return Array.isArray(result) ? `[${result.map(sourceOf).join(', ')}]` : sourceOf(result);

  function sourceOf(node: unknown): string {
    if (node instanceof Hole) return `(${holes[node.index]})`;
    if (node instanceof Element) {
      const { type, props, children } = node;
      return `${callee}(${[sourceOf(type), propsOf(props), ...children.map(sourceOf)].join(', ')})`;
    }
    return typeof node === 'string' ? textOf(node) : String(node);
  }

  /** A text in which holes stand, as in `class="row ${more}"`. */
  function textOf(text: string): string {
    const parts = text.split(mark);
    if (parts.length === 1) return JSON.stringify(text);
    return `\`${parts.map((part, index) => (index % 2 ? `\${${holes[Number(part)]}}` : escaped(part))).join('')}\``;
  }

  function propsOf(props: Record<string, unknown> | null): string {
    if (props === null) return 'null';
    const entries = Object.entries(props).map(([name, value]) =>
      value instanceof Spread ? `...(${holes[value.index]})` : `${JSON.stringify(name)}: ${sourceOf(value)}`,
    );
    return `{ ${entries.join(', ')} }`;
  }
}

function escaped(text: string): string {
  return text.replace(/[\\`]|\$\{/g, '\\$&');
}

type Node = Element | Hole | string;

class Element {
  readonly type: unknown;
  readonly props: Record<string, unknown> | null;
  readonly children: unknown[];
  constructor(type: unknown, props: Record<string, unknown> | null, children: unknown[]) {
    this.type = type;
    this.props = props;
    this.children = children;
  }
}

/** Around the number of a hole within a text: a character that no template has. */
const edge = '\uE000';
const mark = new RegExp(`${edge}(\\d+)${edge}`);

/** The place of an expression. htm copies the properties of what it spreads, and asks for the text of what it joins with another. */
class Hole {
  readonly #index: number;
  constructor(index: number) {
    this.#index = index;
    Object.assign(this, { [`...${index}`]: new Spread(index) });
  }
  get index(): number {
    return this.#index;
  }
  toString(): string {
    return `${edge}${this.#index}${edge}`;
  }
}

class Spread {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}
