/** From the schemas that validate to JSON Schema (draft 2020-12), which OpenAPI 3.1 uses. */
import { type JsonSchema, type OverrideActionContext, toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import * as keys from '../worker/answers/keys.ts';
import * as log from '../worker/answers/log.ts';
import * as parts from '../worker/answers/parts.ts';
import * as people from '../worker/answers/people.ts';
import { problem } from '../worker/answers/problem.ts';
import * as projects from '../worker/answers/projects.ts';
import * as tokens from '../worker/answers/tokens.ts';

/** The schemas that have a name in the document, and in clients that are made of it. */
const named: Record<string, GenericSchema> = {
  Error: parts.error,
  Problem: problem,
  Done: parts.done,
  Key: keys.key,
  ListedKey: keys.listedKey,
  KeyList: keys.keyList,
  Version: keys.version,
  VersionList: keys.versionList,
  TrashedKey: keys.trashedKey,
  Trash: keys.trash,
  Project: projects.project,
  ProjectList: projects.projectList,
  ProjectWithMembers: projects.projectWithMembers,
  Member: projects.member,
  Token: tokens.token,
  TokenList: tokens.tokenList,
  MadeToken: tokens.madeToken,
  LogEntry: log.logEntry,
  LogList: log.logList,
  Session: people.session,
  ListedSession: people.listedSession,
  User: people.user,
  UserList: people.userList,
};

/** A schema of a request, as JSON Schema of what is sent. */
export function ofRequest(schema: GenericSchema<unknown, unknown>): JsonSchema {
  return finished(convert(schema), (converted) => {
    // In a query a number is text, and so is its default.
    if (converted.type === 'integer' && typeof converted.default === 'string') {
      converted.default = Number(converted.default);
    }
  });
}

/** A schema of an answer. Where it has a name, a reference to it. */
export function ofAnswer(schema: GenericSchema): JsonSchema {
  const name = Object.keys(named).find((each) => named[each] === schema);
  return name === undefined ? open(convert(schema, named)) : { $ref: `#/components/schemas/${name}` };
}

/** All schemas of answers that have names. */
export function namedSchemas(): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(named).map(([name, schema]) => {
      const { [name]: _, ...others } = named;
      return [name, open(convert(schema, others))];
    }),
  );
}

function convert(schema: GenericSchema<unknown, unknown>, definitions: Record<string, GenericSchema> = {}): JsonSchema {
  const {
    $schema: _,
    $defs: __,
    ...converted
  } = toJsonSchema(schema, {
    target: 'draft-2020-12',
    typeMode: 'input',
    definitions,
    ignoreActions: ['partial_check', 'raw_check'],
    overrideAction: ofCheck,
    // What it looks like, the metadata beside it say.
    overrideSchema: ({ valibotSchema, jsonSchema }) => (valibotSchema.type === 'custom' ? jsonSchema : null),
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  });
  return converted;
}

/** A check says nothing about the form of what it checks, except for one that bounds its bytes. */
function ofCheck({ valibotAction, jsonSchema }: OverrideActionContext): JsonSchema | null {
  if (valibotAction.type !== 'check') return null;
  const { maxBytes } = valibotAction as { maxBytes?: number };
  return maxBytes === undefined
    ? jsonSchema
    : { ...jsonSchema, maxLength: maxBytes, ...bytesNoted(jsonSchema, maxBytes) };
}

function bytesNoted({ description }: JsonSchema, maxBytes: number) {
  return description === undefined ? { description: `At most ${maxBytes} bytes in UTF-8.` } : {};
}

/** Answers may get new fields, so a client has to accept more than it knows. The tests do not. */
function open(schema: JsonSchema): JsonSchema {
  return finished(schema, (converted) => {
    if (converted.additionalProperties === false) delete converted.additionalProperties;
  });
}

/** Converts the schemas of valibot among the keywords, and changes each schema. */
function finished(schema: JsonSchema, change: (schema: JsonSchema) => void): JsonSchema {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    if (isValibot(value)) return walk(convert(value));
    const copy = Object.fromEntries(
      Object.entries(value).flatMap(([key, part]) => (part === undefined ? [] : [[key, walk(part)]])),
    );
    change(copy);
    return copy;
  };
  return walk(schema) as JsonSchema;
}

function isValibot(value: object): value is GenericSchema {
  return 'kind' in value && value.kind === 'schema';
}
