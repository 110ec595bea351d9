/** The parameters of a route: those in its path, its query and its headers. */
import type { JsonSchema } from '@valibot/to-json-schema';
import { maxIdempotencyKeyCharacters } from '../core/limits.ts';
import type { Schemas } from '../worker/http/input.ts';
import type { Requested } from '../worker/http/route.ts';
import type { Example } from './description.ts';
import { ofRequest } from './json-schema.ts';

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: JsonSchema;
  description?: string;
  example?: unknown;
}

/** A path with the parameters as clients call them. */
export function wirePath(path: string): string {
  return path
    .split('/')
    .map((part) => (part.startsWith(':') ? `{${parameterName(path, part.slice(1).replace('{.+}', ''))}}` : part))
    .join('/');
}

/** Parameters have short names in the code. */
function parameterName(path: string, name: string): string {
  if (name === 'name' && path.startsWith('/keys/')) return 'key_name';
  if (name !== 'id') return name;
  return path.startsWith('/users/') ? 'user_id' : path.startsWith('/tokens/') ? 'token_id' : name;
}

/** The parameters as the document has them, with those of the example. */
export function parametersOf(
  path: string,
  { schemas: { path: inPath, query, headers: inHeader }, takesKey }: Requested,
  example: Example,
): Parameter[] {
  const named = (given: Record<string, string> | undefined, name: string, { type }: JsonSchema) =>
    given?.[name] === undefined ? {} : { example: type === 'integer' ? Number(given[name]) : given[name] };
  return [
    ...fieldsOf(inPath).map(({ name, schema }) => ({
      ...parameter('path', parameterName(path, name), schema, true),
      ...named(example.path, name, schema),
    })),
    ...fieldsOf(query).map(({ name, schema, isRequired }) => ({
      ...parameter('query', name, schema, isRequired),
      ...named(example.query, name, schema),
    })),
    ...fieldsOf(inHeader).map(({ schema, isRequired }) => ({
      ...parameter('header', 'If-Match', schema, isRequired),
      description: 'The ETag of an answer: nothing is changed if the key has another revision by now.',
    })),
    ...(takesKey ? [idempotencyKey] : []),
  ];
}

const idempotencyKey: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: { type: 'string', minLength: 1, maxLength: maxIdempotencyKeyCharacters, pattern: '^[!#-+\\--:<-\\[\\]-~]+$' },
  description:
    'A name for this request, such as a UUID. If it is sent again within 24 hours, with the same name, it is not carried out again: the answer is that of the first time.',
};

function parameter(place: Parameter['in'], name: string, schema: JsonSchema, required: boolean): Parameter {
  return { name, in: place, required, schema };
}

/** The fields of an object, or of several in one. */
function fieldsOf(schema: Schemas['path']): { name: string; schema: JsonSchema; isRequired: boolean }[] {
  if (!schema) return [];
  const whole = ofRequest(schema);
  const objects = (whole.allOf ?? [whole]) as JsonSchema[];
  return objects.flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties).map(([name, field]) => ({
      name,
      schema: field as JsonSchema,
      isRequired: required.includes(name),
    })),
  );
}
