/** Stands in for the vault's worker in the launcher's tests: shows what it was given, and keeps notes in D1. */
interface Bindings {
  DB: D1Database;
  ASSETS: Fetcher;
  SECRET_KEY: string;
}

export default {
  async fetch(request: Request, env: Bindings): Promise<Response> {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case '/health':
        return health(env);
      case '/health/live':
        return Response.json({ status: 'alive' });
      case '/bindings':
        return Response.json(Object.fromEntries(Object.entries(env).filter(([, value]) => typeof value === 'string')));
      case '/headers':
        return Response.json(Object.fromEntries(request.headers));
      case '/notes':
        if (request.method === 'POST') {
          await env.DB.prepare('INSERT INTO notes VALUES (?)')
            .bind(await request.text())
            .run();
        }
        return Response.json((await env.DB.prepare('SELECT text FROM notes').all()).results.map(({ text }) => text));
      case '/complain':
        console.error('\u001b[31mred\u0007 alert', { pathname });
        return new Response('complained');
      default:
        return env.ASSETS.fetch(request);
    }
  },
};

async function health(env: Bindings): Promise<Response> {
  if (env.SECRET_KEY === 'wrong') {
    return Response.json({ status: 'unhealthy', reason: 'keys', error: 'This is the wrong key.' }, { status: 503 });
  }
  await env.DB.prepare('SELECT count(*) FROM notes').all();
  return Response.json({ status: 'healthy' });
}
