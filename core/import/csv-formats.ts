/**
 * The CSV exports that are known by their headers, and what of a record becomes a key. What may be secret becomes a value of its
 * own: descriptions are shown in lists.
 */

import type { collect, ImportEntry, ImportFormat } from './entries.ts';

type CsvFormat = Exclude<ImportFormat, 'env' | 'json'>;

/** The columns by which a format is known. The first that fits counts. */
const signatures: Record<CsvFormat, (has: (name: string) => boolean) => boolean> = {
  bitwarden: (has) => has('name') && has('login_password'),
  '1password': (has) => has('title') && has('password'),
  'key-value': (has) => nameColumns.some(has) && valueColumns.some(has),
};

/** `Key,Value` is what `infisical export --format=csv` writes. */
const nameColumns = ['key', 'key_name', 'name'];
const valueColumns = ['value', 'api_key'];

/** @param columns the header, in lower case. */
export function csvFormatOf(columns: readonly string[]): CsvFormat | undefined {
  const formats = Object.keys(signatures) as CsvFormat[];
  return formats.find((format) => signatures[format]((name) => columns.includes(name)));
}

/** Whether the first line of a text is a header that is known. */
export function isCsv(text: string): boolean {
  const columns = firstLine(text).split(delimiterOf(text));
  return csvFormatOf(columns.map((name) => name.replaceAll('"', '').trim().toLowerCase())) !== undefined;
}

export function delimiterOf(text: string): string {
  const line = firstLine(text);
  if (line.includes(',')) return ',';
  return line.includes(';') ? ';' : '\t';
}

function firstLine(text: string): string {
  return /[^\r\n]*/.exec(text.replace(/^\uFEFF/, '').replace(/^[\r\n]+/, ''))?.[0] ?? '';
}

/** The field of a record in the column of this name; empty if there is no such column. */
type Field = (column: string) => string;
type Read = (collected: ReturnType<typeof collect>, field: Field, where: string) => void;

export const readers: Record<CsvFormat, Read> = {
  /** 1Password 8: Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes. Earlier ones have other columns, and these. */
  '1password': (collected, field, where) => {
    const name = field('title').trim();
    if (field('archived').toLowerCase() === 'true') {
      collected.skip(where, name, 'This item is archived.');
      return;
    }
    addItem(collected, where, name, describe(field('username'), field('url') || field('website')), [
      ['', field('password')],
      ['totp', field('otpauth')],
      ['notes', field('notes')],
    ]);
  },

  /** https://bitwarden.com/help/condition-bitwarden-import/; an organisation's export has `collections` in place of `folder`. */
  bitwarden: (collected, field, where) => {
    const folder = field('folder') || (field('collections').split(',')[0] ?? '');
    const title = field('name').trim();
    const name = folder.trim() === '' || title === '' ? title : `${folder.trim()}/${title}`;
    const isNote = field('type') === 'note';
    addItem(collected, where, name, describe(field('login_username'), field('login_uri')), [
      ['', isNote ? field('notes') : field('login_password')],
      ['totp', field('login_totp')],
      ['notes', isNote ? '' : field('notes')],
      ...customFields(field('fields')),
    ]);
  },

  'key-value': ({ add }, field, where) => {
    const first = (columns: string[]) => field(columns.find((column) => field(column) !== '') ?? '');
    add({ where, name: first(nameColumns).trim(), value: first(valueColumns), description: field('description') });
  },
};

/** The name of a value within its item, and the value. The main value has no name. */
type Part = [name: string, value: string];

/** An item of a password manager: its main value under its own name, and the others below it. */
function addItem(
  { add, skip }: ReturnType<typeof collect>,
  where: string,
  name: string,
  description: string,
  values: Part[],
): void {
  const entries = values
    .filter(([, value]) => value !== '')
    .map(([part, value]): ImportEntry => ({ where, value, description, name: part === '' ? name : `${name}/${part}` }));
  if (name === '') skip(where, '', 'It has no name.');
  else if (entries.length === 0) skip(where, name, 'It holds no value.');
  else for (const entry of entries) add(entry);
}

/** Who the value is for, and on which host. More of an address may be secret. */
function describe(userName: string, address: string): string {
  const [first = ''] = address.split(',');
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(first) ? first : `https://${first}`;
  const host = first.trim() !== '' && URL.canParse(url) ? new URL(url).host : '';
  return [userName.trim(), host].filter((part) => part !== '').join(', ');
}

/** Bitwarden writes custom fields as lines `name: value` into one column. A line without a name goes on with the value before it. */
function customFields(text: string): Part[] {
  const fields: Part[] = [];
  for (const line of text === '' ? [] : text.split(/\r\n|\n/)) {
    const [, name, value = ''] = /^([^:]+):(?: (.*))?$/.exec(line) ?? [];
    const last = fields.at(-1);
    if (name !== undefined) fields.push([name.trim(), value]);
    else if (last === undefined) fields.push(['fields', line]);
    else last[1] += `\n${line}`;
  }
  return fields;
}
