/** The chart of activity over time. Its caption and its label give the numbers as text, for screen readers too. */
import { html } from 'htm/preact';
import { useRetry } from '../parts/retry.ts';
import { Segmented } from '../parts/segmented.ts';
import { type Bar, barsOf, highest, type Per, spanText } from './bars.ts';
import type { CountedActivity, LogsModel } from './model.ts';

const choices = [
  { value: 'hour', text: 'Hours' },
  { value: 'day', text: 'Days' },
] as const;

export const Chart = ({ model }: { model: LogsModel }) => {
  const { answer, error, load } = model.activity;
  useRetry(error.value, load);
  const counted = answer.value;
  const bars = counted && barsOf(counted.activity, counted.per, Date.now());
  return html`
    <figure class="chart panel">
      <div class="chart-head row ends note">
        <figcaption>
          ${counted && bars ? html`<${Caption} bars=${bars} counted=${counted} />` : error.value && 'The activity could not be loaded.'}
        </figcaption>
        <${Segmented} label="Activity per" value=${model.per.value} choices=${choices} onChange=${model.setPer} />
      </div>
      ${counted && bars ? html`<${Bars} bars=${bars} counted=${counted} />` : html`<div class="chart-space" />`}
    </figure>
  `;
};

interface Props {
  bars: readonly Bar[];
  counted: CountedActivity;
}

const Caption = ({ bars, counted: { per, isFiltered, complete_from } }: Props) => {
  const allowed = bars.reduce((sum, bar) => sum + bar.allowed, 0);
  const refused = bars.reduce((sum, bar) => sum + bar.refused, 0);
  return html`
    <strong>${(allowed + refused).toLocaleString()}</strong>
    <span>${isFiltered ? 'matching events' : 'events'} in the ${spanText(per)}</span>
    <span class=${refused > 0 ? 'legend-refused' : 'legend-quiet'}>${refused.toLocaleString()} refused</span>
    ${complete_from && html`<span>Counted since ${partText.format(Date.parse(complete_from))}: the log is too long to count more.</span>`}
  `;
};

const width = 960;
const height = 96;
const gap = 4;
/** A bar for a single event stays visible. */
const minBarHeight = 3;

const Bars = ({ bars, counted: { per, isFiltered } }: Props) => {
  const most = highest(bars);
  const step = width / bars.length;
  const scale = (count: number) => (count === 0 ? 0 : Math.max(minBarHeight, (count / most) * (height - 4)));
  return html`
    <svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label=${summary(bars, per, isFiltered)}>
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
            <title>${barText(bar, per)}</title>
            <rect class="bar-back" x=${x} y="0" width=${step - gap} height=${height} />
            <rect class="bar-allowed" x=${x} y=${height - allowed} width=${step - gap} height=${allowed} />
            <rect class="bar-refused" x=${x} y=${height - allowed - refused} width=${step - gap} height=${refused} fill="url(#hatch)" />
          </g>
        `;
      })}
    </svg>
    <div class="chart-scale ends soft" aria-hidden="true"><span>${moment(bars[0], per)}</span><span>${per === 'hour' ? 'now' : 'today'}</span></div>
  `;
};

const hourText = new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: '2-digit', minute: '2-digit' });
/** A day's bar has its date in UTC. */
const dayText = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const partText = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

const moment = (bar: Bar | undefined, per: Per) => (bar ? (per === 'hour' ? hourText : dayText).format(bar.time) : '');

const barText = (bar: Bar, per: Per) => `${moment(bar, per)}: ${bar.allowed} allowed, ${bar.refused} refused`;

const summary = (bars: readonly Bar[], per: Per, isFiltered: boolean) => {
  const busiest = bars.reduce((best, bar) => (bar.allowed + bar.refused > best.allowed + best.refused ? bar : best));
  const what = isFiltered ? 'Matching activity' : 'Activity';
  return `${what} in the ${spanText(per)}, one bar per ${per}. Busiest: ${barText(busiest, per)}.`;
};
