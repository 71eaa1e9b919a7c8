import type { JsonValue } from '../../core/json/json-value.ts';
import type { Fields, Schema } from '../../core/schema.ts';

export type Method = 'get' | 'head' | 'post' | 'put' | 'delete';

/** What a body may be, by media type; a type without a schema is bytes or text of its own. */
export type Content = Readonly<Record<string, Schema | undefined>>;

export interface DescribedAnswer {
  readonly is: string;
  readonly content?: Content;
  readonly headers?: Fields;
}

/** The cases of a failure in words, by status. */
export type FailureCases = Readonly<Record<number, string>>;

/** One thing that a caller can do. */
export interface Operation {
  readonly id: string;
  /** A phrase that begins with a verb. */
  readonly does: string;
  readonly more?: string;
  /** Who may do it; without it everybody. */
  readonly access?: 'client' | 'admin';
  readonly path?: Fields;
  readonly query?: Fields;
  readonly headers?: Fields;
  readonly body?: Content;
  readonly example?: JsonValue;
  readonly answers: Readonly<Record<number, DescribedAnswer>>;
  readonly failures?: FailureCases;
  /** The shape of those failures. Without it nothing is said of failures that are not among the answers. */
  readonly failsAs?: Content;
}

/** Paths with what can be done there. */
export type Paths = Readonly<Record<string, Readonly<Partial<Record<Method, Operation>>>>>;

/** A part of our own interface. */
export interface ApiPart {
  readonly tag: string;
  readonly about: string;
  readonly paths: Paths;
  /** What other schemas refer to by name. */
  readonly schemas: Readonly<Record<string, Schema>>;
}

/** A body in JSON. */
export function json(schema: Schema): Content {
  return { 'application/json': schema };
}
