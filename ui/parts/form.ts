/** Errors of forms: which field one belongs to, how the page words it, and when it is over. */
import { html } from 'htm/preact';
import { useLayoutEffect } from 'preact/hooks';
import type { Problem } from '../api/client.ts';
import { Icon } from './icon.ts';
import { useTask } from './task.ts';

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

/**
 * The submission of a form and its errors. A field with an error gets the focus; the error goes when the field is `edited`,
 * however that happens, and that of the whole form with any edit.
 */
export const useForm = <Name extends string>(
  fields: FieldNames<Name>,
  byStatus: Readonly<Record<number, NoInfer<Name>>> = {},
) => {
  const task = useTask();
  const { field, text } = placed(task.problem.value, fields, byStatus);
  useLayoutEffect(() => {
    if (field) focusInvalid();
  }, [task.problem.value]);
  return {
    task,
    /** The error of the form as a whole. */
    problem: field ? null : text,
    errorAt: (name: Name) => (field === name ? text : null),
    edited: (...names: Name[]) => {
      if (!field || names.includes(field)) task.problem.value = null;
    },
  };
};

/** Moves the focus to the first field that shows an error. */
export const focusInvalid = (): void => document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
