import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { isJsonObject, type JsonObject } from '../../../src/core/json/json-value.ts';
import { OPENAPI_DOCUMENT } from '../../../src/http/openapi/document.ts';

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema({ $id: 'https://dashcache.invalid/openapi', ...OPENAPI_DOCUMENT });

/** What is wrong with an answer by the description: the schema of this path, method, status and media type. */
export function schemaErrors(
  where: { readonly path: string; readonly method: string; readonly status: number; readonly type: string },
  value: unknown,
): readonly string[] {
  const steps = ['paths', where.path, where.method, 'responses', String(where.status), 'content', where.type];
  const pointer = steps.map((step) => step.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
  return errorsAt(`#/${encodeURI(pointer)}/schema`, value);
}

/** What is wrong with a value by a named schema. */
export function namedSchemaErrors(name: string, value: unknown): readonly string[] {
  return errorsAt(`#/components/schemas/${name}`, value);
}

function errorsAt(pointer: string, value: unknown): readonly string[] {
  const validate = ajv.getSchema(`https://dashcache.invalid/openapi${pointer}`);
  if (validate === undefined) return [`nothing is described at ${pointer}`];
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** Every operation of the description. */
export function describedOperations(): readonly { readonly method: string; readonly path: string }[] {
  return Object.entries(OPENAPI_DOCUMENT.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => ({ method, path })),
  );
}

/** The names of the headers that an answer has by the description; undefined where no such answer is described. */
export function describedHeaders(
  path: string,
  method: string,
  status: number,
): readonly string[] | undefined {
  const operation = member(OPENAPI_DOCUMENT.paths[path], method);
  const answer = member(member(operation, 'responses'), String(status));
  return answer === undefined ? undefined : Object.keys(member(answer, 'headers') ?? {});
}

function member(object: JsonObject | undefined, name: string): JsonObject | undefined {
  const value = object?.[name];
  return isJsonObject(value) ? value : undefined;
}
