import { html } from 'htm/preact';
import { session } from './model.ts';

/** For admins: addresses that look like proxies which TRUSTED_PROXIES does not name. */
export const ProxyNotice = () => {
  const addresses = session.value?.likely_proxies ?? [];
  if (addresses.length === 0) return null;
  return html`
    <aside class="panel note proxy-notice" aria-label="Probably a proxy">
      <p>
        Sign-ins of many accounts have failed from <strong class="verbatim">${addresses.join(', ')}</strong>. If that is a proxy in
        front of this vault, name it in <code>TRUSTED_PROXIES</code>: until then everybody behind it counts as one address, and the
        log shows the proxy’s address as theirs.
      </p>
    </aside>
  `;
};
