import { LRUCache } from 'lru-cache';
import type { RequestShape } from '../../core/dashscope/endpoints.ts';
import { translateBody } from '../../core/dashscope/translate.ts';
import type { ReferenceUse } from '../../core/entries/entry.ts';
import type { AppError } from '../../core/errors.ts';
import {
  findStrings,
  formatPath,
  type ParsedJson,
  parseJson,
  replaceTokens,
} from '../../core/json/json-text.ts';
import { type MemberChange, setMembers } from '../../core/json/set-members.ts';
import { isImageModel } from '../../core/models/models.ts';
import { cacheKey } from '../../core/recipe/cache-key.ts';
import { buildRecipe, type Recipe } from '../../core/recipe/recipe.ts';
import { findReferences, type ReferenceSlot } from '../../core/recipe/references.ts';
import { changesForKey } from '../../core/recipe/sent-form.ts';
import { readGeneration, readModel } from '../../core/recipe/validate-generation.ts';
import type { Hasher } from '../../ports/hasher.ts';
import type { UploadCaller } from '../uploads/upload-service.ts';
import type {
  Hold,
  MayFetch,
  ReferenceResolver,
  Replacement,
  ResolvedReferences,
} from './reference-resolver.ts';

/** A request body, understood. */
export type PreparedRequest =
  /** Another model on the same path, such as a vision chat. */
  | { readonly kind: 'foreign' }
  /** An image model's request that must go on as it is and cannot be cached. */
  | {
      readonly kind: 'uncacheable';
      readonly model: string;
      readonly detail: string;
      readonly reason?: AppError;
      readonly uncachedText: UncachedText;
    }
  | {
      readonly kind: 'cacheable';
      readonly recipe: Recipe;
      readonly key: string;
      readonly references: readonly ReferenceUse[];
      /** The shapes that the request can be said in. */
      readonly shapes: readonly RequestShape[];
      /** The text alone says what is asked for: nothing stands behind a URL. */
      readonly selfContained: boolean;
      /** What to send upstream: the client's text as the key reads it, with the pictures that were hashed in place of URLs. */
      readonly outgoing: Outgoing;
      /** What goes out names temporary uploads in place of the client's URLs: the vendor must be asked to resolve them. */
      readonly lends: boolean;
      /** What goes out names temporary uploads of ours: `outgoing(true)` makes them anew. */
      readonly namesUploads: boolean;
      readonly uncachedText: UncachedText;
    };

/** Makes the text to send; with `anew`, temporary uploads are not taken to live still. */
export type Outgoing = (anew?: boolean) => Promise<string>;

const SHAPES: readonly RequestShape[] = ['messages', 'prompt'];

/**
 * What to send of a request that goes on uncached: the client's text with the vendor's names for uploads in place of
 * ours, and the bytes of our blobs in place of their URLs. Undefined when it names nothing of ours, and goes on as it came.
 */
export type UncachedText = (() => Promise<string>) | undefined;

/** What counts beside the body. */
export interface RequestContext {
  readonly dataInspection: string | undefined;
  /** Bases of our own blob URLs. */
  readonly ownOrigins: () => readonly string[];
  /** Told of the pictures that are read for the request. */
  readonly hold: Hold;
  readonly mayFetch: MayFetch;
  readonly caller: UploadCaller;
}

/** Bodies above this are understood anew each time: they hold pictures, and the memory is for prompts. */
const MEMO_BODY_CHARS = 32 * 1024;
/**
 * No prompt is this long. A longer one is the vendor's to refuse, and leaves no record of its size in our rows: those of
 * D1 hold 2 MB, and a character can take six bytes of one, its prompt and its canonical form in UTF-8.
 */
const MAX_WORDS_CHARS = 256 * 1024;
/** Nor is any model's name. It stands in rows that stay when the vendor has refused it. */
const MAX_MODEL_CHARS = 200;
const MEMO_BYTES = 32 * 1024 * 1024;

/** Collaborators of `RequestPreparer`. */
export interface RequestPreparerDeps {
  readonly resolver: ReferenceResolver;
  readonly hasher: Pick<Hasher, 'xxh128'>;
  readonly addedModels: ReadonlySet<string>;
}

