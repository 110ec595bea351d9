/**
 * A grid of any length; only the rows on screen are in the DOM. All rows have the same height: at least the stylesheet's
 * (`--row`), and always enough for the text, however large the reader makes it. The window scrolls, as on any page. Up, Down,
 * Home, End and the page keys move the active row. One row may have something of any height under it. On paper, the list has all
 * rows up to a bound.
 */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { isTyping } from './events.ts';
import { focusSearch } from './focus.ts';

interface Props<Item> {
  label: string;
  items: readonly Item[];
  keyOf: (item: Item) => string;
  /** The row of column headers. */
  head: ComponentChildren;
  /** Cells as tall as those of any row. They are never seen: their height is that of all rows. */
  sample: ComponentChildren;
  /** The cells of a row. Only the controls of the active row are in the Tab order. */
  row: (item: Item, isActive: boolean) => ComponentChildren;
  /** Handles a key pressed on a row, a letter also on something in it. Returns false if the key means nothing here. */
  onKey: (item: Item, key: string) => boolean;
  /** Called for a click on a row, beside everything that reacts by itself. */
  onOpen?: (item: Item) => void;
  /** The key of the row that `below` stands under, if there is one. */
  open?: string | null;
  below?: (item: Item) => ComponentChildren;
  /** The key of a row to move to, once. */
  arrived?: string | null;
  onArrived?: () => void;
}

/** Rows rendered above and below the visible ones, so that scrolling does not outrun rendering. */
const spareRows = 6;
/** The height until the rows are measured. */
const usualRowPixels = 44;
/** Some fifty sheets. */
const maxPrintedRows = 1000;

export const VirtualList = <Item>({
  label,
  items,
  keyOf,
  head,
  sample,
  row,
  onKey,
  onOpen = () => {},
  open = null,
  below = () => null,
  arrived = null,
  onArrived,
}: Props<Item>) => {
  const body = useRef<HTMLDivElement>(null);
  const probe = useRef<HTMLDivElement>(null);
  const rowHeight = useSignal(usualRowPixels);
  const range = useSignal({ first: 0, end: 20 });
  const isOnPaper = useSignal(false);
  const active = useSignal(0);
  const activeIndex = Math.min(active.value, Math.max(0, items.length - 1));
  const isMoving = useRef(false);
  const under = useRef<HTMLDivElement>(null);
  const openIndex = open === null ? -1 : items.findIndex((item) => keyOf(item) === open);
  const isOpen = openIndex >= 0;
  /** What lies between the rows up to the open one and those after it. */
  const gap = useRef<Gap>(noGap);
  const gapHeight = useSignal(0);
  /** How far the list was above the window's top when somebody last looked. */
  const above = useRef(0);
  gap.current = isOpen ? { after: openIndex, height: gapHeight.value } : noGap;

  // A row that was not in the DOM gets the focus as soon as it is rendered, not a frame later: the next key press is meant
  // for it.
  useLayoutEffect(() => {
    if (!isMoving.current) return;
    isMoving.current = false;
    focusRow(body.current, activeIndex);
  });

  useLayoutEffect(() => {
    const look = () => {
      if (!body.current || isOnPaper.value) return;
      above.current = -body.current.getBoundingClientRect().top;
      const next = visibleRange(body.current, rowHeight.value, gap.current);
      if (next.first !== range.value.first || next.end !== range.value.end) range.value = next;
    };
    const measure = () => {
      const height = probe.current?.getBoundingClientRect().height;
      if (height && body.current && height !== rowHeight.value) {
        keepPlace(body.current, (above.current / rowHeight.value) * height, items.length * height);
        rowHeight.value = height;
      }
      look();
    };
    measure();
    const watching = new ResizeObserver(measure);
    if (probe.current) watching.observe(probe.current);
    const listening = new AbortController();
    const { signal } = listening;
    // Where text grows and the window scrolls in the same frame, this comes before the observer: the old place is still needed then.
    addEventListener('scroll', measure, { passive: true, signal });
    addEventListener('resize', measure, { signal });
    addEventListener('beforeprint', () => (isOnPaper.value = true), { signal });
    addEventListener('afterprint', () => (isOnPaper.value = false), { signal });
    return () => {
      watching.disconnect();
      listening.abort();
    };
  }, [items.length, openIndex, gapHeight.value]);

  useLayoutEffect(() => {
    const element = under.current;
    if (!element) return;
    const watching = new ResizeObserver(() => {
      const { height } = element.getBoundingClientRect();
      if (height > gapHeight.value) element.scrollIntoView({ block: 'nearest' });
      gapHeight.value = height;
    });
    watching.observe(element);
    return () => {
      watching.disconnect();
      gapHeight.value = 0;
    };
  }, [open, isOpen]);

  const moveTo = (index: number) => {
    active.value = Math.max(0, Math.min(items.length - 1, index));
    if (!body.current) return;
    scrollToRow(body.current, topOf(active.value, rowHeight.value, gap.current), rowHeight.value);
    range.value = visibleRange(body.current, rowHeight.value, gap.current);
    isMoving.current = !focusRow(body.current, active.value);
  };

  useLayoutEffect(() => {
    const index = arrived === null ? -1 : items.findIndex((item) => keyOf(item) === arrived);
    if (index < 0) return;
    onArrived?.();
    moveTo(index);
  }, [arrived, items]);

  const onKeyDown = (event: KeyboardEvent) => {
    const isOnRow = event.target instanceof HTMLElement && event.target.getAttribute('role') === 'row';
    const item = items[activeIndex];
    if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || !item) return;
    const target = destinations[event.key]?.(activeIndex, items.length);
    const isLetter = event.key.length === 1 && event.key !== ' ';
    if (event.key === 'ArrowUp' && activeIndex === 0) focusSearch();
    else if (target !== undefined) moveTo(target);
    else if (!(isOnRow || isLetter) || !onKey(item, event.key)) return;
    event.preventDefault();
  };

  const seen = isOnPaper.value ? { first: 0, end: maxPrintedRows - spareRows } : range.value;
  const shown = indexesShown(seen, isOnPaper.value ? [] : [activeIndex, openIndex], items.length);
  return html`
    <div class="grid panel" role="grid" aria-label=${label} aria-rowcount=${items.length + 1}>
      <div class="grid-head note" role="rowgroup"><div role="row" class="grid-row" aria-rowindex=${1}>${head}</div></div>
      <div
        class="grid-body" role="rowgroup" ref=${body} onKeyDown=${onKeyDown}
        style=${{ '--all-rows': `${items.length * rowHeight.value + gap.current.height}px`, '--measured': `${rowHeight.value}px` }}
      >
        ${shown.flatMap((index) => {
          const item = items[index] as Item;
          const isActive = index === activeIndex;
          const listed = html`
            <div
              key=${keyOf(item)} role="row" class="grid-row" data-index=${index} aria-rowindex=${index + 2}
              tabindex=${isActive ? 0 : -1} style=${{ '--top': `${topOf(index, rowHeight.value, gap.current)}px` }}
              onFocusIn=${() => (active.value = index)} onClick=${(event: MouseEvent) => isMeant(event) && onOpen(item)}
            >
              ${row(item, isActive)}
            </div>
          `;
          if (index !== openIndex) return [listed];
          const top = `${(index + 1) * rowHeight.value}px`;
          return [
            listed,
            html`<div key=${-1} role="row" class="grid-below" ref=${under} style=${{ '--top': top }}><div role="gridcell">${below(item)}</div></div>`,
          ];
        })}
      </div>
      <div class="grid-probe" aria-hidden="true"><div class="grid-row" ref=${probe}>${sample}</div></div>
      ${
        items.length > maxPrintedRows &&
        html`<p class="on-paper note">The first ${maxPrintedRows.toLocaleString()} of ${items.length.toLocaleString()}. Search for a part of the list to print the rest.</p>`
      }
    </div>
  `;
};

