/** Whether a pasted text is meant as keys: lines of an .env file, JSON, or a CSV export. The import says what it cannot read. */
export const looksLikeKeys = (text: string): boolean => {
  const trimmed = text.trim();
  const lines = trimmed.split('\n');
  return (
    /^[{[]\s*["{]/.test(trimmed) ||
    lines.some((line) => /^\s*(?:export\s+)?[A-Za-z_][\w./-]*\s*=\s*[^\s=]/.test(line)) ||
    (lines.length > 1 && /^[^\n]*(?:name|title|key)[^\n]*,/i.test(trimmed))
  );
};
