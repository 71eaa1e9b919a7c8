import { type LookupPlan, planLookup } from '../../core/cache/cache-policy.ts';
import { type Directives, isFresh } from '../../core/cache/directives.ts';
import type { SeedlessPolicy } from '../../core/cache/seedless.ts';
import { type AnyRequest, type Dialect, readAnyRequest } from '../../core/dialects/dialects.ts';
import { inErrorFields } from '../../core/dialects/error-fields.ts';
import { type NormalizedRequest, toDashScope } from '../../core/dialects/normalized-request.ts';
import type { Entry } from '../../core/entries/entry.ts';
import { invalid } from '../../core/errors.ts';
import type { Cost } from '../../core/events.ts';
import { parseJson } from '../../core/json/json-text.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json/json-value.ts';
import { listPrice, type PriceOverrides } from '../../core/models/list-price.ts';
import { drawsVideo, requireKnownModel, requireOfferedSize } from '../../core/models/models.ts';
import { type ExcludedField, excludedParameters } from '../../core/recipe/exclusions.ts';
import type { Recipe } from '../../core/recipe/recipe.ts';
import { readModel } from '../../core/recipe/validate-generation.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EntryFinder, InspectedEntry, NearEntry } from '../entries/entry-finder.ts';
import type { EntryStore } from '../entries/entry-store.ts';
import type { PreparedRequest, RequestContext, RequestPreparer } from './request-preparer.ts';

/** What counts beside the body, as for a request that draws. */
export interface ExplainContext extends Omit<RequestContext, 'caller' | 'mayFetch'> {
  readonly scope: string;
  readonly resolvesNames: boolean;
  readonly directives: Directives;
  /** The body is encrypted: nothing in it can be read. */
  readonly isEncrypted: boolean;
  /** A header of the vendor's comes with it whose effect on the picture is not known. */
  readonly hasUnknownHeader: boolean;
}

/** What would become of a request, and why. */
export interface Explanation {
  readonly dialect: Dialect;
  readonly model: string;
  readonly scope: string;
  /** Absent where there is none to be had: the request is never cached. */
  readonly recipe?: Recipe;
  readonly key?: string;
  readonly excluded: readonly ExcludedField[];
  readonly result: 'hit' | 'miss' | 'bypass' | 'foreign';
  readonly reason: string;
  /** The stored entry that is given, or would be, were it not for the reason. */
  readonly entry?: Entry;
  /** What the vendor asks for drawing it. */
  readonly cost?: Cost | undefined;
  /** Other entries of the scope; `left` of each difference is the request's. */
  readonly nearest: readonly NearEntry[];
}

export interface ExplainerOptions {
  readonly site: string;
  readonly seedless: SeedlessPolicy;
  /** Ids of image models beside the official ones. */
  readonly addedModels: ReadonlySet<string>;
  /** Prices that hold instead of the list prices. */
  readonly prices: PriceOverrides;
}

type Verdict = Pick<Explanation, 'result' | 'reason' | 'entry'>;
type Cacheable = Extract<PreparedRequest, { kind: 'cacheable' }>;
type Uncacheable = Pick<Extract<PreparedRequest, { kind: 'uncacheable' }>, 'detail' | 'reason'>;

const NEAREST_SHOWN = 5;

/** Collaborators of `Explainer`. */
export interface ExplainerDeps {
  readonly prepared: Pick<RequestPreparer, 'prepare'>;
  readonly finder: Pick<EntryFinder, 'inspect' | 'nearest'>;
  readonly entries: Pick<EntryStore, 'isElsewhere'>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Says what would become of a request without doing it: nothing is bought, no flight is opened, no use is counted, no
 * take's turn is taken. Only its reference images are fetched, because the key holds what they show.
 */
export class Explainer {
  readonly #deps: ExplainerDeps;
  readonly #options: ExplainerOptions;

