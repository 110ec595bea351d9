import { html } from 'htm/preact';
import { useLayoutEffect } from 'preact/hooks';
import type { Health } from '../api/wire.ts';
import { IconButton } from '../parts/button.ts';
import { Mark, NameMark } from '../parts/mark.ts';
import { PageHead } from '../parts/page-head.ts';
import { ShortcutTable } from '../parts/shortcuts.ts';
import { Failed, Waiting } from '../parts/state.ts';
import { Ago } from '../parts/time.ts';
import type { AboutModel } from './model.ts';

export const AboutPage = ({ model }: { model: AboutModel }) => {
  useLayoutEffect(() => void model.health.load(), [model]);
  return html`
    <${PageHead} title="About"><${IconButton} icon="refresh" label="Check again" onClick=${() => void model.health.load()} /><//>
    <div class="cards">
      <section class="card about-name">
        <div class="gate-brand"><${Mark} size=${44} /><${NameMark} /></div>
        <p>A vault where a small team keeps its API keys: encrypted before they are stored, and every look at one is logged.</p>
        <${Condition} model=${model} />
      </section>
      <section class="card" aria-labelledby="programs-title">
        <h2 id="programs-title">For programs</h2>
        <p class="soft">Everything here is a route of the API. Sign in for a token, then ask for a key by its name:</p>
        <pre class="snippet" tabindex="0" role="group" aria-label="Example">${example(location.origin)}</pre>
        <p class="links"><a href="/health">/health</a><a href="/health/live">/health/live</a></p>
      </section>
      <section class="card" aria-labelledby="shortcuts-title">
        <h2 id="shortcuts-title">Keyboard</h2>
        <${ShortcutTable} />
      </section>
    </div>
  `;
};

const example = (origin: string) => `curl ${origin}/auth/login \\
  -H 'Content-Type: application/json' \\
  -d '{"username": "…", "password": "…"}'

curl ${origin}/keys/KEY_NAME \\
  -H "Authorization: Bearer $TOKEN"`;

const Condition = ({ model }: { model: AboutModel }) => {
  const { answer, error, load } = model.health;
  if (error.value)
    return html`<${Failed} error=${error.value} title="The vault’s health could not be fetched" onRetry=${load} />`;
  if (!answer.value) return html`<${Waiting}>Asking the vault…<//>`;
  return html`<${Facts} health=${answer.value} />`;
};

const Facts = ({ health }: { health: Health }) => {
  const isHealthy = health.status === 'healthy';
  return html`
    <dl class="pairs">
      <dt>Version</dt><dd>${health.version ?? 'unknown'}</dd>
      <dt>Health</dt><dd><span class="status ${isHealthy ? 'good' : 'bad'}">${isHealthy ? 'Healthy' : 'Not healthy'}</span></dd>
      <dt>Checked</dt><dd><${Ago} time=${health.timestamp} /></dd>
    </dl>
    ${health.error && html`<p class="form-problem" role="alert">${health.error}</p>`}
  `;
};
