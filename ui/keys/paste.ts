/** Recognises pasted lines like `NAME=value`, from an `.env` file or a shell. */

export interface Assignment {
  name: string;
  value: string;
}

const assignment = /^\s*(?:export\s+|set\s+)?([A-Za-z_][\w.-]*)\s*=\s*(\S[\s\S]*)$/;

/** The name and value of an assignment; null if the text is anything else. */
export const parseAssignment = (text: string): Assignment | null => {
  const [, name, given] = assignment.exec(text) ?? [];
  if (!name || !given) return null;
  const value = given.trimEnd();
  const isQuoted = value.length >= 2 && /^["']/.test(value) && value.endsWith(value.charAt(0));
  if (isQuoted) return { name, value: value.slice(1, -1) };
  return value.includes('\n') ? null : { name, value };
};

/**
 * The same for a text that is pasted into the value field. A value may contain `=`, as base64 does, so the name must look
 * like a variable's (`STRIPE_KEY`), or equal `name`, the name of the key that is edited.
 */
export const assignmentInValue = (text: string, name: string): Assignment | null => {
  const found = parseAssignment(text);
  if (!found || found.value.startsWith('=')) return null;
  if (name !== '') return found.name === name ? found : null;
  return /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(found.name) ? found : null;
};
