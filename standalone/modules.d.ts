/** The modules that `box/commands/build-standalone.ts` adds to the bundle. */

/** The same file that `wrangler dev` and the edge run. */
declare module 'keystore:worker' {
  const worker: {
    fetch(
      request: Request,
      env: object,
      context: { waitUntil?: ExecutionContext['waitUntil'] | undefined },
    ): Response | Promise<Response>;
  };
  export default worker;
}

/** The files of dist/ui, by path: compressed with gzip, in base64. */
declare module 'keystore:ui' {
  const files: Readonly<Record<string, string>>;
  export default files;
}

/** The files of migrations/, in order. */
declare module 'keystore:migrations' {
  const migrations: readonly { name: string; sql: string }[];
  export default migrations;
}

/** Of Node's standard library, what hasher/ uses. The runtime has it built in. */
declare module 'node:crypto' {
  export function scryptSync(
    password: Uint8Array,
    salt: Uint8Array,
    length: number,
    options: { N: number; r: number; p: number; maxmem: number },
  ): Uint8Array;
}

declare module 'node:async_hooks' {
  export class AsyncLocalStorage<Store> {
    run<Result>(store: Store, work: () => Result): Result;
    getStore(): Store | undefined;
  }
}
