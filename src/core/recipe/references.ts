import { encodeBase64 } from '../bytes/base64.ts';
import {
  formatPath,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonPath,
  type JsonValue,
} from '../json/json-text.ts';

/** A place in a request body that holds a picture. */
export interface ReferenceSlot {
  readonly path: JsonPath;
  /** `formatPath(path)`. */
  readonly field: string;
  readonly value: string;
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

/** Fields that hold words, which are never read as a picture, whatever they begin with. */
const TEXT_FIELDS: ReadonlySet<string> = new Set([
  'text',
  'prompt',
  'negative_prompt',
  'ref_prompt',
  'title',
]);

/** What a recipe calls a picture whose content is known. */
const CONTENT_NAME = /^sha256:[0-9a-f]{64}$/;

/**
 * Every picture in a request body: those in documented image fields in any spelling, and in any other field but text data
 * URIs, because no base64 may end up in a row, and `oss://` names, because the vendor cannot know ours. What reads like the name that a recipe gives a picture counts as one
 * too, for the resolver to refuse: it would have the key of a request with the picture itself.
 */
export function findReferences(body: JsonObject): ReferenceSlot[] {
  const slots: ReferenceSlot[] = [];
  const visit = (value: JsonValue | undefined, path: JsonPath, isImage: boolean): void => {
    if (typeof value === 'string') {
      if (isImage || isBase64DataUri(value) || isOssUrl(value) || CONTENT_NAME.test(value))
        slots.push({ path, field: formatPath(path), value });
    } else if (isJsonArray(value)) {
      value.forEach((item, index) => {
        visit(item, [...path, index], isImage);
      });
    } else if (isJsonObject(value)) {
      for (const [name, member] of Object.entries(value)) {
        if (!TEXT_FIELDS.has(name)) visit(member, [...path, name], isImageField(path, name));
      }
    }
  };
  visit(body, [], false);
  return slots;
}

function isImageField(parent: JsonPath, name: string): boolean {
  if (parent.length === 1 && parent[0] === 'input') return INPUT_IMAGE_FIELDS.has(name);
  // input.messages[i].content[j].image
  if (parent.length !== 5 || parent[0] !== 'input') return false;
  return parent[1] === 'messages' && parent[3] === 'content' && name === 'image';
}

export function isBase64DataUri(text: string): boolean {
  return /^data:[^,]{0,200};base64,/i.test(text);
}

/** A picture as text that holds it. */
export function dataUri(mediaType: string, bytes: Uint8Array): string {
  return `data:${mediaType};base64,${encodeBase64(bytes)}`;
}

/** The name of a temporary upload. */
export function isOssUrl(text: string): boolean {
  return /^oss:\/\//i.test(text);
}
