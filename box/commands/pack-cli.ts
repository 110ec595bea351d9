/** Packs the command line as npm installs it: a package of one file, without dependencies. */

import { gzipSync } from 'node:zlib';

const blockBytes = 512;

/** The package as a gzipped tar file (POSIX.1-1988, ustar). The same files make the same bytes. */
export function packCli(script: Uint8Array, version: string): Buffer {
  const manifest = {
    name: 'keystore',
    version,
    description: 'The command line of a Keystore vault.',
    license: 'MIT',
    type: 'module',
    engines: { node: '>=20' },
    bin: Object.fromEntries(
      ['keystore', 'docker-credential-keystore', 'git-credential-keystore'].map((name) => [name, 'keystore.mjs']),
    ),
  };
  return gzipSync(
    Buffer.concat([
      entry('package/package.json', Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`), '0000644'),
      entry('package/keystore.mjs', script, '0000755'),
      Buffer.alloc(2 * blockBytes),
    ]),
    { level: 9 },
  );
}

function entry(name: string, content: Uint8Array, mode: string): Buffer {
  const header = Buffer.alloc(blockBytes);
  header.write(name, 0);
  header.write(`${mode}\0${'0000000\0'.repeat(2)}`, 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  // npm takes the time of 1985 for files without one.
  header.write(`${(499162500).toString(8).padStart(11, '0')}\0`, 136);
  header.write('        0', 148);
  header.write('ustar\0' + '00', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes)]);
}
