import { html } from 'hono/html';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../core/json/json-value.ts';
import type { OPENAPI_DOCUMENT } from './document.ts';
import { type Html, prose } from './html.ts';
import { propertiesTable, schemaType } from './schema-view.ts';

/** The description as one page: no script, nothing from elsewhere. */
export function docsPage({ info, tags, paths, components }: typeof OPENAPI_DOCUMENT): Html {
  const operations = operationsOf(paths);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${info.title}: the API</title>
<link rel="stylesheet" href="docs/style.css">
</head>
<body>
<header>
<h1>${info.title}</h1>
<p><strong>${info.summary}</strong> ${prose(info.description)}</p>
<p>For programs: <a href="openapi.json">openapi.json</a></p>
<nav aria-label="Contents"><ul>
${operations.map(({ id, method, path }) => html`<li><a href="#${id}">${method} ${path}</a></li>`)}
<li><a href="#schemas">Schemas</a></li>
</ul></nav>
</header>
<main>
${tags.map((tag) => tagSection(tag, operations))}
<section id="schemas"><h2>Schemas</h2>
${Object.entries(components.schemas).map(([name, value]) => schemaSection(name, value))}
</section>
</main>
</body>
</html>
`;
}

interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly operation: JsonObject;
}

function operationsOf(paths: Readonly<Record<string, JsonObject>>): Operation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) =>
      isJsonObject(operation)
        ? [{ id: String(operation.operationId), method: method.toUpperCase(), path, operation }]
        : [],
    ),
  );
}

function tagSection(tag: { name: string; description: string }, all: readonly Operation[]): Html {
  const own = all.filter(({ operation: { tags } }) => isJsonArray(tags) && tags.includes(tag.name));
  return html`<section><h2>${tag.name}</h2>
<p>${prose(tag.description)}</p>
${own.map(operationSection)}
</section>
`;
}

function operationSection({ id, method, path, operation }: Operation): Html {
  const { summary, description, parameters, requestBody, responses } = operation;
  const given = isJsonArray(parameters) ? parameters.filter(isJsonObject) : [];
  return html`<article id="${id}">
<h3><code>${method} ${path}</code></h3>
<p><strong>${summary}.</strong> ${prose(description)}</p>
${given.length === 0 ? '' : html`<h4>Parameters</h4><dl>${given.map(parameterItem)}</dl>`}
${isJsonObject(requestBody) ? html`<h4>Body</h4>${contentView(requestBody.content)}` : ''}
<h4>Answers</h4>
<dl>${Object.entries(isJsonObject(responses) ? responses : {}).map(([status, answer]) => answerItem(status, answer))}</dl>
</article>
`;
}

function parameterItem({ name, in: place, description, schema }: JsonObject): Html {
  return html`<dt><code>${name}</code> <small>${place}, ${schemaType(schema)}</small></dt>
<dd>${prose(description)}</dd>
`;
}

function answerItem(status: string, answer: JsonValue): Html {
  const { description, content } = isJsonObject(answer) ? answer : {};
  return html`<dt><code>${status}</code></dt>
<dd>${prose(description)} ${contentView(content)}</dd>
`;
}

/** Media types with their schemas, and an example where there is one. */
function contentView(content: JsonValue | undefined): Html[] {
  if (!isJsonObject(content)) return [];
  return Object.entries(content).map(([type, media]) => {
    const { schema, example } = isJsonObject(media) ? media : {};
    const of = schema === undefined ? '' : html`: ${schemaType(schema)}`;
    const shown = example === undefined ? '' : html`<pre>${JSON.stringify(example, null, 2)}</pre>`;
    const meaning =
      isJsonObject(schema) && schema.description !== undefined ? html`. ${prose(schema.description)}` : '';
    return html`<span class="type"><code>${type}</code>${of}${meaning}</span>${shown}`;
  });
}

function schemaSection(name: string, value: JsonValue): Html {
  const schema = isJsonObject(value) ? value : {};
  return html`<article id="schema-${name}">
<h3>${name}</h3>
<p>${prose(schema.description)}</p>
${schema.properties === undefined ? html`<p>${schemaType(schema)}</p>` : propertiesTable(schema)}
</article>
`;
}
