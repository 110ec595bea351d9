/**
 * The answer to HEAD: the headers of a GET (RFC 9110, section 9.3.2), and how long the body would be, which the runtime only
 * knows of a body that is sent. Hono runs the route for GET.
 */
export const withoutBody = async (response: Response): Promise<Response> => {
  if (!response.body || response.headers.has('Content-Encoding')) return response;
  const { byteLength } = await response.arrayBuffer();
  const head = new Response(null, response);
  head.headers.delete('Transfer-Encoding');
  head.headers.set('Content-Length', String(byteLength));
  return head;
};