/** Whether a click is on the row itself. Who marks a text does not want to go elsewhere. */
const isMeant = ({ target, button, defaultPrevented }: MouseEvent) =>
  button === 0 &&
  !defaultPrevented &&
  !(target as Element).closest('a, button, input, label, select') &&
  getSelection()?.isCollapsed !== false;

interface Range {
  first: number;
  end: number;
}

/** Keeps the same row at the top of the window when all rows become taller or shorter, and perhaps what is above them too. */
const keepPlace = (body: HTMLElement, above: number, height: number) => {
  if (above <= 0) return;
  body.style.setProperty('--all-rows', `${height}px`);
  scrollBy(0, above + body.getBoundingClientRect().top);
};

/** Rows after this one are moved down by so many pixels. */
interface Gap {
  after: number;
  height: number;
}
const noGap: Gap = { after: -1, height: 0 };

const topOf = (index: number, height: number, gap: Gap) => index * height + (index > gap.after ? gap.height : 0);

/** The row at so many pixels from the top of the first one. */
const rowAt = (pixels: number, height: number, { after, height: more }: Gap) => {
  const edge = (after + 1) * height;
  return Math.floor((pixels > edge ? Math.max(edge, pixels - more) : pixels) / height);
};

const visibleRange = (body: HTMLElement, height: number, gap: Gap): Range => {
  const above = Math.max(0, -body.getBoundingClientRect().top);
  return { first: rowAt(above, height, gap), end: rowAt(above + innerHeight, height, gap) + 2 };
};

/** Those that are kept are always in the DOM: the active row keeps the focus, and what is under the open one stays. */
const indexesShown = ({ first, end }: Range, kept: readonly number[], count: number): number[] => {
  const from = Math.max(0, first - spareRows);
  const to = Math.min(count, end + spareRows);
  const indexes = Array.from({ length: Math.max(0, to - from) }, (_, offset) => from + offset);
  const others = kept.filter((index) => index >= 0 && index < count && (index < from || index >= to));
  return others.length > 0 ? [...new Set([...indexes, ...others])].sort((a, b) => a - b) : indexes;
};

const rowsPerPage = 10;

/** Where each key moves the active row. */
const destinations: Record<string, (at: number, count: number) => number> = {
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  PageDown: (at) => at + rowsPerPage,
  PageUp: (at) => at - rowsPerPage,
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** Keeps the row clear of the sticky bars at the top and the bottom. */
const scrollToRow = (body: HTMLElement, offset: number, height: number) => {
  const top = body.getBoundingClientRect().top + offset;
  const clearance = 2 * height;
  if (top < clearance) scrollBy(0, top - clearance);
  else if (top + height > innerHeight - clearance) scrollBy(0, top + height - innerHeight + clearance);
};

/** Returns whether the row is in the DOM. */
const focusRow = (body: HTMLElement | null, index: number): boolean => {
  const row = body?.querySelector<HTMLElement>(`[data-index="${index}"]`);
  row?.focus({ preventScroll: true });
  return row != null;
};
