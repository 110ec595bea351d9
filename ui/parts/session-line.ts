/** A session in a list: with which program, from where, since when and until when. */
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import type { ListedSession } from '../api/wire.ts';
import { Ago, Until } from './time.ts';
import { readableUserAgent } from './user-agent.ts';

export const SessionLine = ({ one, children }: { one: ListedSession; children: ComponentChildren }) => html`
  <li class="session row ends">
    <div>
      <p><strong title=${one.user_agent}>${readableUserAgent(one.user_agent)}</strong>${one.is_current && html` <span class="badge">this session</span>`}</p>
      <p class="note"><span class="verbatim">${one.ip_address}</span> · signed in <${Ago} time=${one.created_at} /> · expires <${Until} time=${one.expires_at} /></p>
    </div>
    ${children}
  </li>
`;
