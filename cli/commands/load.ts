/** Where the code of each command is. None of it runs before it is needed. */

import type { Given } from './arguments.ts';

interface Module {
  /** Returns the exit code; undefined for 0. */
  run: (given: Given) => Promise<number | undefined>;
}

export const loaders: Readonly<Record<string, () => Promise<Module>>> = {
  login: () => import('./login.ts'),
  logout: () => import('./logout.ts'),
  whoami: () => import('./whoami.ts'),
  status: () => import('./status.ts'),
  ls: () => import('./ls.ts'),
  get: () => import('./get.ts'),
  set: () => import('./set.ts'),
  edit: () => import('./edit.ts'),
  mv: () => import('./mv.ts'),
  rm: () => import('./rm.ts'),
  history: () => import('./history.ts'),
  restore: () => import('./restore.ts'),
  import: () => import('./import.ts'),
  export: () => import('./export.ts'),
  run: () => import('./run.ts'),
  projects: () => import('./projects.ts'),
  tokens: () => import('./tokens.ts'),
  logs: () => import('./logs.ts'),
  audit: () => import('./audit.ts'),
  completion: () => import('./completion.ts'),
  'git-credential': () => import('./git-credential.ts'),
  'docker-credential': () => import('./docker-credential.ts'),
  'aws-credential-process': () => import('./aws-credential-process.ts'),
};
