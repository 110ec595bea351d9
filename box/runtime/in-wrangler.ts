/**
 * Loaded into wrangler before anything else (`node --import`, as a bundle). Changes the configs that miniflare, which is a part of wrangler,
 * writes to the standard input of each workerd that it starts.
 */
import './end-with-launcher.ts';
import childProcess, { type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { refusal } from '../../core/network/gate-header.ts';
import { type DirectMessage, type Shortened, shorten } from './direct.ts';

const {
  MINIFLARE_WORKERD_PATH: workerd,
  KEYSTORE_GATE_SOCKET: socket = '',
  KEYSTORE_DATABASE_WORKER: database = '',
} = process.env;

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
    if (shortened?.hasSocket !== false) tell({ isDirect: shortened !== undefined });
    if (shortened?.hasSocket) setTimeout(freeMemory, startedAfterMs).unref();
    return end(shortened?.config ?? config);
  };
}

/** By then wrangler has done all that it does at its start. */
const startedAfterMs = 5_000;

/**
 * Collects the garbage of wrangler's start, some 30 MB with what it holds outside of V8's heap: V8 itself would wait until it needs room,
 * which this process hardly ever does again.
 */
function freeMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (how: { type: 'major'; flavor: 'last-resort' }) => void;
  collect({ type: 'major', flavor: 'last-resort' });
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
