/** Errors of forms: which field one belongs to, and how the page words it. */
import { html } from 'htm/preact';
import type { Problem } from '../api/client.ts';
import { Icon } from './icon.ts';

/** The error of a form as a whole. Errors of one field appear at the field. */
export const FormProblem = ({
  text,
  isRefused = false,
}: {
  text: string | null;
  isRefused?: boolean | undefined;
}) => html`
  <div role="alert">${text && html`<p class="form-problem row ${isRefused ? 'refused' : ''}"><${Icon} name="alert" /><span>${text}</span></p>`}</div>
`;

/** For each field, by its name in the API: how the page names it, and how else sentences about it begin. */
export type FieldNames<Name extends string> = Readonly<Record<Name, { label: string; also?: readonly string[] }>>;

/**
 * The field that a problem belongs to, null for the form as a whole, and the problem in the page's words. `byStatus` is
 * for problems whose sentence does not name the field.
 */
export const placed = <Name extends string>(
  problem: Problem | null,
  fields: FieldNames<Name>,
  byStatus: Readonly<Record<number, NoInfer<Name>>> = {},
): { field: Name | null; text: string | null } => {
  if (!problem) return { field: null, text: null };
  const { status, message } = problem;
  for (const field of Object.keys(fields) as Name[]) {
    const { label, also = [] } = fields[field];
    if (message.startsWith(`${field} `)) return { field, text: label + message.slice(field.length) };
    if (also.some((start) => message.startsWith(start))) return { field, text: message };
  }
  return { field: byStatus[status] ?? null, text: message };
};
