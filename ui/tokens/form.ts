/** The form of a new token: what it reaches is picked or typed, and shown before it is made. */
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import type { Project, TokenAccess } from '../api/wire.ts';
import { typed } from '../parts/events.ts';
import { Field, unmanaged } from '../parts/field.ts';
import { useForm } from '../parts/form.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { Segmented } from '../parts/segmented.ts';
import { choices, preview, scopesIn, tokenOf } from './draft.ts';
import type { Draft, TokensModel } from './model.ts';

const fields = {
  name: { label: 'The name' },
  scopes: {
    label: 'Scopes',
    also: [
      'A scope ',
      'In a scope',
      'A token of the project',
      'The name in the scope',
      'Each of scopes',
      'Remove the white',
    ],
  },
  allowed_addresses: { label: 'The addresses', also: ['allowed_addresses: ', 'Each of allowed'] },
  project: { label: 'The project' },
};

export const accesses = [
  { value: 'read', text: 'Read' },
  { value: 'write', text: 'Write' },
  { value: 'manage', text: 'Manage' },
  { value: 'audit', text: 'Audit' },
] as const;

const accessHints: Record<TokenAccess, string> = {
  read: 'Lists and reads keys.',
  write: 'Also adds, changes and deletes keys, and restores them from the trash.',
  manage: 'Also destroys keys for good, and takes them out of a project.',
  audit: 'Reads the log of the whole vault and its proofs, and no keys.',
};

const lives = [
  ['30', '30 days'],
  ['90', '90 days'],
  ['365', 'A year'],
  ['', 'Never'],
] as const;

interface Props {
  model: TokensModel;
  /** The keys that one reaches. */
  names: readonly string[];
  /** The projects that one manages. */
  projects: readonly Project[];
  /** Only admins make tokens for the log, and only for themselves. */
  isAdmin: boolean;
}

export const NewTokenForm = ({ model, names, projects, isAdmin }: Props) => {
  const { task, problem, errorAt, edited } = useForm(fields, { 404: 'project' });
  const draft = model.draft.value;
  const offered = accesses.filter(({ value }) => value !== 'audit' || (isAdmin && draft.project === ''));
  const edit = (change: Partial<Draft>, field: keyof typeof fields) => {
    model.edit(change);
    edited(field);
  };
  return html`
    <${FormDialog}
      title="New service token" action="Make token" task=${task} problem=${problem} isTyped=${model.isTyped.value}
      onSubmit=${() => model.add(tokenOf(model.draft.value))} onClose=${() => model.show(null)}
    >
      <${Field} label="Name" hint="What will use it. The access log shows this name." error=${errorAt('name')}>
        ${(field: object) => html`<input
          ...${field} ...${unmanaged} name="token_name" required autofocus value=${draft.name}
          onInput=${(event: Event) => edit({ name: typed(event) }, 'name')}
        />`}
      <//>
      ${
        projects.length > 0 &&
        html`<${Field}
          label="Belongs to" error=${errorAt('project')}
          hint=${draft.project === '' ? 'It ends with your account.' : 'It stays when people leave, and reaches only this project.'}
        >
          ${(
            field: object,
          ) => html`<select ...${field} value=${draft.project} onChange=${(event: Event) => edit({ project: typed(event), scopes: '', ...(draft.access === 'audit' && { access: 'read' }) }, 'project')}>
            <option value="">You</option>
            ${projects.map(({ name }) => html`<option key=${name} value=${name}>Project ${shown(name)}</option>`)}
          </select>`}
        <//>`
      }
      ${draft.access !== 'audit' && html`<${Scopes} draft=${draft} names=${names} error=${errorAt('scopes')} onEdit=${(scopes: string) => edit({ scopes }, 'scopes')} />`}
      <div class="field">
        <span class="label">Access</span>
        <${Segmented} label="Access" value=${draft.access} choices=${offered} onChange=${(access: TokenAccess) => model.edit({ access })} />
        <p class="hint note" role="status">${accessHints[draft.access]}</p>
      </div>
      <${Field} label="Expires after">
        ${(
          field: object,
        ) => html`<select ...${field} value=${draft.days} onChange=${(event: Event) => model.edit({ days: typed(event) })}>
          ${lives.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}
        </select>`}
      <//>
      <${Field} label="Only from these addresses" hint="Such as 10.0.0.0/8, 2001:db8::/32. Empty for anywhere." error=${errorAt('allowed_addresses')}>
        ${(field: object) => html`<input
          ...${field} ...${unmanaged} name="token_addresses" autocapitalize="none" spellcheck=${false} value=${draft.addresses}
          onInput=${(event: Event) => edit({ addresses: typed(event) }, 'allowed_addresses')}
        />`}
      <//>
    <//>
  `;
};

interface ScopesProps {
  draft: Draft;
  names: readonly string[];
  error: string | null;
  onEdit: (scopes: string) => void;
}

const Scopes = ({ draft, names, error, onEdit }: ScopesProps) => {
  const add = (event: Event) => {
    const scope = typed(event);
    (event.currentTarget as HTMLSelectElement).value = '';
    if (scope !== '') onEdit([...scopesIn(draft.scopes), scope].join('\n'));
  };
  return html`
    <${Field}
      label="Scopes" error=${error}
      hint=${html`One in a line: the name of a key, or a folder such as <code class="verbatim">shop/prod/*</code>, or <code>*</code> for everything.`}
    >
      ${(field: object) => html`<textarea
        ...${field} ...${unmanaged} name="token_scopes" required rows=${3} autocapitalize="none" spellcheck=${false} value=${draft.scopes}
        onInput=${(event: Event) => onEdit(typed(event))}
      ></textarea>`}
    <//>
    <select class="input" aria-label="Add a folder to the scopes" onChange=${add}>
      <option value="">Add a folder…</option>
      ${choices(names, draft.project).map((scope) => html`<option key=${scope} value=${scope}>${scope === '*' ? 'Everything (*)' : shown(scope)}</option>`)}
    </select>
    <${Reached} draft=${draft} names=${names} />
  `;
};

const maxShown = 6;

const Reached = ({ draft, names }: { draft: Draft; names: readonly string[] }) => {
  const reached = preview(draft, names);
  const text = () => {
    if (!Array.isArray(reached)) return reached.problem;
    if (scopesIn(draft.scopes).length === 0) return 'Pick what the token reaches.';
    if (reached.length === 0) return 'Reaches none of the keys that there are now.';
    const rest = reached.length - maxShown;
    const some = reached.slice(0, maxShown).map(shown).join(', ');
    return `Reaches ${reached.length} of your ${names.length} keys: ${some}${rest > 0 ? `, and ${rest} more` : ''}.`;
  };
  return html`<p class="token-reach note verbatim" role="status">${text()}</p>`;
};
