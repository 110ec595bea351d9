/** From a request to the input of an operation: path, query and body, each checked by a schema. */
import { routePath } from 'hono/route';
import * as v from 'valibot';
import { maxAttemptedTargetCharacters } from '../../core/limits.ts';
import { pathnameOf } from '../../core/pathname.ts';
import { shown } from '../../core/text.ts';
import type { ErrorStatus } from '../wire/reply.ts';
import { bodyOf } from './body.ts';
import type { AppContext } from './context.ts';

type Schema = v.GenericSchema<unknown, unknown>;

/** The schemas of a route. The outputs of all of them together are the operation's input. */
export interface Schemas {
  path?: Schema;
  query?: Schema;
  /** Of the headers by their names in lower case. */
  headers?: Schema;
  body?: Schema;
  /** Then a request without a body counts as one with the body {}. */
  isBodyOptional?: true;
  /** What the body may have, where it is more than usual. */
  maxBodyBytes?: number;
}

type Output<Part> = Part extends Schema ? v.InferOutput<Part> : object;
export type InputOf<Asked extends Schemas> = Output<Asked['path']> &
  Output<Asked['query']> &
  Output<Asked['headers']> &
  Output<Asked['body']>;

/** `json` is the body. */
type Parsed<Input> = { input: Input; json: unknown } | { status: ErrorStatus; error: string };

/** The input, or the first thing that is wrong with the request. */
export const parseInput = async <Input>(c: AppContext, schemas: Schemas): Promise<Parsed<Input>> => {
  const { path, query, headers, body, isBodyOptional, maxBodyBytes } = schemas;
  const read = body ? await bodyOf(c.req.raw, isBodyOptional, maxBodyBytes) : { json: undefined };
  if ('error' in read) return read;
  const parts = [
    [path, parametersOf(c)],
    [query, c.req.query()],
    [headers, headers && Object.fromEntries(c.req.raw.headers)],
    [body, read.json],
  ] as const;
  const input = {};
  for (const [schema, given] of parts) {
    if (!schema) continue;
    const result = v.safeParse(schema, given, { abortEarly: true });
    if (!result.success) return { status: 400, error: result.issues[0].message };
    Object.assign(input, result.output);
  }
  return { input: input as Input, json: read.json };
};

const parametersOf = (c: AppContext) => pathParameters(routePath(c), pathnameOf(c.req.url));

/**
 * The parameters of a path by their names, such as `name` in `/keys/:name`, each decoded once. Stricter than Hono's
 * `c.req.param`, which leaves what it cannot decode as it is: `/keys/%` and `/keys/%25` would name the same secret.
 */
export const pathParameters = (pattern: string, pathname: string): Record<string, string> => {
  const places = placesIn(pattern);
  if (places.length === 0) return {};
  const segments = pathname.split('/');
  return Object.fromEntries(
    places.map(([name, index, isRest]) => {
      const given = isRest ? segments.slice(index).join('/') : segments[index];
      return [name, decoded(given ?? '')];
    }),
  );
};

/** The parameters of a pattern and the segments that they stand for. There are as many patterns as routes. */
const placesOf = new Map<string, Place[]>();
type Place = [name: string, index: number, isRest: boolean];

/** What `:name{.+}` at the end of a pattern stands for is all the rest, with its slashes. */
const rest = '{.+}';

const placesIn = (pattern: string) => {
  let places = placesOf.get(pattern);
  if (places === undefined) {
    places = pattern
      .split('/')
      .flatMap((part, index): Place[] =>
        part.startsWith(':') ? [[part.slice(1).replace(rest, ''), index, part.endsWith(rest)]] : [],
      );
    placesOf.set(pattern, places);
  }
  return places;
};

/** What cannot be decoded becomes a lone surrogate: no name may contain one, so it fails the schema's first check. */
const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '\ud800';
  }
};

/** What the log calls the target of an invalid request. Its invisible characters are made visible; its length is bounded. */
export const attemptedTarget = (c: AppContext): string | null => {
  const given = Object.values(parametersOf(c))[0];
  return given === undefined ? null : attemptedText(given);
};

export const attemptedText = (given: string): string =>
  [...shown(given.toWellFormed())].slice(0, maxAttemptedTargetCharacters).join('');