/** Turns DashScope request bodies into recipes, and remembers small ones by their very text. */
export class RequestPreparer {
  readonly #deps: RequestPreparerDeps;
  readonly #memo = new LRUCache<string, PreparedRequest>({
    maxSize: MEMO_BYTES,
    // Two bytes a character at worst, for the text and for the canonical form made of it.
    sizeCalculation: (_, text) => text.length * 4 + 512,
  });

  constructor(deps: RequestPreparerDeps) {
    this.#deps = deps;
  }

  /** Errors name the field; references are fetched here, because the key holds what they show. */
  async prepare(text: string, context: RequestContext): Promise<PreparedRequest> {
    const memoKey = memoKeyOf(context.dataInspection, text);
    const known = this.#memo.get(memoKey);
    if (known !== undefined) return known;
    const { prepared, lasting } = await this.#prepare(text, context);
    if (lasting && text.length <= MEMO_BODY_CHARS) this.#memo.set(memoKey, prepared);
    return prepared;
  }

  async #prepare(
    text: string,
    context: RequestContext,
  ): Promise<{ prepared: PreparedRequest; lasting: boolean }> {
    const parsed = parseJson(text);
    const { model, body } = readModel(parsed.value);
    if (!isImageModel(model, this.#deps.addedModels)) return { prepared: { kind: 'foreign' }, lasting: true };
    readGeneration(model, body);
    const slots = findReferences(body);
    const resolved = await this.#deps.resolver.resolve(slots, {
      ownOrigins: context.ownOrigins(),
      model,
      caller: context.caller,
      hold: context.hold,
      mayFetch: context.mayFetch,
    });
    const { ours } = resolved;
    const uncachedText = ours.size === 0 ? undefined : () => replaceStrings(text, ours);
    if ('unresolved' in resolved) {
      const prepared = {
        kind: 'uncacheable',
        model,
        detail: 'reference',
        reason: resolved.unresolved,
        uncachedText,
      } as const;
      return { prepared, lasting: false };
    }
    // Only now: what is refused is refused whether it could be cached or not.
    if (!parsed.exactNumbers)
      return {
        prepared: { kind: 'uncacheable', model, detail: 'number', uncachedText },
        lasting: resolved.names.size === 0,
      };
    if (model.length > MAX_MODEL_CHARS || text.length - imageChars(slots, resolved) > MAX_WORDS_CHARS)
      return { prepared: { kind: 'uncacheable', model, detail: 'size', uncachedText }, lasting: false };
    const recipe = buildRecipe({
      model,
      body,
      references: resolved.names,
      dataInspection: context.dataInspection,
    });
    const prepared: PreparedRequest = {
      kind: 'cacheable',
      recipe,
      key: cacheKey((bytes) => this.#deps.hasher.xxh128(bytes), recipe.canonical),
      references: resolved.uses,
      shapes: SHAPES.filter((shape) => translateBody(body, shape) !== undefined),
      selfContained: resolved.names.size === 0,
      outgoing: outgoingText(parsed, changesForKey(model, body), resolved),
      lends: resolved.lends,
      namesUploads: resolved.namesUploads,
      uncachedText,
    };
    // What stands behind a URL may change, and the bytes would be held in memory.
    return { prepared, lasting: resolved.names.size === 0 };
  }
}

/** What of a text stands for pictures that its recipe calls by their content: a name of the vendor's is there as it is. */
function imageChars(slots: readonly ReferenceSlot[], { names }: ResolvedReferences): number {
  return slots.reduce((sum, { field, value }) => sum + (names.get(field) === value ? 0 : value.length), 0);
}

/** With the header's length in front, no header and body read like another header and body; a missing one has none. */
function memoKeyOf(dataInspection: string | undefined, text: string): string {
  return `${dataInspection?.length ?? ''}:${dataInspection ?? ''}${text}`;
}

/** Made here, so that what is remembered holds a text only: the parsed value may be many times its size. */
function outgoingText(
  { text, value, uniqueNames }: ParsedJson,
  changes: readonly MemberChange[],
  { replacements }: ResolvedReferences,
): Outgoing {
  // Readers disagree on which of two values of one name counts; what was hashed must be what is drawn.
  const source = setMembers(uniqueNames ? text : JSON.stringify(value), changes);
  return replacements.size === 0 ? async () => source : (anew) => replaceStrings(source, replacements, anew);
}

/** A JSON text with other strings in these fields. */
async function replaceStrings(
  text: string,
  replacements: ReadonlyMap<string, Replacement>,
  anew = false,
): Promise<string> {
  const edits = findStrings(text, (path) => replacements.has(formatPath(path))).map(
    async ({ path, start, end }) => {
      const replacement = (await replacements.get(formatPath(path))?.(anew)) ?? '';
      return { start, end, replacement: JSON.stringify(replacement) };
    },
  );
  return replaceTokens(text, await Promise.all(edits));
}
