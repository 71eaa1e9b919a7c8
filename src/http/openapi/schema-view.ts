import { html } from 'hono/html';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../core/json/json-value.ts';
import { type Html, prose } from './html.ts';

/** What a schema takes, in words; a schema with a name is a link. */
export function schemaType(schema: JsonValue | undefined): Html {
  if (!isJsonObject(schema)) return html`anything`;
  const { $ref: reference, anyOf, items, type, const: only, enum: choices, pattern } = schema;
  if (typeof reference === 'string') {
    const name = reference.split('/').at(-1);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (isJsonArray(anyOf)) return alternatives(anyOf.map(schemaType));
  if (only !== undefined) return html`<code>${JSON.stringify(only)}</code>`;
  if (isJsonArray(choices)) {
    return alternatives(choices.map((choice) => html`<code>${JSON.stringify(choice)}</code>`));
  }
  if (items !== undefined) return html`list of ${schemaType(items)}`;
  if (type === undefined) return html`anything`;
  const types = html`${isJsonArray(type) ? type.join(' or ') : type}`;
  return pattern === undefined ? types : html`${types} like <code>${pattern}</code>`;
}

/** The fields of an object; those of objects within it follow under their paths. */
export function propertiesTable(schema: JsonObject): Html {
  return html`<table>
<thead><tr><th scope="col">field</th><th scope="col">type</th><th scope="col">meaning</th></tr></thead>
<tbody>
${rowsOf(schema, '')}
</tbody>
</table>
`;
}

function rowsOf({ properties, required }: JsonObject, prefix: string): Html[] {
  const needed = isJsonArray(required) ? required : [];
  return Object.entries(isJsonObject(properties) ? properties : {}).flatMap(([name, value]) => {
    const path = `${prefix}${name}`;
    const { description, items, ...rest } = isJsonObject(value) ? value : {};
    const row = html`<tr><th scope="row"><code>${path}</code></th>
<td>${schemaType(value)}${needed.includes(name) ? '' : html` <small>optional</small>`}</td>
<td>${prose(description)}</td></tr>
`;
    const within = isJsonObject(items) ? rowsOf(items, `${path}[].`) : rowsOf(rest, `${path}.`);
    return [row, ...within];
  });
}

function alternatives(all: readonly Html[]): Html {
  return html`${all.map((one, index) => (index === 0 ? one : html` or ${one}`))}`;
}
