/**
 * For HelperScripts/verify-audit.sh: `node box/commands/verify-audit.ts DATABASE [--public-key KEY] [--checkpoints DIR-or-FILE]
 * [--archives DIR-or-FILE]`. Reads the database and nothing else of a vault: no settings and no keys. Standard output has the finding or
 * what is proven; the exit code is 0 if nothing is wrong, 1 if something is, 2 if it could not be found out.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { base64 } from '../../core/crypto/encoding.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { headline } from '../audit/findings.ts';
import { readKey, readNotes } from '../audit/notes.ts';
import { openLog } from '../audit/open-log.ts';
import { type Outside, type Verified, verifyLog } from '../audit/verify-log.ts';
import { explain } from '../explain.ts';

const migrationsFolder = join(import.meta.dirname, '../../migrations');

function readArguments(args: string[]): { file: string; outside: Outside } {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    throw new OperatorError(`${(error as Error).message} See --help.`);
  }
  const { values, positionals } = parsed;
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new OperatorError('Name one database. See --help.');
  return {
    file,
    outside: {
      key: values['public-key'] === undefined ? null : readKey(values['public-key']),
      notes: (values.checkpoints ?? []).flatMap(readNotes),
    },
  };
}

function parse(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: { 'public-key': { type: 'string' }, checkpoints: { type: 'string', multiple: true } },
  });
}

function print(verified: Verified, { key, notes }: Outside): void {
  const { origin, size, root, sealedAt, unsealed, archived } = verified;
  if (archived > 0) console.log(`Events 1 to ${archived} are in archive files; here are their hashes.`);
  if (key) console.log('The log is signed with the public key that was given.');
  else console.log(`The public key came from the database itself: ${verified.key}`);
  if (notes.length > 0)
    console.log(
      `The log continues ${notes.length === 1 ? 'the checkpoint' : `all ${notes.length} checkpoints`} that were given.`,
    );
  else if (!key)
    console.log(
      'So whoever wrote the whole database anew is not noticed. Give --public-key and --checkpoints from another place: see docs/AUDIT.md.',
    );
  const sealed = new Date(sealedAt).toISOString();
  console.log(
    `verified: ${size} events, root ${base64(root)}, origin ${origin}, sealed ${sealed}, ${unsealed} not sealed yet`,
  );
}

function main(args: string[]): number {
  const { file, outside } = readArguments(args);
  using log = openLog(file);
  const verdict = verifyLog(log.database, migrationsFolder, outside);
  log.checkUnchanged();
  if ('verified' in verdict) {
    print(verdict.verified, outside);
    return 0;
  }
  console.log(headline(verdict.finding));
  console.log(verdict.finding.detail);
  return 1;
}

if (import.meta.main) {
  process.umask(0o077);
  try {
    process.exitCode = main(process.argv.slice(2));
  } catch (error) {
    console.error(explain(error));
    process.exitCode = 2;
  }
}
