import { encodeBase64 } from '../bytes/base64.ts';
import { formatPath, type JsonPath } from '../json/json-text.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';

/** A place in a request body that holds a picture, a clip or a sound. */
export interface ReferenceSlot {
  readonly path: JsonPath;
  /** `formatPath(path)`. */
  readonly field: string;
  readonly value: string;
  /** The vendor takes data URIs there. In other fields it may take URLs only. */
  readonly takesDataUri: boolean;
}

/** Fields of `input` that hold a picture, by the vendor's documents and SDKs. `images` may be one or a list. */
const INPUT_IMAGE_FIELDS: ReadonlySet<string> = new Set([
  'images',
  'image_url',
  'base_image_url',
  'mask_image_url',
  'ref_image_url',
  'ref_img',
  'sketch_image_url',
]);

/** Fields that hold words, which are never read as a picture, whatever they begin with. A poster's come in two languages. */
const TEXT_FIELD = /(^|_)(text|prompt|title|content)(_(zh|en))?$/;

/** What a recipe calls a picture whose content is known. */
const CONTENT_NAME = /^sha256:[0-9a-f]{64}$/;

/**
 * Every reference in a request body: whatever stands in a documented image field, and in any other field but text http(s)
 * URLs, because what stands behind one may change, data URIs, because no base64 may end up in a row, and `oss://` names,
 * because the vendor cannot know ours. What reads like the name that a recipe gives a picture counts as one too, for the
 * resolver to refuse: it would have the key of a request with the picture itself.
 */
export function findReferences(body: JsonObject): ReferenceSlot[] {
  const slots: ReferenceSlot[] = [];
  const visit = (value: JsonValue | undefined, path: JsonPath, name: string, isImage: boolean): void => {
    if (typeof value === 'string') {
      if (isImage || (!TEXT_FIELD.test(name) && isReference(value)))
        slots.push({ path, field: formatPath(path), value, takesDataUri: isImage });
    } else if (isJsonArray(value)) {
      value.forEach((item, index) => {
        visit(item, [...path, index], name, isImage);
      });
    } else if (isJsonObject(value)) {
      for (const [member, inside] of Object.entries(value))
        visit(inside, [...path, member], member, isImageField(path, member));
    }
  };
  visit(body, [], '', false);
  return slots;
}

function isReference(text: string): boolean {
  return isHttpUrl(text) || isBase64DataUri(text) || isOssUrl(text) || CONTENT_NAME.test(text);
}

function isImageField(parent: JsonPath, name: string): boolean {
  if (parent.length === 1 && parent[0] === 'input') return INPUT_IMAGE_FIELDS.has(name);
  // input.messages[i].content[j].image
  if (parent.length !== 5 || parent[0] !== 'input') return false;
  return parent[1] === 'messages' && parent[3] === 'content' && name === 'image';
}

/** A text that is one http(s) URL, but for white space around it. */
export function isHttpUrl(text: string): boolean {
  return /^\s*https?:\/\/\S+\s*$/i.test(text);
}

export function isBase64DataUri(text: string): boolean {
  return /^data:[^,]{0,200};base64,/i.test(text);
}

/** A file as text that holds it. */
export function dataUri(mediaType: string, bytes: Uint8Array): string {
  return `data:${mediaType};base64,${encodeBase64(bytes)}`;
}

/** The name of a temporary upload. */
export function isOssUrl(text: string): boolean {
  return /^oss:\/\//i.test(text);
}
