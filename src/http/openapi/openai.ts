import * as v from 'valibot';
import { OpenAiEdit, OpenAiGeneration } from '../../core/dialects/openai-request.ts';
import { OpenAiError, OpenAiImages, OpenAiModel, OpenAiModelList } from '../openai/openai-schema.ts';
import { CACHE_REQUEST, CACHE_RESPONSE } from './cache-headers.ts';
import { type ApiPart, type Content, json, type Operation } from './operation.ts';

const NO_CREDENTIAL = 'No credential, or one that is not known here or to the vendor.';
const NO_MODEL = 'There is no such model.';

/** An operation that draws. */
function drawing(operation: Pick<Operation, 'id' | 'does' | 'body' | 'example'>): Operation {
  const images: Content = { ...json(OpenAiImages), 'text/event-stream': undefined };
  return {
    ...operation,
    access: 'client',
    headers: CACHE_REQUEST,
    answers: { 200: { is: 'The images.', headers: CACHE_RESPONSE, content: images } },
    failsAs: json(OpenAiError),
    failures: {
      400: 'A field is missing, malformed or has no counterpart, or an image cannot be had.',
      401: NO_CREDENTIAL,
      403: 'The vendor refuses the key, or in `local` mode another web page asks.',
      404: NO_MODEL,
      413: 'The body, with the images it names, is too large.',
      415: 'The body is of no type that is read here.',
      422: 'The vendor drew nothing.',
      429: 'Too much at once, here or at the vendor.',
      500: 'The image was drawn, but could not be stored to be encoded. The message says where it is.',
      502: 'The vendor cannot be reached, or its answer cannot be used.',
      503: 'The server is stopping, or the vendor does not vouch for the key right now.',
      504: 'The vendor took too long, or `only-if-cached` finds nothing.',
    },
  };
}

/** The subset of OpenAI's API that its SDKs need for images. */
export const OPENAI: ApiPart = {
  tag: 'OpenAI',
  about: "OpenAI's images API, over the same store.",
  paths: {
    '/v1/images/generations': {
      post: drawing({
        id: 'createImage',
        does: 'Draw images from words',
        body: json(OpenAiGeneration),
        example: { model: 'qwen-image-max', prompt: 'a paper boat crossing a puddle', size: '1328x1328' },
      }),
    },
    '/v1/images/edits': {
      post: drawing({
        id: 'createImageEdit',
        does: 'Draw images from images and words',
        body: { ...json(OpenAiEdit), 'multipart/form-data': OpenAiEdit },
      }),
    },
    '/v1/models': {
      get: {
        id: 'listModels',
        does: 'List the image models',
        access: 'client',
        answers: { 200: { is: 'All of them.', content: json(OpenAiModelList) } },
        failsAs: json(OpenAiError),
        failures: { 401: NO_CREDENTIAL },
      },
    },
    '/v1/models/{id}': {
      get: {
        id: 'retrieveModel',
        does: 'Look up one image model',
        access: 'client',
        path: { id: v.string() },
        answers: { 200: { is: 'The model.', content: json(OpenAiModel) } },
        failsAs: json(OpenAiError),
        failures: { 401: NO_CREDENTIAL, 404: NO_MODEL },
      },
    },
  },
  schemas: { OpenAiGeneration, OpenAiEdit, OpenAiImages, OpenAiError, OpenAiModel, OpenAiModelList },
};
