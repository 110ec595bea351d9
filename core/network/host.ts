/** Whether a text is a host, as a Host header names it (RFC 9110, section 7.2). */

const hostForm = /^(?=.{1,255}$)(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** A name, an IPv4 address or an IPv6 address in brackets, each with or without a port. */
export function isHost(text: string): boolean {
  return hostForm.test(text);
}
