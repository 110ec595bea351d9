/** The state of service tokens: the list, the open dialog, and the secret that was just made, which is nowhere else. */
import { computed, signal } from '@preact/signals';
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import { fetchAll } from '../api/paged.ts';
import type { MadeToken, NewToken, Token, TokenAccess } from '../api/wire.ts';

export type Open = { kind: 'new' } | { kind: 'rotate' | 'revoke'; token: Token } | { kind: 'made'; made: MadeToken };

/** What was typed of a token that is being made. */
export interface Draft {
  name: string;
  /** Empty for a token of one's own. */
  project: string;
  access: TokenAccess;
  /** One in each line. */
  scopes: string;
  /** Days; empty for never. */
  days: string;
  /** With commas, blanks or line ends between them. */
  addresses: string;
}

export const emptyDraft: Draft = { name: '', project: '', access: 'read', scopes: '', days: '90', addresses: '' };

export const tokensModel = () => {
  const list = loaded(fetchTokens);
  const open = signal<Open | null>(null);
  /** The contents of the open form. They survive the page, so that nothing typed is lost when the session ends. */
  const draft = signal<Draft>(emptyDraft);
  const isTyped = computed(() => open.value?.kind === 'new' && draft.value !== emptyDraft);
  const show = (next: Open | null) => {
    draft.value = emptyDraft;
    open.value = next;
  };
  const showMade = async (making: Promise<MadeToken>) => {
    show({ kind: 'made', made: await making });
    await list.load();
  };
  return {
    list,
    open,
    draft,
    isTyped,
    show,
    edit: (fields: Partial<Draft>) => {
      draft.value = { ...draft.value, ...fields };
    },
    add: (token: NewToken) => showMade(api.addToken(token)),
    rotate: (id: number, graceMinutes: number) => showMade(api.rotateToken(id, graceMinutes)),
    revoke: async (id: number) => {
      await api.revokeToken(id);
      await list.load();
    },
  };
};

export type TokensModel = ReturnType<typeof tokensModel>;

const fetchTokens = (): Promise<Token[]> =>
  fetchAll(async (after) => {
    const { tokens, next } = await api.tokens(after);
    return { items: tokens, next: next === undefined ? undefined : String(next) };
  });
