import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const project = join(import.meta.dirname, '..');
function read(path: string): string {
  return readFileSync(join(project, path), 'utf8');
}

const { dependencies, scripts } = JSON.parse(read('package.json')) as {
  dependencies: Record<string, string>;
  scripts: Record<string, string>;
};
const lock = JSON.parse(read('package-lock.json')) as {
  packages: Record<string, { integrity?: string; link?: boolean; dev?: boolean }>;
};

test('every package of the lock file has an integrity hash', () => {
  const without = Object.entries(lock.packages).filter(([path, { integrity }]) => path !== '' && !integrity);
  expect(without.map(([path]) => path)).toEqual([]);
});

describe('what runs is a dependency, so that NODE_ENV=production installs it', () => {
  /** The rooms that run or are built at a start, and the programs beside them. */
  const files = globSync('{box,cli,core,docker,standalone,ui,worker}/**/*.ts', { cwd: project }).filter(
    (path) => !/\.test\.ts$|\.d\.ts$|\/test(?:ing|data)\//.test(path),
  );

  test('every package that these files import', () => {
    const imported = new Set<string>();
    for (const file of files) {
      for (const [, name = ''] of read(file).matchAll(
        /(?:from|import|import\(|resolve\(|require\() ?'([\w@][\w@./:-]*)'/g,
      )) {
        if (!/^(?:node|cloudflare|keystore):/.test(name) && !builtinModules.includes(name)) {
          imported.add(name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
        }
      }
    }
    expect([...imported]).toEqual(
      expect.arrayContaining(['wrangler', 'miniflare', 'workerd', 'esbuild', 'hono', 'preact']),
    );
    expect([...imported].filter((name) => !(name in dependencies))).toEqual([]);
  });

  test('the Node.js that runs the scripts', () => {
    expect(dependencies).toHaveProperty('node');
    for (const name of ['start', 'build', 'build:standalone'])
      expect(scripts[name]).toMatch(/^(exec )?node (--\S+ )?box\//);
  });

  test('and is not marked as for development in the lock file', () => {
    for (const name of Object.keys(dependencies))
      expect.soft(lock.packages[`node_modules/${name}`]?.dev, name).toBeUndefined();
  });
});
