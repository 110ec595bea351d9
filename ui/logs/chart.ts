/** The chart of activity over time. Its caption and its label give the numbers as text, for screen readers too. */
import { html } from 'htm/preact';
import { Segmented } from '../parts/segmented.ts';
import { type Bar, barsOf, highest, type Per, spanText } from './bars.ts';
import type { LogsModel } from './model.ts';

const choices = [
  { value: 'hour', text: 'Hours' },
  { value: 'day', text: 'Days' },
] as const;

export const Chart = ({ model }: { model: LogsModel }) => {
  const per = model.per.value;
  const answer = model.activity.answer.value;
  const bars = answer && barsOf(answer, per, Date.now());
  return html`
    <figure class="chart panel">
      <div class="chart-head row ends note">
        <${Caption} bars=${bars ?? []} per=${per} />
        <${Segmented} label="Activity per" value=${per} choices=${choices} onChange=${model.setPer} />
      </div>
      ${bars ? html`<${Bars} bars=${bars} per=${per} />` : html`<div class="chart-space" />`}
    </figure>
  `;
};

const Caption = ({ bars, per }: { bars: Bar[]; per: Per }) => {
  const allowed = bars.reduce((sum, bar) => sum + bar.allowed, 0);
  const refused = bars.reduce((sum, bar) => sum + bar.refused, 0);
  return html`
    <figcaption>
      <strong>${(allowed + refused).toLocaleString()}</strong> events in the ${spanText(per)}
      <span class=${refused > 0 ? 'legend-refused' : 'legend-quiet'}>${refused.toLocaleString()} refused</span>
    </figcaption>
  `;
};

const width = 960;
const height = 96;
const gap = 4;
/** A bar for a single event stays visible. */
const minBarHeight = 3;

const Bars = ({ bars, per }: { bars: Bar[]; per: Per }) => {
  const most = highest(bars);
  const step = width / bars.length;
  const scale = (count: number) => (count === 0 ? 0 : Math.max(minBarHeight, (count / most) * (height - 4)));
  return html`
    <svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label=${summary(bars, per)}>
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
    <div class="chart-scale ends soft" aria-hidden="true"><span>${moment(bars[0], per)}</span><span>now</span></div>
  `;
};

const hourText = new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: '2-digit', minute: '2-digit' });
const dayText = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });

const moment = (bar: Bar | undefined, per: Per) => (bar ? (per === 'hour' ? hourText : dayText).format(bar.time) : '');

const barText = (bar: Bar, per: Per) => `${moment(bar, per)}: ${bar.allowed} allowed, ${bar.refused} refused`;

const summary = (bars: readonly Bar[], per: Per) => {
  const busiest = bars.reduce((best, bar) => (bar.allowed + bar.refused > best.allowed + best.refused ? bar : best));
  return `Activity in the ${spanText(per)}, one bar per ${per}. Busiest: ${barText(busiest, per)}.`;
};
