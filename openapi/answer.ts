/** Compares an answer with what the API document says of its route. Tests do that with every answer that they get. */
import * as v from 'valibot';
import { error, unavailable } from '../worker/answers/parts.ts';
import { problem } from '../worker/answers/problem.ts';
import { api } from '../worker/app.ts';
import { requestedBy } from '../worker/http/route.ts';
import type { Description } from './description.ts';
import { statusesOf } from './document.ts';
import { descriptions } from './routes.ts';

interface Answered {
  method: string;
  /** Without a base path. */
  pathname: string;
  status: number;
  /** The JSON of the answer; undefined if it has none. */
  body: unknown;
  /** Its Content-Type. */
  type: string | null;
}

/** What in an answer is not in the document; null if it fits, or if the request is for no route that the document has. */
export function undocumented({ method, pathname, status, body, type }: Answered): string | null {
  const described = descriptionOf(method === 'HEAD' ? 'GET' : method, pathname);
  if (!described || body === undefined) return null;
  const where = `${method} ${pathname} answered ${status}`;
  if (!described.statuses.includes(status)) return `${where}, which the API document does not have.`;
  const schema = type === 'application/problem+json' ? problem : schemaOf(described.description, status);
  const { success, issues } = v.safeParse(schema, body);
  return success ? null : `${where}: ${issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`).join(' ')}`;
}

function schemaOf({ answers }: Description, status: number): v.GenericSchema {
  return answers[status as keyof typeof answers] ?? (status === 503 ? unavailable : error);
}

const routes = api
  .flatMap((part) => part.routes)
  .filter(({ method }) => method !== 'ALL')
  .map(({ method, path, handler }) => ({
    method,
    pattern: new RegExp(`^${path.replace(/:\w+\{\.\+\}/, '.+').replaceAll(/:\w+/g, '[^/]+')}$`),
    description: descriptions[`${method} ${path}`],
    handler,
  }));

function descriptionOf(method: string, pathname: string) {
  const found = routes.find((route) => route.method === method && route.pattern.test(pathname));
  if (!found?.description) return null;
  return {
    description: found.description,
    statuses: statusesOf(requestedBy(found.handler) ?? { schemas: {}, isOpen: true }, found.description),
  };
}
