/**
 * Type-checks the `html` templates of the browser UI. To the compiler they are strings, so it does not see a misspelt prop
 * of a component, a missing one, a wrong type or an unclosed tag. This check rewrites each template as JSX in a temporary
 * copy of the sources, line for line, and runs the compiler on the copy.
 *
 *   node tools/templates.ts   prints every error with its file and line, and fails if there is one
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseSync, Visitor } from 'rolldown/utils';

const root = resolve(import.meta.dirname, '..');

/** The compiler's errors in the UI sources of `folder`, each as `ui/keys/page.ts:27: error TS2322: ...`. */
export function templateErrors(folder: string): string[] {
  const copy = mkdtempSync(join(tmpdir(), 'keystore-templates-'));
  try {
    for (const name of globSync('**/*.ts', { cwd: folder, exclude: ['**/*.test.ts', '**/*.contract.ts'] })) {
      const source = readFileSync(join(folder, name), 'utf8');
      const target = join(copy, 'ui', name);
      mkdirSync(dirname(target), { recursive: true });
      if (name.endsWith('.d.ts')) writeFileSync(target, source);
      else writeFileSync(`${target}x`, asJsx(source, join(folder, name), folder));
    }
    return compile(copy);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function compile(copy: string): string[] {
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const config = {
    extends: join(root, 'ui/tsconfig.json'),
    compilerOptions: { jsx: 'react-jsx', jsxImportSource: 'preact' },
    include: ['ui'],
    exclude: [],
  };
  writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify(config));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, '--pretty', 'false'], {
    cwd: copy,
    encoding: 'utf8',
  });
  if (status === 0) return [];
  // The lines are those of the source; the columns are not, since JSX uses other brackets.
  const text = stdout.trim().replace(/^(ui\/.+\.ts)x\((\d+),\d+\)/gm, '$1:$2');
  return (text || stderr || 'The compiler failed without a message.').split(/\n(?!\s)/);
}

/** The source in `file` with its templates as JSX, every part on the line where it was. */
function asJsx(source: string, file: string, folder: string): string {
  const edits: { start: number; end: number; text: string }[] = [];
  /** Only the UI is in the copy; what it shares with other rooms is read where it is. */
  const importOf = (value: string, start: number, end: number) => {
    if (!value.startsWith('.') || !value.endsWith('.ts')) return;
    const imported = resolve(dirname(file), value);
    edits.push({ start, end, text: JSON.stringify(imported.startsWith(`${folder}/`) ? `${value}x` : imported) });
  };
  new Visitor({
    TaggedTemplateExpression({ tag, quasi }) {
      if (tag.type !== 'Identifier' || tag.name !== 'html') return;
      edits.push({ start: tag.start, end: tag.end, text: '' });
      const pieces = quasi.quasis.map(({ start, end }) => ({ start, end }));
      const texts = piecesAsJsx(pieces, source);
      edits.push(...pieces.map((piece, index) => ({ ...piece, text: texts[index] ?? '' })));
    },
    ArrowFunctionExpression({ typeParameters }) {
      // In a file with JSX, `<Item>(` would open an element.
      if (typeParameters) edits.push({ start: typeParameters.end - 1, end: typeParameters.end, text: ',>' });
    },
    ImportDeclaration({ source: { value, start, end } }) {
      importOf(value, start, end);
    },
    ImportExpression({ source: imported }) {
      if (imported.type === 'Literal' && typeof imported.value === 'string')
        importOf(imported.value, imported.start, imported.end);
    },
  }).visit(parseSync(file, source).program);
  return edits
    .sort((a, b) => b.start - a.start)
    .reduce((text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end), source);
}

/** Stands for the first hole of a template; the following characters, all of a private range, for the next ones. */
const firstHole = 0xe000;
const hole = '[\uE000-\uF8FF]';
const tag = /<(\/?)([^\s/>]+|\/)((?:"[^"]*"|[^">])*)>/g;
const attribute = new RegExp(`\\.\\.\\.(${hole})|=(${hole})|"[^"]*"`, 'g');

/**
 * The texts of one template, which stand between its holes, as JSX. Each piece ranges from the backtick or brace before
 * the text to the one after it. What is not htm becomes something that is not JSX, for the compiler to report.
 */
function piecesAsJsx(pieces: { start: number; end: number }[], source: string): string[] {
  const holes = pieces.slice(1).map(({ start }, index) => source.slice(pieces[index]?.end, start));
  const template = pieces
    .map(({ start, end }, index) => source.slice(start + 1, end - (index < holes.length ? 2 : 1)))
    .reduce((joined, text, index) => joined + String.fromCharCode(firstHole + index - 1) + text);
  const open: string[] = [];
  let at = 0;
  let jsx = '(<>';
  for (const { 0: whole, 1: slash, 2: name = '', 3: attributes = '', index } of template.matchAll(tag)) {
    jsx += textAsJsx(template.slice(at, index));
    at = index + whole.length;
    const isHole = name >= String.fromCharCode(firstHole);
    if (slash) {
      const opened = open.pop();
      jsx += `</${name === '/' ? opened : name}>`;
    } else {
      if (!attributes.endsWith('/')) open.push(isHole ? (holes[name.charCodeAt(0) - firstHole] ?? '') : name);
      jsx += `<${name}${attributes.replace(attribute, attributeAsJsx)}>`;
    }
  }
  jsx += `${textAsJsx(template.slice(at))}</>)`;
  return jsx.split(new RegExp(hole));
}

function textAsJsx(text: string): string {
  return text.replace(/[{}>]/g, "{'$&'}").replace(new RegExp(hole, 'g'), '{$&}');
}

function attributeAsJsx(text: string, spread?: string, value?: string): string {
  if (spread) return `{...${spread}}`;
  if (value) return `={${value}}`;
  const filled = text.slice(1, -1).replace(new RegExp(hole, 'g'), '$${$&}');
  return filled === text.slice(1, -1) ? text : `{\`${filled}\`}`;
}

if (import.meta.main) {
  const errors = templateErrors(join(root, 'ui'));
  if (errors.length > 0) console.error(errors.join('\n'));
  process.exitCode = errors.length > 0 ? 1 : 0;
}
