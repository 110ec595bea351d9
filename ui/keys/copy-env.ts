/** The questions before many values are read at once: to copy them as an .env file, or to write them to a file. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { api } from '../api/client.ts';
import { copySecret } from '../parts/clipboard.ts';
import { Confirm } from '../parts/confirm.ts';
import { Segmented } from '../parts/segmented.ts';
import { notify } from '../parts/toast.ts';
import { envText } from './env-text.ts';
import { keysText } from './trashing.ts';

interface Props {
  title: string;
  names: readonly string[];
  onClose: () => void;
}

/** What one request may read. */
const maxReadKeys = 500;

/** Reads all, in as many requests as it takes. @returns the values, and how many of the keys were not there any more. */
const readAll = async (names: readonly string[]) => {
  const values: Record<string, string> = {};
  for (let from = 0; from < names.length; from += maxReadKeys)
    Object.assign(values, (await api.values(names.slice(from, from + maxReadKeys))).values);
  return { values, missing: names.filter((name) => !Object.hasOwn(values, name)).length };
};

const tellMissing = (count: number) => {
  if (count > 0) notify({ tone: 'plain', text: `${count} of them were not there any more.`, seconds: 0 });
};

/** What is about to be read, and what the log says of it. */
const Reading = ({ names, then }: { names: readonly string[]; then: string }) => html`
  <p>
    The values of ${names.length === 1 ? html`<strong class="verbatim">${names[0]}</strong>` : html`<strong>${keysText(names)}</strong>`} are read and
    ${then}. The access log gets ${names.length === 1 ? 'an entry' : `${names.length.toLocaleString()} entries, one for each key`}.
  </p>
`;

export const CopyEnv = ({ title, names, onClose }: Props) => {
  const copy = async () => {
    let missing = 0;
    const read = async () => {
      const answer = await readAll(names);
      missing = answer.missing;
      return envText(names, answer.values);
    };
    await copySecret(read, `${keysText(names)} as .env`);
    onClose();
    tellMissing(missing);
  };
  return html`
    <${Confirm} title=${title} action="Copy ${keysText(names)}" kind="primary" onConfirm=${copy} onClose=${onClose}>
      <${Reading} names=${names} then="copied" />
    <//>
  `;
};

const formats = [
  { value: 'env', text: '.env' },
  { value: 'json', text: 'JSON, with whole names' },
] as const;

export const ExportKeys = ({ title, names, onClose }: Props) => {
  const format = useSignal<'env' | 'json'>('env');
  const save = async () => {
    const { values, missing } = await readAll(names);
    const isEnv = format.value === 'env';
    download(isEnv ? envText(names, values) : `${JSON.stringify(values, null, 2)}\n`, isEnv ? 'keys.env' : 'keys.json');
    onClose();
    notify({ text: `Exported ${keysText(names)}. Delete the file when you no longer need it.`, seconds: 10 });
    tellMissing(missing);
  };
  const choice = html`<${Segmented} label="Format" value=${format.value} choices=${formats} onChange=${(next: 'env' | 'json') => (format.value = next)} />`;
  return html`
    <${Confirm} title=${title} action="Export ${keysText(names)}" kind="primary" choice=${choice} onConfirm=${save} onClose=${onClose}>
      <${Reading} names=${names} then="written to a file, which is not encrypted" />
    <//>
  `;
};

const download = (text: string, name: string) => {
  const url = URL.createObjectURL(new Blob([text]));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
};
