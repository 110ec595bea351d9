/** The question before many values are read at once and copied as an .env file. */
import { html } from 'htm/preact';
import { api } from '../api/client.ts';
import { copySecret } from '../parts/clipboard.ts';
import { Confirm } from '../parts/confirm.ts';
import { notify } from '../parts/toast.ts';
import { envText } from './env-text.ts';
import { keysText } from './trashing.ts';

interface Props {
  title: string;
  names: readonly string[];
  onClose: () => void;
}

export const CopyEnv = ({ title, names, onClose }: Props) => {
  const copy = async () => {
    let missing: string[] = [];
    const read = async () => {
      const answer = await api.values(names);
      missing = answer.missing;
      return envText(names, answer.values);
    };
    await copySecret(read, `${keysText(names)} as .env`);
    onClose();
    if (missing.length > 0)
      notify({ tone: 'plain', text: `${missing.length} of them were not there any more.`, seconds: 0 });
  };
  return html`
    <${Confirm} title=${title} action="Copy ${keysText(names)}" kind="primary" onConfirm=${copy} onClose=${onClose}>
      <p>
        The values of ${names.length === 1 ? html`<strong class="verbatim">${names[0]}</strong>` : html`<strong>${keysText(names)}</strong>`} are read and
        copied. The access log gets ${names.length === 1 ? 'an entry' : `${names.length.toLocaleString()} entries, one for each key`}.
      </p>
    <//>
  `;
};
