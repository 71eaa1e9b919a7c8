import type { JsonObject } from '../../core/json/json-value.ts';
import type { Fields, Schema } from '../../core/schema.ts';
import { CacheKey, Cost } from '../doors/common-schemas.ts';
import { Problem } from '../wire/problem-schema.ts';
import { ADMIN_ENTRIES } from './admin-entries.ts';
import { ADMIN_FLIGHTS } from './admin-flights.ts';
import { ADMIN_STORE } from './admin-store.ts';
import { ADMIN_TRANSFER } from './admin-transfer.ts';
import { BLOBS } from './blobs.ts';
import { EXPLAIN } from './explain.ts';
import { IMAGE_GENERATE } from './image-generate.ts';
import { convert, schemasIn } from './json-schema.ts';
import { LEDGER } from './ledger.ts';
import { OPENAI } from './openai.ts';
import type { ApiPart, Content, DescribedAnswer, Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';

/** The parts of our own interface, in the order of the page. DashScope's own paths are the vendor's to describe. */
const PARTS: readonly ApiPart[] = [
  IMAGE_GENERATE,
  OPENAI,
  BLOBS,
  EXPLAIN,
  ADMIN_ENTRIES,
  ADMIN_TRANSFER,
  ADMIN_STORE,
  ADMIN_FLIGHTS,
  LEDGER,
  OPERATIONS,
];

const NAMED: Readonly<Record<string, Schema>> = Object.fromEntries(
  [{ Problem, Cost, CacheKey }, ...PARTS.map(({ schemas }) => schemas)].flatMap((part) =>
    Object.entries(part),
  ),
);

const { definitions, converted } = convert(schemasIn(PARTS.map(({ paths }) => paths)), NAMED);

const SECURITY: Readonly<Record<'client' | 'admin' | 'open', readonly JsonObject[]>> = {
  client: [{}, { credential: [] }],
  admin: [{}, { adminToken: [] }],
  open: [],
};

/** The OpenAPI 3.1 description of everything here that is not DashScope's. */
export const OPENAPI_DOCUMENT = {
  openapi: '3.1.0',
  info: {
    title: 'dashcache',
    version: '1',
    summary: 'Pay for each image once.',
    description:
      "A content-addressed cache of generated images. dashcache also speaks DashScope's own protocol under `/api/v1`, which is not described here.",
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/' }],
  tags: PARTS.map(({ tag, about }) => ({ name: tag, description: about })),
  paths: Object.fromEntries(PARTS.flatMap(pathsOf)),
  components: {
    schemas: definitions,
    securitySchemes: {
      credential: {
        type: 'http',
        scheme: 'bearer',
        description:
          'A DashScope key, or one of the tokens that the server gives out. In `local` mode it may be left out: the server uses its own key.',
      },
      adminToken: {
        type: 'http',
        scheme: 'bearer',
        description: 'The admin token. In `local` mode it is asked for only if one is set.',
      },
    },
  },
} satisfies JsonObject;

function pathsOf({ tag, paths }: ApiPart): [string, JsonObject][] {
  return Object.entries(paths).map(([path, operations]) => {
    const methods = Object.keys(operations).map((method) => method.toUpperCase());
    const described = Object.entries(operations).map(([method, operation]) => [
      method,
      operationOf(operation, tag, methods),
    ]);
    return [path, Object.fromEntries(described)];
  });
}

function operationOf(operation: Operation, tag: string, methods: readonly string[]): JsonObject {
  const { id, does, more, access = 'open', path, query, headers, body, example, answers } = operation;
  const parameters = [
    ...parametersOf('path', path),
    ...parametersOf('query', query),
    ...parametersOf('header', headers),
  ];
  return {
    tags: [tag],
    operationId: id,
    summary: does,
    ...(more === undefined ? {} : { description: more }),
    security: SECURITY[access],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body, example) } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerOf(answer)])),
      ...failuresOf(operation, methods),
    },
  };
}

function parametersOf(place: 'path' | 'query' | 'header', fields: Fields = {}): JsonObject[] {
  return Object.entries(fields).map(([name, field]) => {
    const required = place === 'path' ? { required: true } : {};
    return { name, in: place, ...required, ...described(field) };
  });
}

/** A value with its meaning beside its schema. */
function described(field: Schema): JsonObject {
  const { description, ...schema } = schemaOf(field);
  return { ...(description === undefined ? {} : { description }), schema };
}

function answerOf({ is, content, headers }: DescribedAnswer): JsonObject {
  return {
    description: is,
    ...(headers === undefined ? {} : { headers: headersOf(headers) }),
    ...(content === undefined ? {} : { content: contentOf(content) }),
  };
}

function headersOf(fields: Fields): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, described(field)]));
}

function contentOf(content: Content, example?: JsonObject[string]): JsonObject {
  return Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [
      type,
      {
        ...(schema === undefined ? {} : { schema: schemaOf(schema) }),
        ...(example === undefined || type !== 'application/json' ? {} : { example }),
      },
    ]),
  );
}

/** The failures of an operation that says in which shape it fails. */
function failuresOf({ failsAs, failures }: Operation, methods: readonly string[]): JsonObject {
  if (failsAs === undefined) return {};
  const all = {
    ...failures,
    405: `This path takes only ${methods.join(' and ')}.`,
    default: 'Any other failure.',
  };
  const content = contentOf(failsAs);
  return Object.fromEntries(
    Object.entries(all).map(([status, description]) => [status, { description, content }]),
  );
}

function schemaOf(schema: Schema): JsonObject {
  return converted.get(schema) ?? {};
}