  constructor(deps: ExplainerDeps, options: ExplainerOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** A request body in any dialect. The errors are those that the request itself would get. */
  async explain(text: string, context: ExplainContext): Promise<Explanation> {
    const parsed = parseJson(text);
    const asked = readAnyRequest(parsed);
    const { translation } = asked;
    if (translation !== undefined) requireOffered(translation.wish, this.#options.addedModels);
    const inUpstreamsWords = translation === undefined ? undefined : toDashScope(translation.wish);
    const { model, body } = readModel(inUpstreamsWords ?? parsed.value);
    const about = {
      dialect: asked.dialect,
      model,
      scope: context.scope,
      excluded: [...excludedParameters(body), ...asked.excluded],
    };
    if (drawsVideo(model)) return { ...about, ...foreign(`${model} draws videos`) };
    if (context.isEncrypted) return { ...about, ...ENCRYPTED };
    const prepared = await this.#prepare(text, asked, context);
    if (prepared.kind === 'foreign') return { ...about, ...foreign(`${model} is no image model here`) };
    if (prepared.kind === 'uncacheable') return { ...about, ...uncacheable(prepared) };
    // The front doors of our own do not send it on.
    if (context.hasUnknownHeader && inUpstreamsWords === undefined)
      return { ...about, ...uncacheable({ detail: 'header' }) };
    return { ...about, ...(await this.#lookUp(prepared, asked, context)) };
  }

  async #prepare(
    text: string,
    { translation }: AnyRequest,
    context: ExplainContext,
  ): Promise<PreparedRequest> {
    // Nothing is sent, so nobody's key is needed.
    const caller = { scope: context.scope, account: '', apiKey: '', resolvesNames: context.resolvesNames };
    // Whoever may look into the store is no stranger.
    const known = { ...context, mayFetch: async () => {} };
    if (translation === undefined) return await this.#deps.prepared.prepare(text, { ...known, caller });
    try {
      const prepared = await this.#deps.prepared.prepare(JSON.stringify(toDashScope(translation.wish)), {
        ...known,
        caller: { ...caller, resolvesNames: true },
      });
      // The front doors of our own refuse what could not be cached.
      if (prepared.kind === 'uncacheable') throw prepared.reason ?? invalid('prompt', 'is too long');
      return prepared;
    } catch (error) {
      throw inErrorFields(error, translation.referenceField);
    }
  }

  async #lookUp(
    { recipe, key }: Cacheable,
    { translation }: AnyRequest,
    { scope, directives: given }: ExplainContext,
  ): Promise<Omit<Explanation, 'dialect' | 'model' | 'scope' | 'excluded'>> {
    const { site, seedless } = this.#options;
    const take = translation?.wish.take;
    const directives = take === undefined ? given : { ...given, take };
    const wanted = { site, scope, key, recipe, directives };
    const plan = planLookup(recipe.seedless, directives, seedless);
    const found = plan.reads ? await this.#deps.finder.inspect(wanted, plan.rotates) : undefined;
    const nearest = (await this.#deps.finder.nearest(wanted)).filter(
      ({ differences }) => differences.length > 0,
    );
    const address = { site, scope, key, canonical: recipe.canonical };
    return {
      recipe,
      key,
      ...(plan.reads
        ? await this.#judge(found, directives, () => this.#deps.entries.isElsewhere(address))
        : bypass(plan, directives)),
      cost: priceOf(recipe, this.#options),
      nearest: nearest.slice(0, NEAREST_SHOWN),
    };
  }

  async #judge(
    found: InspectedEntry | undefined,
    { maxAgeSeconds, take, onlyIfCached }: Directives,
    isElsewhere: () => Promise<boolean>,
  ): Promise<Verdict> {
    const instead = onlyIfCached ? ' Since only-if-cached forbids buying it, the answer is 504.' : '';
    const miss = (reason: string): Verdict => ({ result: 'miss', reason: reason + instead });
    if (found === undefined) {
      const what = take === undefined ? 'Nothing' : `No take ${take}`;
      if (await isElsewhere())
        return miss(`${what} of this recipe is stored in this scope, but it is in another.`);
      return miss(`${what} of this recipe is stored.`);
    }
    const { entry, isOver, isWhole } = found;
    const ageSeconds = Math.max(0, Math.floor((this.#deps.clock.now() - entry.createdAt) / 1000));
    if (isOver) return { ...miss(`What is stored is older than DASHCACHE_MAX_AGE allows.`), entry };
    if (!isFresh(ageSeconds, { maxAgeSeconds })) {
      return {
        ...miss(`What is stored is ${ageSeconds} s old, and max-age=${maxAgeSeconds} was asked for.`),
        entry,
      };
    }
    if (!isWhole) {
      return {
        ...miss('What is stored has lost a picture. It is a hit if that can be fetched again.'),
        entry,
      };
    }
    return { result: 'hit', reason: `Take ${entry.take} of this recipe is stored.`, entry };
  }
}

/** The front doors of our own refuse what the vendor does not offer. */
function requireOffered({ model, size }: NormalizedRequest, addedModels: ReadonlySet<string>): void {
  requireKnownModel(model, addedModels);
  if (size !== undefined) requireOfferedSize(model, size);
}

const ENCRYPTED = {
  result: 'bypass',
  reason: 'The body is encrypted, so nothing in it can be part of a key: it passes through.',
  nearest: [],
} as const;

function foreign(what: string) {
  return { result: 'foreign', reason: `${what}: nothing of it is cached.`, nearest: [] } as const;
}

/** What of a request keeps it from being cached. */
function uncacheable({ detail, reason }: Uncacheable) {
  const why = UNCACHEABLE[detail] ?? detail;
  const said = reason === undefined ? why : `${why} (${reason.message})`;
  return {
    result: 'bypass',
    reason: `${said}. The request goes on to the vendor, uncached.`,
    nearest: [],
  } as const;
}

const UNCACHEABLE: Readonly<Record<string, string>> = {
  reference: 'What a reference image shows is not known, so it cannot be part of the key',
  number: 'A number in it says more than a double holds, so no key can tell it from its neighbours',
  header: 'It has an X-DashScope header whose effect on the picture is not known',
  size: 'Its words are longer than any prompt, so they are not kept',
};

function bypass(plan: LookupPlan, { noStore }: Directives): Verdict {
  if (noStore) return { result: 'bypass', reason: 'no-store: it is bought, and neither read nor stored.' };
  if (plan.leads)
    return { result: 'bypass', reason: 'no-cache: it is bought afresh, and stored as a further take.' };
  return {
    result: 'bypass',
    reason: 'It has no seed, and DASHCACHE_SEEDLESS=fresh buys each such picture anew.',
  };
}

/** Undefined where the price or the number of pictures is not known. */
function priceOf({ model, canonical }: Recipe, { site, prices }: ExplainerOptions): Cost | undefined {
  const { parameters } = asObject(JSON.parse(canonical));
  const { n: count } = asObject(parameters ?? null);
  return typeof count === 'number' ? listPrice({ model, site, count, canonical }, prices) : undefined;
}

function asObject(value: JsonValue): JsonObject {
  return isJsonObject(value) ? value : {};
}
