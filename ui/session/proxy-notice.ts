import { html } from 'htm/preact';
import { session } from './model.ts';

/** For admins: records that something other than the vault has changed. */
export const SealNotice = () => {
  const names = session.value?.broken_seals ?? [];
  if (names.length === 0) return null;
  return html`
    <aside class="panel note proxy-notice" aria-label="Changed from outside">
      <p>
        Something other than this vault has changed <strong class="verbatim">${names.slice(0, 10).join(', ')}</strong>${names.length > 10 ? ` and ${names.length - 10} more` : ''}
        in the database. The vault does not trust ${names.length === 1 ? 'this record' : 'these records'}: requests that need it are refused and logged. Find out who can
        write the database, then restore a backup.
      </p>
    </aside>
  `;
};

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
