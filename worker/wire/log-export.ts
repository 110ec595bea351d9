/** An export of the log as text: JSON lines, or CSV (RFC 4180) that a spreadsheet takes for text only. */
import type { InferOutput } from 'valibot';
import { base64, utf8 } from '../../core/crypto/encoding.ts';
import type { logEntry } from '../answers/log.ts';
import type { EventExport } from '../operations/event-export.ts';
import type { Reply } from './reply.ts';

type Entry = InferOutput<typeof logEntry>;

const columns = [
  ...['id', 'timestamp', 'user_name', 'role', 'action', 'target', 'key_name', 'success', 'outcome', 'reason'],
  ...['ip_address', 'project', 'token', 'token_id', 'child', 'via', 'count', 'request_id', 'user_agent'],
] as const satisfies readonly (keyof Entry)[];

/**
 * A field in quotation marks. A spreadsheet would take what begins like a formula for one, so an apostrophe stands before it (OWASP, CSV
 * Injection); the full-width forms of these signs count as well.
 */
const field = (value: string | number | boolean | null | undefined): string => {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  return `"${/^[=+\-@\t\r\n＝＋－＠]/.test(value) ? "'" : ''}${value.replaceAll('"', '""')}"`;
};

const lineOf = (json: string): string => {
  const entry: Partial<Entry> = JSON.parse(json);
  return columns.map((name) => field(entry[name])).join(',');
};

const csvOf = async function* (parts: EventExport['parts']) {
  yield `${columns.join(',')}\r\n`;
  for await (const part of parts) yield part === '' ? '\r\n' : `${part.split('\n').map(lineOf).join('\r\n')}\r\n`;
};

const jsonLinesOf = async function* (parts: EventExport['parts'], checkpoint: string | null) {
  for await (const part of parts) yield `${part}\n`;
  yield `${JSON.stringify({ checkpoint })}\n`;
};

const types = { jsonl: 'application/jsonl; charset=utf-8', csv: 'text/csv; charset=utf-8; header=present' };

export const logExport = ({
  format,
  parts,
  checkpoint = null,
}: EventExport & { checkpoint?: string | null }): Reply => ({
  status: 200,
  body: null,
  headers: {
    'Content-Disposition': `attachment; filename="keystore-log.${format}"`,
    ...(checkpoint !== null && { 'X-Keystore-Checkpoint': base64(utf8(checkpoint)) }),
  },
  stream: { type: types[format], pieces: format === 'csv' ? csvOf(parts) : jsonLinesOf(parts, checkpoint) },
});
