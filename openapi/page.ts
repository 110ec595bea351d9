/** The reference page: plain HTML of the API document, without scripts. */
import type { Document, Operation } from './document.ts';
import { fieldsIn } from './fields.ts';

/** The page. Its links are absolute; the worker puts a base path before them. */
export function pageOf(document: Document): string {
  const { info, tags, paths } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const parts = tags.map((tag) => ({
    ...tag,
    anchor: anchorOf(tag.name),
    operations: operations.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Keystore: the API</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs.css">
</head>
<body>
<nav aria-label="Parts of the API">
<p><a href="/">Keystore</a></p>
<ul>${parts.map(({ name, anchor }) => `<li><a href="#${anchor}">${escaped(name)}</a></li>`).join('')}</ul>
<p><a href="/openapi.json">openapi.json</a></p>
</nav>
<main>
<h1>The API</h1>
<p class="soft">Version ${escaped(info.version)}. For programs: <a href="/openapi.json">the OpenAPI ${escaped(document.openapi)} document</a>.</p>
${prose(info.description)}
${parts
  .map(
    (part) => `<section id="${part.anchor}">
<h2>${escaped(part.name)}</h2>
${prose(part.description)}
${part.operations.map((each) => operationHtml(document, each)).join('\n')}
</section>`,
  )
  .join('\n')}
</main>
</body>
</html>
`;
}

interface Shown {
  method: string;
  path: string;
  operation: Operation;
}

function operationHtml(document: Document, { method, path, operation }: Shown): string {
  const { operationId, summary, description, parameters, requestBody, responses, security } = operation;
  const body = requestBody?.content[json];
  return `<details id="${operationId}">
<summary><code><b class="${method.toLowerCase()}">${method}</b> ${escaped(path)}</code> <span>${escaped(summary)}</span></summary>
${prose(description ?? '')}
${security.length === 0 ? '<p class="soft">No token is needed.</p>' : ''}
${table(
  'Parameters',
  parameters.map(({ name, in: place, required, schema, description: about }) => ({
    ...(fieldsIn(document, { properties: { [name]: schema }, required: required ? [name] : [] })[0] ?? { type: '' }),
    name,
    about: [about ?? schema.description ?? '', place === 'query' ? '' : `In the ${place}.`].filter(Boolean).join(' '),
    isRequired: required,
  })),
)}
${body ? table('Body', fieldsIn(document, body.schema)) : ''}
${body ? `<p>Example</p>\n${code(body.example)}` : ''}
${Object.entries(responses)
  .map(([status, response]) => responseHtml(document, status, response))
  .join('\n')}
</details>`;
}

function responseHtml(document: Document, status: string, response: Operation['responses'][string]): string {
  if ('$ref' in response) {
    const { description } = resolved<{ description: string }>(document, response.$ref);
    return `<p><b>${status}</b> ${escaped(description)}</p>`;
  }
  const { schema, example } = response.content[json] ?? { schema: {} };
  return `<p><b>${status}</b> ${escaped(Number(status) < 300 ? '' : response.description)}</p>
${table('Answer', fieldsIn(document, schema))}
${example === undefined ? '' : code(example)}`;
}

interface Row {
  name: string;
  type: string;
  about: string;
  isRequired: boolean;
}

function table(caption: string, rows: Row[]): string {
  if (rows.length === 0) return '';
  const cells = rows.map(
    ({ name, type, about, isRequired }) =>
      `<tr><th scope="row"><code>${escaped(name)}</code></th><td>${escaped(type)}${isRequired ? '' : ', optional'}</td><td>${marked(about)}</td></tr>`,
  );
  return `<table><caption>${caption}</caption>${cells.join('\n')}</table>`;
}

const json = 'application/json';

function resolved<Part>(document: Document, ref: string): Part {
  return ref
    .slice(2)
    .split('/')
    .reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], document) as Part;
}

function code(example: unknown): string {
  return `<pre tabindex="0"><code>${escaped(JSON.stringify(example, null, 2))}</code></pre>`;
}

function prose(text: string): string {
  return text
    .split('\n\n')
    .filter(Boolean)
    .map((paragraph) => `<p>${marked(paragraph)}</p>`)
    .join('\n');
}

/** Text in which backticks mark code. */
function marked(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function anchorOf(name: string): string {
  return name.toLowerCase().replaceAll(/\W+/g, '-');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
