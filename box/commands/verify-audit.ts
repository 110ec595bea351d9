/**
 * For HelperScripts/verify-audit.sh: `node box/commands/verify-audit.ts DATABASE [--public-key KEY] [--checkpoints DIR-or-FILE]
 * [--archives DIR-or-FILE]`. Reads the database and nothing else of a vault: no settings and no keys. Standard output has the finding or
 * what is proven; the exit code is 0 if nothing is wrong, 1 if something is, 2 if it could not be found out.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { noteKeyText } from '../../core/audit/note.ts';
import { base64 } from '../../core/crypto/encoding.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { isArchive, verifyArchive } from '../audit/archive-file.ts';
import { aboutEvents, type Finding, headline } from '../audit/findings.ts';
import { openNote, readKey, readNotes } from '../audit/notes.ts';
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
      archives: (values.archives ?? []).flatMap(readArchives),
    },
  };
}

function parse(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      'public-key': { type: 'string' },
      checkpoints: { type: 'string', multiple: true },
      archives: { type: 'string', multiple: true },
    },
  });
}

/** An archive file, or those in a folder. */
function readArchives(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
  } catch (error) {
    throw new OperatorError(`${path} cannot be read: ${(error as Error).message}.`);
  }
  const names = readdirSync(path).filter((name) => name.endsWith('.jsonl'));
  const found = names
    .sort()
    .map((name) => join(path, name))
    .filter(isArchive);
  if (found.length === 0)
    throw new OperatorError(`There is no archive in ${path}. Archives are files that end in .jsonl.`);
  return found;
}

/** Verifies an archive by itself, and against checkpoints that were kept. */
function verifyArchiveAlone(file: string, { key, notes }: Outside): number {
  const verdict = verifyArchive(file, key);
  if ('finding' in verdict) return printFinding(verdict.finding);
  const { archive } = verdict;
  for (const { file: kept, note } of notes) {
    const pin = openNote(note, archive.key, kept);
    if ('kind' in pin) return printFinding(pin);
    if (pin.size !== archive.size) continue;
    if (!archive.checkpointRoot.every((byte, index) => byte === pin.root[index])) {
      return printFinding(
        aboutEvents('edited', archive.from, archive.to, `${kept} is another checkpoint of as many events.`),
      );
    }
  }
  console.log(`Events ${archive.from} to ${archive.to} are as they were sealed.`);
  if (!key) console.log(`The public key came from the file itself: ${noteKeyText(archive.key)}`);
  console.log(
    `verified: ${archive.to - archive.from + 1} events, root ${base64(archive.root)}, origin ${archive.key.name}, up to event ${archive.to}`,
  );
  return 0;
}

function print(verified: Verified, { key, notes, archives = [] }: Outside): void {
  const { origin, size, root, sealedAt, unsealed, archived } = verified;
  if (archived > 0) console.log(`Events 1 to ${archived} were archived or have expired; here are their hashes.`);
  for (const file of archives) console.log(`The events in ${file} are as they were sealed.`);
  if (key) console.log('The log is signed with the public key that was given.');
  else console.log(`The public key came from the database itself: ${verified.key}`);
  if (notes.length > 0)
    console.log(
      `The log continues ${notes.length === 1 ? 'the checkpoint that was given' : `all ${notes.length} checkpoints that were given`}.`,
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
  if (isArchive(file)) return verifyArchiveAlone(file, outside);
  using log = openLog(file);
  const verdict = verifyLog(log.database, migrationsFolder, outside);
  log.checkUnchanged();
  if ('verified' in verdict) {
    print(verdict.verified, outside);
    return 0;
  }
  return printFinding(verdict.finding);
}

function printFinding(finding: Finding): number {
  console.log(headline(finding));
  console.log(finding.detail);
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
