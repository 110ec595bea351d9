/** Builds the browser UI into dist/ui: two scripts for the pages, one for the theme, a style sheet, and the page that names them. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build as bundleStyles, stop } from 'esbuild';
import { type OutputOptions, type Plugin, rolldown } from 'rolldown';
import { compileTemplates } from './compile-templates.ts';

/**
 * The files get hashed names. They are written before the page that names them, and old ones are removed last, so that a browser always
 * gets a complete page.
 */
export async function buildUi(project: string): Promise<void> {
  const target = join(project, 'dist/ui');
  const assets = join(target, 'assets');
  mkdirSync(assets, { recursive: true });
  const built = (await Promise.all([buildPages(project), buildTheme(project), buildStyles(project)])).flat();
  cpSync(join(project, 'ui/public'), target, { recursive: true });
  const template = readFileSync(join(project, 'ui/index.html'), 'utf8');
  writeFileSync(join(target, 'index.html'), page(template, built));
  for (const name of readdirSync(assets)) {
    if (!built.includes(name)) rmSync(join(assets, name));
  }
}

/**
 * Two files: what the first screen needs, and everything else, which is fetched as soon as that is on the screen. More files would be
 * larger together: what is compressed in one piece repeats itself less. Two are files of their own, since few need them: the CSV parser, and
 * a SHA-256 for pages over plain HTTP.
 */
function buildPages(project: string): Promise<string[]> {
  return bundle(project, 'ui/main.ts', {
    format: 'es',
    codeSplitting: {
      groups: [
        { name: 'main', tags: ['$initial'], priority: 2 },
        { name: 'later', test: (file) => !/papaparse|core\/import\/csv\.ts$|@noble/.test(file), priority: 1 },
        { name: 'sha256', test: (file) => file.includes('@noble') },
        { name: 'csv' },
      ],
    },
  });
}

/** A script that runs before the first paint is no module. */
function buildTheme(project: string): Promise<string[]> {
  return bundle(project, 'ui/theme-boot.ts', { format: 'iife' });
}

/** Returns the names of the files. */
async function bundle(project: string, input: string, options: OutputOptions): Promise<string[]> {
  const bundled = await rolldown({
    cwd: project,
    input,
    platform: 'browser',
    transform: { target: 'es2022' },
    // It would be told of on a busy machine.
    checks: { bundlerTimings: false },
    plugins: [templates()],
  });
  const { output } = await bundled.write({
    ...options,
    dir: join(project, 'dist/ui/assets'),
    entryFileNames: '[name]-[hash].js',
    chunkFileNames: '[name]-[hash].js',
    minify: true,
    comments: false,
  });
  await bundled.close();
  return output.map(({ fileName }) => fileName);
}

function templates(): Plugin {
  return {
    name: 'templates',
    transform: {
      filter: { id: /\.ts$/, code: 'htm/preact' },
      handler: (source, file) => compileTemplates(source, file),
    },
  };
}

async function buildStyles(project: string): Promise<string[]> {
  const { metafile } = await bundleStyles({
    absWorkingDir: project,
    entryPoints: [{ in: 'ui/style/index.css', out: 'main' }],
    outdir: 'dist/ui/assets',
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    metafile: true,
    logLevel: 'warning',
  });
  return Object.keys(metafile.outputs).map((path) => path.replace('dist/ui/assets/', ''));
}

/** Puts the hashed names into the page, which has them without hashes. */
function page(template: string, built: string[]): string {
  return template.replace(/\/assets\/([\w-]+)\.(js|css)/g, (named, name, type) => {
    const file = built.find((each) => each.startsWith(`${name}-`) && each.endsWith(`.${type}`));
    if (file === undefined) throw new Error(`ui/index.html names ${named}, which was not built.`);
    return `/assets/${file}`;
  });
}

if (import.meta.main) {
  await buildUi(resolve(process.argv[2] ?? join(import.meta.dirname, '../..')));
  await stop();
}
