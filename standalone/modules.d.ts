/** The modules that `box/commands/build-standalone.ts` adds to the bundle. */

/** The same file that `wrangler dev` and the edge run. */
declare module 'keystore:worker' {
  const worker: { fetch(request: Request, env: object, context: ExecutionContext): Response | Promise<Response> };
  export default worker;
}

/** The files of dist/ui, by path. */
declare module 'keystore:ui' {
  const files: Readonly<Record<string, Uint8Array>>;
  export default files;
}

/** The files of migrations/, in order. */
declare module 'keystore:migrations' {
  const migrations: readonly { name: string; sql: string }[];
  export default migrations;
}

/** The part of Node's module that is used here. workerd has it. */
declare module 'node:net' {
  export class BlockList {
    addSubnet(address: string, prefix: number, type: 'ipv4' | 'ipv6'): void;
    check(address: string, type: 'ipv4' | 'ipv6'): boolean;
  }
  export function isIP(address: string): 0 | 4 | 6;
}
