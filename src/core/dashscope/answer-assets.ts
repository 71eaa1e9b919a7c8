import { decodeBase64, encodeBase64 } from '../bytes/base64.ts';
import type { JsonPath } from '../json/json-text.ts';

/** One file that an answer brings: where it lies at the vendor, or its very bytes (inline base64, data URI). */
export type AnswerAsset = { readonly url: string } | { readonly bytes: Uint8Array<ArrayBuffer> };

/** Fields that hold words or names. A URL in them is part of what was said, and no file. */
const WORDS = /(^|_)(text|content|prompt|message|reason|description|title|caption|code|status|type|id)$/;

/** What a URL ends in that is no picture, clip or sound: a help page, terms, a drawing as a program. */
const DOCUMENT = /\.(html?|json|xml|svg|txt|md|pdf|zip|js|css)$/i;

/** How PNG, JPEG, GIF, WebP, BMP, TIFF, AVIF begin in base64, and MP4, which begins like AVIF. */
const MEDIA_IN_BASE64 = /^(iVBORw0KGgo|\/9j\/|R0lGOD|UklGR|Qk[0-3]|SUkqA|TU0AK|AAA[A-Za-z0-9+/]{3}Z0eX)/;

/** Shorter than any picture. */
const MIN_BASE64_CHARS = 64;

/**
 * The file that a string of an answer names or is; undefined where it is neither. Where the vendor puts results
 * (`resultItemOf`) any string in `image` or `url` names one; elsewhere an http(s) URL outside the words does.
 */
export function assetOf(path: JsonPath, value: string): AnswerAsset | undefined {
  if (value === '' || isWords(path)) return undefined;
  const bytes = inlineBytes(value);
  if (bytes !== undefined) return { bytes };
  if (isResultField(path)) return { url: value };
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return undefined;
  return DOCUMENT.test(new URL(value).pathname) ? undefined : { url: value };
}

/** The item of `output.choices[].message.content` or `output.results` that a path is in, as text; undefined elsewhere. */
export function resultItemOf(path: JsonPath): string | undefined {
  const [root, list, index, message, content, item] = path;
  if (root !== 'output') return undefined;
  if (list === 'results' && typeof index === 'number') return `results ${index}`;
  if (list === 'choices' && message === 'message' && content === 'content' && typeof item === 'number')
    return `choices ${index} ${item}`;
  return undefined;
}

/** Whether a field is named for base64, so that a URL in its place would be misread. */
export function isBase64Field(path: JsonPath): boolean {
  return /b64|base64/i.test(nameOf(path));
}

/** Whether a string is words, a name or a count: never a file. */
export function isWords(path: JsonPath): boolean {
  return path[0] === 'usage' || WORDS.test(nameOf(path));
}

/** The nearest name above a string: lists have none of their own. */
function nameOf(path: JsonPath): string {
  return path.findLast((step) => typeof step === 'string') ?? '';
}

/** Whether any string in a place names a file. */
export function isResultField(path: JsonPath): boolean {
  const item = resultItemOf(path);
  if (item === undefined) return false;
  return item.startsWith('results')
    ? path.length === 4 && path[3] === 'url'
    : path.length === 7 && path[6] === 'image';
}

function inlineBytes(value: string): Uint8Array<ArrayBuffer> | undefined {
  const uri = /^data:[^,]{0,200};base64,/i.exec(value)?.[0];
  if (uri === undefined && (value.length < MIN_BASE64_CHARS || !MEDIA_IN_BASE64.test(value)))
    return undefined;
  const base64 = value.slice(uri?.length ?? 0);
  return decodeBase64(base64.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/'));
}

/** Where to get a file that was not kept: the vendor's URL, or its bytes as a data URI. */
export function urlOf(asset: AnswerAsset): string {
  return 'url' in asset ? asset.url : `data:application/octet-stream;base64,${encodeBase64(asset.bytes)}`;
}
