/** Service tokens: which there are, what they reach, when they were last used, and whether they are still needed. */
import { html } from 'htm/preact';
import { useLayoutEffect } from 'preact/hooks';
import { shown } from '../../core/text.ts';
import type { Loaded } from '../api/loaded.ts';
import type { Project, Token } from '../api/wire.ts';
import { Button, IconButton } from '../parts/button.ts';
import { PageHead } from '../parts/page-head.ts';
import { Blank, Content } from '../parts/state.ts';
import { Ago, now, Until } from '../parts/time.ts';
import { href } from '../shell/router.ts';
import { Revoke, Rotate } from './dialogs.ts';
import { accesses, NewTokenForm } from './form.ts';
import { MadeDialog } from './made.ts';
import type { TokensModel } from './model.ts';
import { hasEnded, warningsOf } from './warnings.ts';

export interface TokensProps {
  model: TokensModel;
  me: string;
  isAdmin: boolean;
  keys: Loaded<readonly { name: string }[]>;
  projects: Loaded<Project[]>;
}

export const TokensPage = (props: TokensProps) => {
  const { model, keys } = props;
  // The form shows which keys a token reaches.
  useLayoutEffect(() => {
    if (keys.answer.value === null) void keys.load();
  }, [keys]);
  return html`
    <${PageHead} title="Service tokens" lead="How programs sign in: each with a token of its own, which reaches only what it needs.">
      <${IconButton} icon="refresh" label="Refresh" onClick=${() => void model.list.load()} />
      <${Button} kind="primary" icon="plus" data-new onClick=${() => model.show({ kind: 'new' })}>New token<//>
    <//>
    <${Content} of=${model.list} failure="Could not load the tokens" waiting="Loading the tokens…">
      ${(tokens: Token[]) => html`<${Lists} ...${props} tokens=${tokens} />`}
    <//>
    <${OpenDialog} ...${props} />
  `;
};

const Lists = ({ tokens, ...props }: TokensProps & { tokens: Token[] }) => {
  const at = Math.max(now.value, Date.now());
  const live = tokens.filter((token) => !hasEnded(token, at));
  const ended = tokens.filter((token) => hasEnded(token, at));
  return html`
    ${
      live.length > 0
        ? html`<ul class="panel trash token-list" aria-label="Tokens that work">${live.map((token) => html`<${Item} key=${token.id} ...${props} token=${token} at=${at} />`)}</ul>`
        : html`<${Blank} icon="chip" title="No token works"><p>A program with a token reads keys without anybody's password.</p><//>`
    }
    ${
      ended.length > 0 &&
      html`<details class="token-ended">
        <summary>Revoked and expired (${ended.length})</summary>
        <ul class="panel trash token-list" aria-label="Revoked and expired tokens">${ended.map((token) => html`<${Item} key=${token.id} ...${props} token=${token} at=${at} />`)}</ul>
      </details>`
    }
  `;
};

const Item = ({ model, me, token, at }: TokensProps & { token: Token; at: number }) => {
  const { name, owner, project, scopes, access, allowed_addresses, last_used_at, last_used_address } = token;
  const isOver = hasEnded(token, at);
  const label = shown(name);
  return html`
    <li class="trash-item">
      <div class="cell-name">
        <p class="token-name row">
          <strong class="row-name cut" title=${label}><bdi>${label}</bdi></strong>
          <span class="badge">${accesses.find(({ value }) => value === access)?.text}</span>
          ${warningsOf(token, at).map((text) => html`<span key=${text} class="badge warn">${text}</span>`)}
        </p>
        <p class="note verbatim cut" title=${scopes.map(shown).join(', ')}>${access === 'audit' ? 'the log, and no keys' : scopes.map(shown).join(', ')}</p>
        <p class="note">
          ${project === null ? html`Of ${owner === me ? 'you' : html`<bdi>${shown(owner ?? '')}</bdi>`}` : html`Of the project <bdi>${shown(project)}</bdi>`}
          ${' · '}${last_used_at === null ? 'never used' : html`<a href=${href('logs', { user: owner ?? project ?? '', address: last_used_address ?? '' })}>last used <${Ago} time=${last_used_at} /></a>${last_used_address !== null && html` from <span class="verbatim">${last_used_address}</span>`}`}
          ${' · '}<${End} token=${token} />
          ${token.grace_ends_at !== null && html` · the secret before works until <${Until} time=${token.grace_ends_at} />`}
          ${allowed_addresses.length > 0 && html` · only from <span class="verbatim">${allowed_addresses.join(', ')}</span>`}
        </p>
      </div>
      ${
        !isOver &&
        html`<div class="trash-actions row">
          ${(owner === null || owner === me) && html`<${Button} icon="refresh" aria-label="Rotate ${label}" onClick=${() => model.show({ kind: 'rotate', token })}>Rotate<//>`}
          <${IconButton} icon="refuse" label="Revoke ${label}" onClick=${() => model.show({ kind: 'revoke', token })} />
        </div>`
      }
    </li>
  `;
};

const End = ({ token: { revoked_at, expires_at } }: { token: Token }) => {
  if (revoked_at !== null) return html`revoked <${Ago} time=${revoked_at} />`;
  return expires_at === null ? 'does not expire' : html`expires <${Until} time=${expires_at} />`;
};

const OpenDialog = ({ model, isAdmin, keys, projects }: TokensProps) => {
  const open = model.open.value;
  const names = (keys.answer.value ?? []).map(({ name }) => name);
  switch (open?.kind) {
    case 'new': {
      const managed = (projects.answer.value ?? []).filter(({ role }) => isAdmin || role === 'manager');
      return html`<${NewTokenForm} model=${model} names=${names} projects=${managed} isAdmin=${isAdmin} />`;
    }
    case 'made':
      return html`<${MadeDialog} key=${open.made.token} model=${model} made=${open.made} names=${names} />`;
    case 'rotate':
      return html`<${Rotate} key=${open.token.id} model=${model} token=${open.token} />`;
    case 'revoke':
      return html`<${Revoke} key=${open.token.id} model=${model} token=${open.token} />`;
    case undefined:
      return null;
  }
};
