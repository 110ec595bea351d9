/**
 * The path of a request's URL. The same as `new URL(url).pathname`, since the URL of a Request is normalised and what reaches the
 * worker has no fragment; without parsing it again.
 */
export function pathnameOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('//') + 2);
  const end = url.indexOf('?', start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}
