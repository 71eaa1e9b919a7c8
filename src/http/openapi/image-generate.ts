import * as v from 'valibot';
import { GenerateRequest } from '../../core/dialects/normalized-request.ts';
import { means } from '../../core/schema.ts';
import {
  GenerateAnswer,
  GeneratedImage,
  GenerateTask,
  GenerateTaskAccepted,
} from '../image-generate/generate-schema.ts';
import { PROBLEM } from './admin-operation.ts';
import { CACHE_REQUEST, CACHE_RESPONSE } from './cache-headers.ts';
import { type ApiPart, json } from './operation.ts';

const NO_CREDENTIAL = 'No credential, or one that is not known here or to the vendor.';

const GenerateForm = means(
  'The same fields as texts.',
  v.object({
    prompt: v.string(),
    size: v.string(),
    reference_image: v.optional(means('Files, or texts that name images.', v.array(v.string()))),
  }),
);

/** `image.generate`, and its tasks. */
export const IMAGE_GENERATE: ApiPart = {
  tag: 'image.generate',
  about: 'An image from words, the same for every model.',
  paths: {
    '/v1/image.generate': {
      post: {
        id: 'generateImage',
        does: 'Draw an image, or get the one that is stored',
        access: 'client',
        headers: {
          ...CACHE_REQUEST,
          Prefer: means(
            '`respond-async`: answer at once with a task, and draw meanwhile (RFC 7240).',
            v.string(),
          ),
        },
        body: { ...json(GenerateRequest), 'multipart/form-data': GenerateForm },
        example: { prompt: 'a paper boat crossing a puddle', size: '1328*1328', seed: 7 },
        answers: {
          200: {
            is: 'The image.',
            headers: CACHE_RESPONSE,
            content: {
              ...json(GenerateAnswer),
              'text/event-stream': means(
                'For `Accept: text/event-stream`: events `queued`, `running`, `downloading` and `stored`, then `done` with the answer or `error` with the problem.',
                v.string(),
              ),
            },
          },
          202: {
            is: 'The task that draws it.',
            headers: {
              Location: means('Where to ask for the task.', v.string()),
              'Preference-Applied': v.literal('respond-async'),
              ...CACHE_RESPONSE,
            },
            content: json(GenerateTaskAccepted),
          },
        },
        failsAs: PROBLEM,
        failures: {
          400: 'A field is missing, malformed or not known, or a reference image cannot be had.',
          401: NO_CREDENTIAL,
          403: 'The vendor refuses the key, or in `local` mode another web page asks.',
          413: 'The body, with the images it names, is too large.',
          415: 'The body is neither JSON nor a form.',
          422: 'The vendor drew nothing, even for the simplified prompt.',
          429: 'Too much at once, here or at the vendor. `Retry-After` says when to come back.',
          502: 'The vendor cannot be reached, or its answer cannot be used.',
          503: 'The server is stopping, or the vendor does not vouch for the key right now.',
          504: 'The vendor took too long, or `only-if-cached` finds nothing.',
        },
      },
    },
    '/v1/image.generate/tasks/{id}': {
      get: {
        id: 'findGenerateTask',
        does: 'Ask how far a task has come',
        access: 'client',
        path: { id: v.string() },
        answers: { 200: { is: 'The task.', content: json(GenerateTask) } },
        failsAs: PROBLEM,
        failures: {
          401: NO_CREDENTIAL,
          404: 'This credential has no such task, or the task is forgotten.',
        },
      },
    },
  },
  schemas: {
    GenerateRequest,
    GenerateForm,
    GenerateAnswer,
    GeneratedImage,
    GenerateTaskAccepted,
    GenerateTask,
  },
};
