/** The OpenAPI 3.1 document: of the routes of the worker, their schemas of requests, and what `routes.ts` says of them. */
import type { JsonSchema } from '@valibot/to-json-schema';
import { version } from '../core/version.ts';
import { error, unavailable } from '../worker/answers/parts.ts';
import { problem as problemDetails } from '../worker/answers/problem.ts';
import { api } from '../worker/app.ts';
import { type Requested, requestedBy } from '../worker/http/route.ts';
import { type Description, tags } from './description.ts';
import { namedSchemas, ofAnswer, ofRequest } from './json-schema.ts';
import { type Parameter, parametersOf, wirePath } from './parameters.ts';
import { descriptions } from './routes.ts';

interface Media {
  schema: JsonSchema;
  example?: unknown;
}

export interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  security: Record<string, string[]>[];
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Record<string, Media> };
  responses: Record<string, Response | { $ref: string }>;
}

interface Response {
  description: string;
  headers?: object;
  links?: Record<string, object>;
  content: Record<string, Media>;
}

export interface Document {
  openapi: string;
  info: { title: string; version: string; description: string; license: object };
  servers: object[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, object>;
}

/** Every route of the API, as `GET /keys/:name`. */
export const routes: string[] = api.flatMap((part) =>
  part.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`),
);

/** The document. A route that nothing describes is not in it. */
export function makeDocument(): Document {
  const paths: Document['paths'] = {};
  for (const { method, path, handler } of api.flatMap((part) => part.routes)) {
    const described = descriptions[`${method} ${path}`];
    if (!described) continue;
    const made = operation(path, requestedBy(handler) ?? { schemas: {}, isOpen: true }, described);
    paths[wirePath(path)] = { ...paths[wirePath(path)], [method.toLowerCase()]: made };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Keystore', version, description: about, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/', description: 'The vault that serves this document' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: namedSchemas(),
      responses: Object.fromEntries(Object.keys(problems).map((status) => [`Error${status}`, problem(Number(status))])),
      headers,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'The token that signing in answers, or a service token.',
        },
      },
    },
  };
}

const about = `A vault where a team keeps its API keys. JSON in, JSON out; times are ISO 8601 in UTC.

An error is \`{"error": "what is wrong and what to do"}\` with a status from 400 on, or problem details (RFC 9457) for a request with \`Accept: application/problem+json\`. Beside those that are named here, a path has 405 for other methods, and the server before the vault may answer with 408, 413, 414, 429, 431, 502 or 504 in the same form. Fields that a request has beyond its schema are ignored; answers may get more fields in later versions.

The browser UI uses the same API with a cookie in place of the token, which counts for pages of the vault alone. The command line \`keystore\`, which the vault serves at \`/cli/keystore.mjs\`, uses it with a token.`;

function operation(path: string, requested: Requested, described: Description): Operation {
  const { schemas, isOpen } = requested;
  const { id, tag, summary, description, example } = described;
  return {
    operationId: id,
    summary,
    ...(description !== undefined && { description }),
    tags: [tag],
    security: isOpen ? [] : [{ bearer: [] }],
    parameters: parametersOf(path, requested, example),
    ...(schemas.body && {
      requestBody: {
        required: !schemas.isBodyOptional,
        content: { [json]: { schema: ofRequest(schemas.body), example: example.body } },
      },
    }),
    responses: responsesOf(requested, described),
  };
}

const json = 'application/json';

/** What each error means, whatever the route. */
const problems: Record<number, string> = {
  400: 'Something in the request is not valid.',
  401: 'There is no valid token, or user name and password do not fit.',
  403: 'You may not do this.',
  404: 'It does not exist, or you do not reach it.',
  409: 'Something is in the way, such as a name that is taken.',
  412: 'The key has another revision than If-Match asks for.',
  413: 'The body is too large.',
  414: 'The URL is too long.',
  415: 'The body is not sent as JSON.',
  422: 'Another request had this Idempotency-Key in the last 24 hours.',
  429: 'A limit is reached. The header Retry-After says when to try again.',
  500: 'A stored value could not be decrypted, or an internal error. Nothing was changed.',
  503: 'The vault cannot serve now. Nothing was changed.',
};

const headers = {
  ETag: { description: 'The revision of the key, for If-Match.', schema: { type: 'string', pattern: '^"\\d+"$' } },
  'Trash-Id': { description: 'The number of the key in the trash.', schema: { type: 'integer', format: 'int64' } },
  'Idempotent-Replayed': {
    description: 'Says true where the request had been carried out before, and this is the answer of then.',
    schema: { const: 'true' },
  },
  'Retry-After': { description: 'In so many seconds.', schema: { type: 'integer', format: 'int64' } },
};

function problem(status: number): Response {
  const schema = ofAnswer(status === 503 ? unavailable : error);
  const isLater = status === 429;
  return {
    description: problems[status] ?? '',
    ...(isLater && { headers: headerRefs(['Retry-After']) }),
    content: { [json]: { schema }, ...asProblem },
  };
}

/** RFC 9457. */
const asProblem = { 'application/problem+json': { schema: ofAnswer(problemDetails) } };

function headerRefs(names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Restoring a version needs a number in its body, and every key has the version 1. */
function linked(links: NonNullable<Description['links']>) {
  return Object.fromEntries(
    Object.entries(links).map(([operationId, parameters]) => [
      operationId,
      { operationId, parameters, ...(operationId.startsWith('restoreVersion') && { requestBody: { version: 1 } }) },
    ]),
  );
}

/** The statuses that a route can answer by the parts that it has. */
export function statusesOf(
  { schemas, isOpen, takesKey }: Requested,
  { id, answers, errors = [] }: Description,
): number[] {
  const isProbe = isOpen && !schemas.body;
  const found = [
    ...Object.keys(answers).map(Number),
    ...(isProbe ? [] : [429, 500, 503]),
    ...(isOpen ? [] : [401, 403]),
    ...(id === 'signIn' ? [401, 403] : []),
    ...(schemas.path || schemas.query || schemas.headers || schemas.body ? [400] : []),
    ...(schemas.query ? [414] : []),
    ...(schemas.headers ? [412] : []),
    ...(takesKey ? [422] : []),
    ...(schemas.body ? [413, 415] : []),
    ...errors,
  ];
  return [...new Set(found)].sort((one, other) => one - other);
}

function responsesOf(requested: Requested, described: Description): Operation['responses'] {
  const { id, answers, links, example } = described;
  const given = [...(described.headers ?? []), ...(requested.takesKey ? (['Idempotent-Replayed'] as const) : [])];
  const response = (status: number): Response | { $ref: string } => {
    const schema = answers[status as keyof typeof answers];
    if (!schema) return { $ref: `#/components/responses/Error${status}` };
    const isGood = status < 300;
    return {
      description: isGood ? described.summary : (problems[status] ?? ''),
      ...(isGood && given.length > 0 && { headers: headerRefs(given) }),
      ...(isGood && links && { links: linked(links) }),
      content: {
        [(isGood && described.type) || json]: {
          schema: ofAnswer(schema),
          ...(isGood && { example: example.answer }),
        },
        ...(isGood && described.otherType && { [described.otherType]: { schema: { type: 'string' } } }),
        ...(!isGood && id !== 'health' && asProblem),
      },
    };
  };
  return Object.fromEntries(statusesOf(requested, described).map((status) => [status, response(status)]));
}
