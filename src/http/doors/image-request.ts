import type { Context } from 'hono';
import { forStream, readDirectives } from '../../core/cache/directives.ts';
import { endpointFor, type GenerationEndpoint } from '../../core/dashscope/endpoints.ts';
import { TRACE_HEADER } from '../../core/dashscope/trace-context.ts';
import { translateBody } from '../../core/dashscope/translate.ts';
import { isJsonObject, type JsonValue } from '../../core/json/json-value.ts';
import type { Principal } from '../../core/principal.ts';
import { isUnknownHeader } from '../../core/recipe/exclusions.ts';
import type { ImageRequest } from '../../services/image-request.ts';
import type { PreparedRequest } from '../../services/requests/request-preparer.ts';
import type { HttpOptions } from '../dependencies.ts';

export type Cacheable = Extract<PreparedRequest, { kind: 'cacheable' }>;

/** The client's headers that mean something to the vendor, of a known kind. How it is to answer is ours to say. */
const FORWARDED = /^(user-agent|cdn-loop|x-dashscope-(?!async$|sse$).*)$/;

/** True when the client wants its answer as events: the header alone says so, as at the vendor. */
export function asksForStream(c: Context): boolean {
  return c.req.header('x-dashscope-sse')?.toLowerCase() === 'enable';
}

/** Asks the vendor to read `oss://` names. */
const RESOLVE = 'x-dashscope-ossresourceresolve';

/** Whether a header of the vendor's comes with the request whose effect on the picture is not known. */
export function hasUnknownHeader(c: Context): boolean {
  return [...c.req.raw.headers.keys()].some(isUnknownHeader);
}

/** A client's request for a picture in no dialect, and what upstream is sent if it has to be bought. */
export function imageRequest(
  c: Context,
  { site, forwardsTrace }: Pick<HttpOptions, 'site' | 'forwardsTrace'>,
  {
    asked,
    principal,
    prepared,
  }: { readonly asked: GenerationEndpoint; readonly principal: Principal; readonly prepared: Cacheable },
): ImageRequest {
  const nearest = endpointFor(prepared.recipe.model, asked);
  // What cannot be said in the other shape goes as it came: the vendor's refusal says why.
  const service = prepared.shapes.includes(nearest.shape) ? nearest : asked;
  const directives = readDirectives(c.req.header('cache-control'), c.req.header('x-dashcache-take'));
  const bodyToSend = async (anew: boolean) =>
    new TextEncoder().encode(translateText(await prepared.outgoing(anew), service, asked));
  return {
    recipe: prepared.recipe,
    key: prepared.key,
    references: prepared.references,
    site,
    scope: principal.scope,
    account: principal.account,
    apiKey: principal.apiKey,
    isAsyncUpstream: service.isAsync,
    hangUp: c.req.raw.signal,
    directives: asksForStream(c) ? forStream(directives) : directives,
    call: async () => ({
      path: service.path,
      headers: [
        // Not the client's own: a charset there would have the vendor read other words than were hashed.
        ['content-type', 'application/json'],
        ...[...c.req.raw.headers].filter(([name]) => FORWARDED.test(name) && !isUnknownHeader(name)),
        ...(forwardsTrace ? [...c.req.raw.headers].filter(([name]) => TRACE_HEADER.test(name)) : []),
        ...(service.isAsync ? [['x-dashscope-async', 'enable'] as const] : []),
        ...(prepared.lends && !c.req.header(RESOLVE) ? [[RESOLVE, 'enable'] as const] : []),
      ],
      body: await bodyToSend(false),
      renewedBody: prepared.namesUploads ? () => bodyToSend(true) : undefined,
      apiKey: principal.apiKey,
    }),
  };
}

/** The text to send to a service, in its shape. */
function translateText(text: string, service: GenerationEndpoint, asked: GenerationEndpoint): string {
  if (service.shape === asked.shape) return text;
  const body: JsonValue = JSON.parse(text);
  const translated = isJsonObject(body) ? translateBody(body, service.shape) : undefined;
  return translated === undefined ? text : JSON.stringify(translated);
}
