import { html } from 'htm/preact';
import type { Problem } from '../api/client.ts';
import { Icon } from './icon.ts';

/** What is wrong with the whole of a form. Errors of one field stand at the field. */
export const FormProblem = ({ problem }: { problem: Problem | string | null }) => html`
  <div role="alert">
    ${
      problem &&
      html`<p class="form-problem"><${Icon} name="alert" /><span>${typeof problem === 'string' ? problem : problem.message}</span></p>`
    }
  </div>
`;

/** A field by its wire name: what the page calls it, and other words that sentences about it begin with. */
export type FieldNames = Readonly<Record<string, { label: string; also?: readonly string[] }>>;

/** Which field a problem belongs to, and the sentence in the page's words; `field` is null for the form as a whole. */
export const placed = (
  problem: Problem | null,
  fields: FieldNames,
  byStatus: Readonly<Record<number, string>> = {},
): { field: string | null; text: string | null } => {
  if (!problem) return { field: null, text: null };
  const { status, message } = problem;
  for (const [field, { label, also = [] }] of Object.entries(fields)) {
    if (message.startsWith(`${field} `)) return { field, text: label + message.slice(field.length) };
    if (also.some((start) => message.startsWith(start))) return { field, text: message };
  }
  return { field: byStatus[status] ?? null, text: message };
};
