/**
 * Loaded into wrangler before anything else (`node --import`, as a bundle). Changes the configs that miniflare, which is a part of wrangler,
 * writes to the standard input of each workerd that it starts.
 */
import './end-with-launcher.ts';
import childProcess, { type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { refusal } from '../../core/network/gate-header.ts';
import { type DirectMessage, type Shortened, shorten } from './direct.ts';

const {
  MINIFLARE_WORKERD_PATH: workerd,
  KEYSTORE_GATE_SOCKET: socket = '',
  KEYSTORE_DATABASE_WORKER: database = '',
} = process.env;

/** By then wrangler has done with it. */
const esbuildMs = 3_000;

const closed = `export default { fetch: () => Response.json(${JSON.stringify(refusal)}, { status: 403 }) };`;

const { spawn } = childProcess;
childProcess.spawn = ((command: string, ...rest: [string[], object]) => {
  const child = spawn(command, ...rest) as ChildProcessWithoutNullStreams;
  if (command === workerd && socket !== '') changeInput(child);
  return child;
}) as typeof spawn;

/** Collects what is written to the process, and passes the changed config on when it is whole. */
function changeInput({ stdin }: ChildProcessWithoutNullStreams): void {
  const chunks: Uint8Array[] = [];
  const end = stdin.end.bind(stdin) as (bytes: Uint8Array) => typeof stdin;
  stdin.write = (chunk: Uint8Array) => chunks.push(chunk) > 0;
  stdin.end = () => {
    const config = Buffer.concat(chunks);
    const shortened = changed(config);
    // The workerd that listened there before has ended, and left it.
    if (shortened?.hasSocket) rmSync(socket, { force: true });
    if (shortened?.hasSocket) setTimeout(stopEsbuild, esbuildMs).unref();
    if (shortened?.hasSocket !== false) tell({ isDirect: shortened !== undefined });
    return end(shortened?.config ?? config);
  };
}

/** Tells the launcher whether there is a direct way to the worker. */
function tell(message: DirectMessage): void {
  process.send?.(JSON.stringify(message));
}

function changed(config: Uint8Array): Shortened | undefined {
  try {
    return shorten(config, { socket, database: readFileSync(database, 'utf8'), closed });
  } catch {
    return undefined;
  }
}

/** wrangler starts it and, without bundling, has little use for it. It would start it again. */
function stopEsbuild(): void {
  try {
    const { stop } = createRequire(process.argv[1] ?? '')('esbuild') as { stop: () => void };
    stop();
  } catch {
    // It only takes memory.
  }
}
