/** The keys that need care: fetched after the list of keys, for the count in the sidebar, and again when their page opens. */
import { computed } from '@preact/signals';
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import type { CareKey, CareReason } from '../api/wire.ts';
import { route, setQuery } from '../shell/router.ts';

/** The order in which the page offers them. */
export const reasons: readonly CareReason[] = [
  'rotation_overdue',
  'expiring',
  'owner_inactive',
  'same_value',
  'unchanged',
  'unused',
];

export const careModel = () => {
  const list = loaded(api.care);
  const only = computed(() => reasons.find((reason) => reason === route.value.query.show) ?? null);
  const keys = computed((): readonly CareKey[] => list.answer.value?.keys ?? []);
  return {
    list,
    /** The reason that the address names; null for all. */
    only,
    shown: computed(() => {
      const reason = only.value;
      return reason === null ? keys.value : keys.value.filter((key) => key.reasons.includes(reason));
    }),
    counts: computed(
      () => new Map(reasons.map((reason) => [reason, keys.value.filter((key) => key.reasons.includes(reason)).length])),
    ),
    /** For the sidebar; empty for none. */
    countText: computed(() => {
      const count = keys.value.length;
      return count === 0 ? '' : `${count.toLocaleString()}${list.answer.value?.more ? '+' : ''}`;
    }),
    showOnly: (reason: CareReason | null) => setQuery({ show: reason ?? '' }),
  };
};

export type CareModel = ReturnType<typeof careModel>;
