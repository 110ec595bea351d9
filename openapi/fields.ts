/** The fields of a schema as rows of a table: what is nested has the path to it as its name. */
import type { JsonSchema } from '@valibot/to-json-schema';
import type { Document } from './document.ts';

interface Field {
  name: string;
  type: string;
  about: string;
  isRequired: boolean;
}

/** All fields of an object, those of objects in it included, such as `keys[].key_name`. */
export function fieldsIn(document: Document, schema: JsonSchema, before = ''): Field[] {
  const { properties = {}, required = [] } = resolve(document, schema);
  return Object.entries(properties).flatMap(([key, given]) => {
    const field = resolve(document, given as JsonSchema);
    const name = before + key;
    const items = itemsOf(document, field);
    return [
      { name, type: typeOf(document, field), about: aboutOf(field), isRequired: required.includes(key) },
      ...(items ? fieldsIn(document, items, `${name}[].`) : fieldsIn(document, field, `${name}.`)),
    ];
  });
}

function resolve({ components }: Document, schema: JsonSchema): JsonSchema {
  if (schema.$ref === undefined) return schema;
  return (components.schemas as Record<string, JsonSchema>)[schema.$ref.split('/').at(-1) ?? ''] ?? {};
}

function itemsOf(document: Document, { items }: JsonSchema): JsonSchema | null {
  return items === undefined ? null : resolve(document, items as JsonSchema);
}

function typeOf(document: Document, schema: JsonSchema): string {
  const { anyOf, enum: choices, const: only, type, format } = resolve(document, schema);
  if (anyOf) return anyOf.map((each) => typeOf(document, each as JsonSchema)).join(' or ');
  if (choices) return choices.map((choice) => JSON.stringify(choice)).join(', ');
  if (only !== undefined) return JSON.stringify(only);
  if (format === 'date-time') return 'time';
  const items = itemsOf(document, schema);
  return items ? `list of ${typeOf(document, items)}` : String(type ?? 'object');
}

function aboutOf(schema: JsonSchema): string {
  const { description, anyOf = [], default: otherwise, minimum, maximum, maxLength } = schema;
  const inner = anyOf.map((each) => (each as JsonSchema).description).find((each) => each !== undefined);
  const range = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `From ${minimum} to ${maximum}.` : '';
  const isTold =
    otherwise !== undefined && otherwise !== null && otherwise !== '' && otherwise !== Number.MAX_SAFE_INTEGER;
  return [
    description ?? inner ?? '',
    range,
    isTold ? `By default ${JSON.stringify(otherwise)}.` : '',
    maxLength && !description ? `At most ${maxLength} characters.` : '',
  ]
    .filter(Boolean)
    .join(' ');
}
