/**
 * The chart of activity over time, in which a range of time is chosen: by dragging, or with the arrow keys. Its caption and its label
 * give the numbers as text, for screen readers too.
 */
import { html } from 'htm/preact';
import { IconButton } from '../parts/button.ts';
import { useRetry } from '../parts/retry.ts';
import { Segmented } from '../parts/segmented.ts';
import { type Bar, barsOf, highest, type Per, spanText, type Window } from './bars.ts';
import { Brush } from './brush.ts';
import type { CountedActivity, LogsModel } from './model.ts';
import { barsIn, rangeText } from './range.ts';

const choices = [
  { value: 'hour', text: 'Hours' },
  { value: 'day', text: 'Days' },
] as const;

export const Chart = ({ model }: { model: LogsModel }) => {
  const { answer, error, load } = model.activity;
  useRetry(error.value, load);
  const counted = answer.value;
  const bars = counted && barsOf(counted.activity, counted.window, undefined, counted.step * 1000);
  const range = model.range.value;
  const chosen = bars && range && barsIn(bars, counted.window.per, range);
  return html`
    <figure class="chart panel">
      <div class="chart-head row ends note">
        <figcaption>
          ${counted && bars ? html`<${Caption} bars=${chosen ? bars.slice(chosen[0], chosen[1] + 1) : bars} counted=${counted} span=${spanOf(counted.window, chosen && range)} />` : error.value && 'The activity could not be loaded.'}
        </figcaption>
        <div class="row">
          <${IconButton} icon="back" label="Earlier" onClick=${() => model.goBack(1)} />
          <${IconButton} icon="forth" label="Later" disabled=${model.back.value === 0} onClick=${() => model.goBack(-1)} />
          <${Segmented} label="Activity per" value=${model.per.value} choices=${choices} onChange=${model.setPer} />
        </div>
      </div>
      ${counted && bars ? html`<${Brush} bars=${bars} per=${counted.window.per} chosen=${chosen} textOf=${barText} onRange=${model.setRange}><${Bars} bars=${bars} counted=${counted} /><//>` : html`<div class="chart-space" />`}
    </figure>
  `;
};

const spanOf = ({ per, isLast, until, count }: Window, range: { from: number; to: number } | null) => {
  if (range) return `, ${rangeText(range)}`;
  return isLast ? ` in the ${spanText(per)}` : ` in the ${count} ${per}s until ${partText.format(until)}`;
};

interface Props {
  bars: readonly Bar[];
  counted: CountedActivity;
}

const Caption = ({ bars, counted: { isFiltered, complete_from }, span }: Props & { span: string }) => {
  const allowed = bars.reduce((sum, bar) => sum + bar.allowed, 0);
  const refused = bars.reduce((sum, bar) => sum + bar.refused, 0);
  return html`
    <strong>${(allowed + refused).toLocaleString()}</strong>
    <span>${isFiltered ? 'matching events' : 'events'}${span}</span>
    <span class=${refused > 0 ? 'legend-refused' : 'legend-quiet'}>${refused.toLocaleString()} refused</span>
    ${complete_from && html`<span>Counted since ${partText.format(Date.parse(complete_from))}: the log is too long to count more.</span>`}
  `;
};

const width = 960;
const height = 96;
/** A bar for a single event stays visible. */
const minBarHeight = 3;

const Bars = ({ bars, counted: { window, isFiltered } }: Props) => {
  const most = highest(bars);
  const step = width / bars.length;
  const gap = Math.min(4, step / 4);
  const scale = (count: number) => (count === 0 ? 0 : Math.max(minBarHeight, (count / most) * (height - 4)));
  return html`
    <svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label=${summary(bars, window, isFiltered)}>
      <defs>
        <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="5" height="5" class="hatch-ground" /><rect width="2" height="5" class="hatch-line" />
        </pattern>
      </defs>
      ${bars.map((bar, index) => {
        const [allowed, refused] = [scale(bar.allowed), scale(bar.refused)];
        const x = index * step + gap / 2;
        return html`
          <g key=${bar.time}>
            <title>${barText(bar, window.per)}</title>
            <rect class="bar-back" x=${x} y="0" width=${step - gap} height=${height} />
            <rect class="bar-allowed" x=${x} y=${height - allowed} width=${step - gap} height=${allowed} />
            <rect class="bar-refused" x=${x} y=${height - allowed - refused} width=${step - gap} height=${refused} fill="url(#hatch)" />
          </g>
        `;
      })}
    </svg>
    <div class="chart-scale ends soft" aria-hidden="true"><span>${moment(bars[0], window.per)}</span><span>${window.isLast ? (window.per === 'hour' ? 'now' : 'today') : moment(bars.at(-1), window.per)}</span></div>
  `;
};

const hourText = new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: 'numeric', minute: '2-digit' });
/** A day's bar has its date in UTC. */
const dayText = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const partText = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: 'numeric',
  minute: '2-digit',
});

const moment = (bar: Bar | undefined, per: Per) => (bar ? (per === 'hour' ? hourText : dayText).format(bar.time) : '');

const barText = (bar: Bar, per: Per) => `${moment(bar, per)}: ${bar.allowed} allowed, ${bar.refused} refused`;

const summary = (bars: readonly Bar[], window: Window, isFiltered: boolean) => {
  const busiest = bars.reduce((best, bar) => (bar.allowed + bar.refused > best.allowed + best.refused ? bar : best));
  const what = isFiltered ? 'Matching activity' : 'Activity';
  return `${what}${spanOf(window, null)}, one bar per ${window.per}. Busiest: ${barText(busiest, window.per)}.`;
};
