/**
 * The one reader of .env files, for Node.js, workerd and browsers. It is a function of the text alone.
 *
 * Programs that read such files agree on the common forms and on little else. This one takes the common forms, and refuses by
 * its number every line that a person and a program may read differently. It never skips a line that a person would take
 * for a setting.
 */

import { maxEnvFileBytes } from '../limits.ts';
import { OperatorError } from '../operator-error.ts';

/** What the reader has to know of the names in a file: see `names.ts`. */
export interface Names {
  isSettingName: (name: string) => boolean;
  mistakenFor: (name: string) => string | undefined;
  mentionsAdminPassword: (text: string) => boolean;
}

/** For lines that set nothing of this vault, such as those that a user pastes. */
const anyNames: Names = {
  isSettingName: () => false,
  mistakenFor: () => undefined,
  mentionsAdminPassword: () => false,
};

/** One assignment in an env file. */
interface Assignment {
  name: string;
  value: string;
  /** Its first and its last line, counted from 1. */
  firstLine: number;
  lastLine: number;
}

export interface EnvFile {
  /** Without line ends. The line ends of Unix, Windows and old Macs count alike. */
  lines: string[];
  /** In their order. Of several with the same name the last one counts. */
  assignments: Assignment[];
  variables: Record<string, string>;
}

/** What an escape in double quotes stands for. A backslash before any other character is a backslash. */
const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$', '`': '`' };

