import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { api, basePath } from '../api/client.ts';
import type { Loaded } from '../api/loaded.ts';
import type { Health } from '../api/wire.ts';
import { Button, IconButton } from '../parts/button.ts';
import { Mark, NameMark } from '../parts/mark.ts';
import { PageHead } from '../parts/page-head.ts';
import { ShortcutTable } from '../parts/shortcuts.ts';
import { Content } from '../parts/state.ts';
import { Ago } from '../parts/time.ts';
import { complain } from '../parts/toast.ts';

export const AboutPage = ({ health, isAdmin }: { health: Loaded<Health>; isAdmin: boolean }) => html`
  <${PageHead} title="About"><${IconButton} icon="refresh" label="Check again" onClick=${() => void health.load()} /><//>
  <div class="cards">
    <section class="card panel about-name">
      <div class="row"><${Mark} size=${44} /><${NameMark} /></div>
      <p>A vault for a small team’s API keys. Keys are encrypted before they are stored, and every access is logged.</p>
      <${Content} of=${health} failure="Could not load the vault’s health" waiting="Loading the vault’s health…">
        ${(answer: Health) => html`<${Facts} health=${answer} />`}
      <//>
    </section>
    <section class="card panel" aria-labelledby="programs-title">
      <h2 id="programs-title">For programs</h2>
      <p class="soft">Programs can do everything that you can do here. Sign in to get a token, then request a key by its name:</p>
      <pre class="snippet well" tabindex=${0} role="group" aria-label="Example">${example(location.origin + basePath)}</pre>
      <p class="links mono"><a href=${`${basePath}/docs`}>/docs</a><a href=${`${basePath}/health`}>/health</a><a href=${`${basePath}/health/live`}>/health/live</a></p>
    </section>
    ${isAdmin && html`<${LogKey} />`}
    <section class="card panel" aria-labelledby="shortcuts-title">
      <h2 id="shortcuts-title">Keyboard shortcuts</h2>
      <${ShortcutTable} />
    </section>
  </div>
`;

/** Reading it is in the log, so it is not read before somebody asks. */
const LogKey = () => {
  const key = useSignal('');
  const show = async () => {
    key.value = await api.logKey();
  };
  return html`
    <section class="card panel" aria-labelledby="log-key-title">
      <h2 id="log-key-title">The key of the log</h2>
      <p class="soft">Checkpoints of the access log are signed with it. Keep a copy outside this vault: with it others can tell whether the log was changed.</p>
      ${
        key.value
          ? html`<pre class="snippet well" tabindex=${0} role="group" aria-label="Public key">${key.value}</pre>`
          : html`<${Button} onClick=${() => void show().catch(complain)}>Show the public key<//>`
      }
    </section>
  `;
};

const example = (vault: string) => `curl ${vault}/auth/login \\
  -H 'Content-Type: application/json' \\
  -d '{"username": "…", "password": "…"}'

curl ${vault}/keys/KEY_NAME \\
  -H "Authorization: Bearer $TOKEN"`;

const states: Record<string, { kind: string; word: string }> = {
  healthy: { kind: 'good', word: 'Healthy' },
  degraded: { kind: 'bad', word: 'A key is missing' },
  seal_broken: { kind: 'bad', word: 'Changed from outside' },
};

const Facts = ({ health }: { health: Health }) => {
  const { kind, word } = states[health.reason ?? health.status] ??
    states[health.status] ?? { kind: 'bad', word: 'Unhealthy' };
  return html`
    <dl class="pairs">
      <dt class="soft">Version</dt><dd>${health.version ?? 'unknown'}</dd>
      <dt class="soft">Health</dt><dd><span class="status ${kind}">${word}</span></dd>
      <dt class="soft">Checked</dt><dd><${Ago} time=${health.timestamp} /></dd>
    </dl>
    ${(health.error ?? health.warning) && html`<p class="form-problem row" role="alert">${health.error ?? health.warning}</p>`}
  `;
};
