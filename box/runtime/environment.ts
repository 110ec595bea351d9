/** The environment in which wrangler runs. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workerdPath } from './installed.ts';

/** Where our worker listens, inside the run folder, unless this version of wrangler has a config that `direct.ts` does not know. */
export const socketFile = 'gate.sock';

/** What takes the place of miniflare's D1, beside the folder that wrangler watches. */
export const databaseFile = 'database.js';

/**
 * Collect garbage early. V8 does not know how much memory outside its heap the garbage of requests holds, and without these
 * workerd grows to three times the size.
 */
const v8Flags = '--max-semi-space-size=4 --initial-heap-size=8 --heap-growing-percent=20';

/**
 * Where Node.js keeps what it has compiled of wrangler, or of our own programs in tests: half a second less of each start. Where this cannot be
 * written, as in the image, Node.js goes without.
 */
export function compileCacheIn(project: string): string {
  return join(project, 'node_modules/.cache/compiled');
}

/** The whole environment of wrangler. It inherits nothing else from this process. */
export function wranglerEnvironment(project: string, folder: string, isPlain: boolean): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: folder,
    TMPDIR: join(folder, 'tmp'),
    XDG_CONFIG_HOME: folder,
    KEYSTORE_RUN_FOLDER: folder,
    ...(isPlain ? {} : { KEYSTORE_GATE_SOCKET: join(folder, socketFile) }),
    KEYSTORE_DATABASE_WORKER: join(folder, databaseFile),
    MINIFLARE_WORKERD_V8_FLAGS: v8Flags,
    // Switch off the SQL explorer, the traces of requests beside the data, and the registry, which opens a debug port.
    X_LOCAL_EXPLORER: 'false',
    X_LOCAL_OBSERVABILITY: 'false',
    WRANGLER_REGISTRY_PATH: '',
    // Switch off the inspector: workerd's own (see ./workerd) and wrangler's proxy to it.
    MINIFLARE_WORKERD_PATH: fileURLToPath(new URL('workerd', import.meta.url)),
    KEYSTORE_WORKERD: workerdPath(),
    VSCODE_INSPECTOR_OPTIONS: 'off',
    // Make no requests to the internet: for request metadata, metrics or new versions.
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    // Watch no files, ask no questions, write no logs.
    WRANGLER_CI_DISABLE_CONFIG_WATCHING: 'true',
    WRANGLER_WRITE_LOGS: 'false',
    CI: 'true',
    NO_COLOR: '1',
    NODE_COMPILE_CACHE: compileCacheIn(project),
    // Give memory back after the start: esbuild, which has nothing more to do then, and wrangler's own allocations outside of V8's heap.
    GOMEMLIMIT: '16MiB',
    MALLOC_TRIM_THRESHOLD_: '65536',
  };
}
