import type { Clock } from '../../ports/clock.ts';
import type { GenerationRequest } from './generation-request.ts';

/** Keys for the images of one answer, in the form that the family's published result URLs have. */
export function objectKeys(
  request: GenerationRequest,
  requestId: string,
  seed: number,
  clock: Clock,
): string[] {
  const day = new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '');
  const folder = clock.uuid();
  const prefix = `${request.family.lifetimeMark}/${folder.slice(-2)}/${day}/${folder.slice(0, 8)}`;
  return Array.from(
    { length: request.count },
    (_, index) => `${prefix}/${fileName(request, requestId, seed, index, clock)}.png`,
  );
}

function fileName(
  { family, count }: GenerationRequest,
  requestId: string,
  seed: number,
  index: number,
  clock: Clock,
): string {
  switch (family.naming) {
    case 'request_id_seed':
      return count === 1 ? `${requestId}${seed}` : `${requestId}${seed}_${index}`;
    case 'uuid':
      return clock.uuid();
    case 'uuid_numbered':
      return `${clock.uuid()}-1`;
    case 'serving_output':
      return `${requestId}_qwen_image3_serving_output_${index}`;
  }
}
