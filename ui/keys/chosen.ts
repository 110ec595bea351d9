/** The key that the address names, which is shown on a page of its own beside the list, and the ways to it and back. */
import { computed } from '@preact/signals';
import { exchange, leaveOver, visit, visitOver } from '../parts/layers.ts';
import { askFirst } from '../parts/unsaved.ts';
import { goAnyway, href, type Route, route } from '../shell/router.ts';

/** Empty for none. On the page of a project, the list beside it is that of the project. */
export const nameIn = ({ page, item, query }: Route): string => {
  if (page === 'keys') return item;
  return page === 'projects' ? (query.key ?? '') : '';
};

/** Whether the page has the list of keys, and with it the dialogs about them. */
export const showsKeys = ({ page, item, query }: Route): boolean =>
  page === 'keys' || (page === 'projects' && item !== '' && query.view !== 'members');

/** The same place with another key, or with none. A key that is not in the project is shown beside the list of all. */
export const withName = ({ page, item, query }: Route, name: string): Route => {
  const { key: _, ...rest } = query;
  if (page === 'projects' && item !== '' && (name === '' || name.startsWith(`${item}/`)))
    return { page, item, query: name === '' ? rest : { ...rest, key: name } };
  return { page: 'keys', item: name, query: page === 'keys' ? query : {} };
};

/** The address of a key, to be sent to somebody. */
export const linkTo = (name: string): string => location.href.split('#')[0] + href('keys', {}, name);

interface Form {
  isTyped: { value: boolean };
  close: () => void;
}

export const chosenKey = (form: Form) => {
  const name = computed(() => nameIn(route.value));
  /** Whether the list is what Back leads to. */
  let isOverList = false;
  let last = '';

  /** Does something that leaves the open form behind. */
  const leavingForm = (leave: () => void) =>
    askFirst(form.isTyped.value, () => {
      form.close();
      leave();
    });

  const leave = () => goAnyway(withName(route.value, ''), isOverList ? leaveOver : exchange);

  return {
    name,
    leavingForm,

    /** Opens the page of a key. From key to key, Back does not go through them all. */
    open: (next: string) => {
      if (next === name.value) return;
      leavingForm(() => {
        const isNext = name.value !== '';
        const to = withName(route.value, next);
        if (!isNext)
          isOverList = route.value.page === to.page && route.value.item === (to.page === 'keys' ? '' : to.item);
        goAnyway(to, isNext ? exchange : isOverList ? visitOver : visit);
      });
    },

    close: () => leavingForm(leave),

    /** The key has another name now; null if it is gone. */
    follow: (before: string, now: string | null) => {
      if (name.value !== before || before === '') return;
      if (now === null) leave();
      else goAnyway(withName(route.value, now), exchange);
    },

    /** Takes notice of another address. Returns the name of the key whose page was left for the list; empty if none was. */
    settle: (): string => {
      const left = name.value === '' && ['keys', 'projects'].includes(route.value.page) ? last : '';
      if (name.value === '') isOverList = false;
      last = name.value;
      return left;
    },
  };
};
