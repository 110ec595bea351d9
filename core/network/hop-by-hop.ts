/**
 * Headers that a server does not pass on to the worker: they concern one connection only (RFC 9110, section 7.6.1), or the
 * body, which the worker gets whole. In lower case.
 */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
