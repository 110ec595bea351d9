/** Chooses a range of bars: by dragging over them, or with the arrow keys; Shift extends the range, Escape takes it back. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { Bar, Per } from './bars.ts';
import type { Range } from './query.ts';
import { rangeOf } from './range.ts';

/** The bar where it began, and the one where it ends so far. */
type Span = readonly [from: number, to: number];

interface Props {
  bars: readonly Bar[];
  per: Per;
  chosen: readonly [first: number, last: number] | null;
  textOf: (bar: Bar, per: Per) => string;
  onRange: (range: Range | null) => void;
  children: ComponentChildren;
}

export const Brush = ({ bars, per, chosen, textOf, onRange, children }: Props) => {
  const area = useRef<HTMLDivElement>(null);
  const dragged = useSignal<Span | null>(null);
  /** Where the keyboard is, and where its range began. */
  const cursor = useSignal<Span | null>(null);
  const last = bars.length - 1;
  const at = Math.min(cursor.value?.[1] ?? chosen?.[1] ?? last, last);

  const choose = ([from, to]: Span) => {
    cursor.value = [from, to];
    onRange(rangeOf(bars, per, from, to));
  };
  const clear = () => {
    dragged.value = null;
    cursor.value = null;
    onRange(null);
  };
  const barAt = (event: PointerEvent) => {
    const { left, width } = area.current?.getBoundingClientRect() ?? { left: 0, width: 1 };
    return Math.max(0, Math.min(last, Math.floor(((event.clientX - left) / width) * bars.length)));
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    area.current?.setPointerCapture(event.pointerId);
    dragged.value = [barAt(event), barAt(event)];
  };
  const onPointerMove = (event: PointerEvent) => {
    if (dragged.value) dragged.value = [dragged.value[0], barAt(event)];
  };
  const onPointerUp = () => {
    const span = dragged.value;
    dragged.value = null;
    if (span) onRange(rangeOf(bars, per, span[0], span[1]));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (next !== undefined) {
      const to = Math.max(0, Math.min(last, next));
      const from = event.shiftKey ? (cursor.value?.[0] ?? chosen?.[0] ?? at) : to;
      if (event.shiftKey) choose([from, to]);
      else cursor.value = [to, to];
    } else if (event.key === 'Enter' || event.key === ' ') choose([at, at]);
    else if (event.key === 'Escape' && (chosen || dragged.value)) clear();
    else return;
    event.preventDefault();
  };

  const marked = dragged.value ?? chosen;
  const text = [
    bars[at] ? textOf(bars[at], per) : '',
    chosen && bars[chosen[0]] && bars[chosen[1]] && `Chosen: ${chosen[1] - chosen[0] + 1} ${per}s`,
  ];
  return html`
    <div
      class="brush" ref=${area} onPointerDown=${onPointerDown} onPointerMove=${onPointerMove} onPointerUp=${onPointerUp}
      onPointerCancel=${() => (dragged.value = null)}
    >
      ${children}
      ${marked && html`<${Mark} kind="chosen" span=${marked} count=${bars.length} />`}
      ${cursor.value && html`<${Mark} kind="cursor" span=${[at, at]} count=${bars.length} />`}
      <div
        class="brush-keys" role="slider" tabindex=${0} aria-label="Range of time" aria-valuemin=${0} aria-valuemax=${last} aria-valuenow=${at}
        aria-valuetext=${text.filter(Boolean).join('. ')} title="Drag to choose a range of time. With the keyboard: arrows, Shift and arrows, Enter, Escape."
        onKeyDown=${onKeyDown} onBlur=${() => (cursor.value = null)}
      />
    </div>
  `;
};

const Mark = ({ kind, span: [one, other], count }: { kind: string; span: Span; count: number }) => {
  const [first, last] = [Math.min(one, other), Math.max(one, other)];
  const style = { left: `${(first / count) * 100}%`, width: `${((last - first + 1) / count) * 100}%` };
  return html`<div class="brush-mark ${kind}" style=${style} />`;
};