const goodName = /^[\w.:/[\]-]+$/;
/** `export` and the blanks behind it. */
const exportWord = /^export[ \t]+(?![ \t=])/;
/** Control characters but tab, and U+FFFD, which stands for bytes that are not UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
const unreadable = /[\u0000-\u0008\u000B-\u001F\u007F\uFFFD]/u;
/** Line separators that only some editors show as such. */
const hiddenLineEnd = /[\u0085\u2028\u2029]/u;
const typographicQuote = /^["'`\u00AB\u00BB\u2018-\u201F\u2039\u203A\u300C-\u300F\uFF02\uFF07]/u;
/** White space but blanks, and characters without a width. */
const invisible = /^(?![ \t])[\s\p{Z}\p{Cf}]|(?![ \t])[\s\p{Z}\p{Cf}]$/u;

/**
 * Parses the text of an env file. The format, which docs/CONFIGURATION.md describes to users:
 *
 * - `NAME=value`, with or without `export` before it, with or without blanks around name and value. Of two lines with the same
 *   name the last one counts.
 * - A value in `"`, `'` or a backquote ends at the next such quote, also on a later line. Behind it only a comment may follow.
 *   Between double quotes `\n`, `\r`, `\t`, `\"`, `\\`, `\$` and a backslash with a backquote are escapes.
 * - A value without quotes ends at the end of its line, or at a blank with `#`.
 * - Nothing is substituted: `$NAME` is five characters.
 * - Empty lines and lines that begin with `#` are ignored. So is a name alone: it sets nothing.
 *
 * @param text UTF-8, decoded with U+FFFD for what is not. A byte order mark is ignored.
 * @param source how to call the text in an error, for example its path.
 * @throws OperatorError naming the first line that cannot be read. It does not quote values.
 */
export function readEnvText(text: string, source: string, names: Names = anyNames): EnvFile {
  if (text.length * 3 > maxEnvFileBytes && new TextEncoder().encode(text).length > maxEnvFileBytes) {
    throw new OperatorError(`${source} is larger than 1 MiB. This is not an env file.`);
  }
  const reader = new Reader(decoded(text, source), source, names);
  const assignments = reader.readAll();
  return { lines: reader.lines, assignments, variables: reader.variables() };
}

function decoded(text: string, source: string): string {
  // UTF-16, with its mark or without it, as UTF-8.
  if (/^(?:\uFFFD\uFFFD|.?\0)/su.test(text)) {
    throw new OperatorError(`${source} is not UTF-8, but perhaps UTF-16. Save it as UTF-8 text.`);
  }
  return text.replace(/^\uFEFF+/u, '');
}

class Reader {
  readonly lines: string[];
  readonly #source: string;
  readonly #names: Names;
  readonly #assignments: Assignment[] = [];
  /** Names without "=", with their lines. */
  readonly #bare: { name: string; line: number }[] = [];
  /** Lines that hold ADMIN_PASSWORD= within something else. */
  readonly #suspects: number[] = [];
  /** Where the reader is: the index of a line. */
  #at = 0;

  constructor(text: string, source: string, names: Names) {
    this.lines = text.split(/\r\n|\r|\n/);
    this.#source = source;
    this.#names = names;
  }

  readAll(): Assignment[] {
    for (; this.#at < this.lines.length; this.#at++) this.#readLine();
    this.#checkNames();
    return this.#assignments;
  }

  variables(): Record<string, string> {
    const set = new Map<string, string>();
    // A name alone sets nothing, but it must not pass for absent.
    for (const { name } of this.#bare) if (this.#names.isSettingName(name)) set.set(name, '');
    for (const { name, value } of this.#assignments) set.set(name, value);
    return Object.fromEntries(set);
  }

  #refuse(problem: string, line = this.#at + 1): never {
    throw new OperatorError(`${this.#source}, line ${line}: ${problem}`);
  }

  #readLine(): void {
    // Blanks at its end may be within quotes.
    const line = trimLeft(this.lines[this.#at] ?? '');
    if (line === '' || line.startsWith('#')) return;
    this.#checkCharacters(line);
    const statement = line.replace(exportWord, '');
    const equals = statement.indexOf('=');
    if (equals === -1) {
      this.#readBareName(trimBlanks(statement));
      return;
    }
    const name = trimBlanks(statement.slice(0, equals));
    if (!goodName.test(name)) {
      this.#refuse(
        'what stands before "=" is not a name of plain letters, digits and "_". Write NAME=value, or begin a comment with "#".',
      );
    }
    const firstLine = this.#at + 1;
    const value = this.#readValue(name, statement.slice(equals + 1));
    this.#assignments.push({ name, value, firstLine, lastLine: this.#at + 1 });
  }

  #readBareName(name: string): void {
    if (!/^\w+$/.test(name)) {
      this.#refuse('there is no "=" in it. Write NAME=value, or begin a comment with "#".');
    }
    this.#bare.push({ name, line: this.#at + 1 });
  }

  /** Reads a value, and moves to its last line. */
  #readValue(name: string, given: string): string {
    const text = trimLeft(given);
    const quote = text[0];
    if (quote === '"' || quote === "'" || quote === '`') return this.#readQuoted(name, quote, text.slice(1));
    return this.#readPlain(name, given);
  }

  #readPlain(name: string, given: string): string {
    const comment = /[ \t]#/.exec(given);
    const value = trimBlanks(comment === null ? given : given.slice(0, comment.index));
    if (hiddenLineEnd.test(value)) this.#refuse(`the value of ${name} holds a line separator. Put it in quotes.`);
    if (this.#names.mentionsAdminPassword(value)) this.#suspects.push(this.#at + 1);
    if (!this.#names.isSettingName(name)) return value;
    if (value.includes('#')) {
      this.#refuse(`the value of ${name} holds "#". Put the value in quotes, or a blank before a comment.`);
    }
    if (typographicQuote.test(value)) this.#refuse(`the value of ${name} begins with a typographic quote. Use " or '.`);
    if (invisible.test(value)) {
      this.#refuse(
        `the value of ${name} begins or ends with an invisible character. Remove it, or put the value in quotes.`,
      );
    }
    return value;
  }

  /** `rest` is the line behind the opening quote. */
  #readQuoted(name: string, quote: string, rest: string): string {
    const first = this.#at;
    let value = '';
    for (let line = rest; ; ) {
      const end = closingQuote(line, quote);
      if (end !== -1) {
        if (!/^[ \t]*(?:#|$)/.test(line.slice(end + 1))) this.#refuse(this.#textBehind(name, quote, first));
        value += line.slice(0, end);
        return quote === '"' ? withoutEscapes(value) : value;
      }
      value += `${line}\n`;
      this.#at++;
      const next = this.lines[this.#at];
      if (next === undefined) {
        this.#refuse(`the value of ${name} begins with ${quote}, and no other ${quote} ends it.`, first + 1);
      }
      this.#checkCharacters(next);
      if (this.#names.mentionsAdminPassword(next)) this.#suspects.push(this.#at + 1);
      line = next;
    }
  }

  #textBehind(name: string, quote: string, first: number): string {
    const where = first === this.#at ? '' : `, which began in line ${first + 1},`;
    return `something follows the ${quote} that ends the value of ${name}${where} and is not a comment.`;
  }

  #checkCharacters(line: string): void {
    const found = unreadable.exec(line)?.[0];
    if (found === undefined) return;
    if (found === '\uFFFD') this.#refuse('it is not UTF-8. Save the file as UTF-8 text.');
    const code = found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    this.#refuse(`it holds a control character (U+${code}). Remove it.`);
  }

  /** Refuses lines that a person takes for a setting of the vault, though they set nothing of it. */
  #checkNames(): void {
    const set = this.variables();
    const isSet = (name: string) => name in set || `${name}_FILE` in set;
    const named = [...this.#assignments.map(({ name, firstLine }) => ({ name, line: firstLine })), ...this.#bare];
    for (const { name, line } of named) {
      const meant = this.#names.mistakenFor(name);
      if (meant !== undefined && !isSet(meant)) {
        this.#refuse(`${name} is not a setting. Did you mean ${meant}? If it is for another program, rename it.`, line);
      }
    }
    const [suspect] = this.#suspects;
    if (suspect !== undefined && !isSet('ADMIN_PASSWORD')) {
      this.#refuse(
        'ADMIN_PASSWORD stands within the value of another setting. Write it in a line of its own, or remove it.',
        suspect,
      );
    }
  }
}

/** Removes spaces and tabs at both ends. Like all here in linear time, which a pattern like /[ \t]+$/ does not promise. */
function trimBlanks(text: string): string {
  let end = text.length;
  while (isBlank(text[end - 1])) end--;
  return trimLeft(text.slice(0, end));
}

function trimLeft(text: string): string {
  let begin = 0;
  while (isBlank(text[begin])) begin++;
  return text.slice(begin);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

/** The index of the quote that ends a value; -1 if it is not in this line. Between double quotes a backslash escapes. */
function closingQuote(line: string, quote: string): number {
  if (quote !== '"') return line.indexOf(quote);
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '"') return at;
    if (line[at] === '\\') at++;
  }
  return -1;
}

function withoutEscapes(text: string): string {
  return text.replace(/\\(.)/gs, (both, character: string) => escapes[character] ?? both);
}
