import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { IMAGE_MODELS } from '../../../src/core/models/image-models.ts';
import {
  defaultCount,
  drawsVideo,
  findModel,
  isImageModel,
  listModels,
  requireKnownModel,
  requireOfferedSize,
} from '../../../src/core/models/models.ts';

const NONE: ReadonlySet<string> = new Set();
const IDS = IMAGE_MODELS.flatMap(({ ids }) => [...ids]);

function errorOf(run: () => unknown): AppError {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('isImageModel', () => {
  it.each([
    'qwen-image',
    'qwen-image-max',
    'qwen-image-9.9',
    'wan2.6-t2i',
    'wanx-v1',
    'wan9',
    'z-image-turbo',
  ])('%s is one', (model) => expect(isImageModel(model, NONE)).toBe(true));

  it.each(['', 'qwen-vl-max', 'qwen-turbo', 'my-qwen-image', 'z', 'flux-dev', 'QWEN-IMAGE'])(
    '%j is none',
    (model) => expect(isImageModel(model, NONE)).toBe(false),
  );

  it('is one that was added', () => {
    expect(isImageModel('flux-dev', new Set(['flux-dev']))).toBe(true);
    expect(isImageModel('flux-dev-2', new Set(['flux-dev']))).toBe(false);
  });
});

describe('the table of models', () => {
  it('has every id once', () => expect(new Set(IDS).size).toBe(IDS.length));

  it.each(IDS)('%s draws pictures', (id) => {
    expect(isImageModel(id, NONE)).toBe(true);
    expect(drawsVideo(id)).toBe(false);
    expect(findModel(id)?.ids).toContain(id);
  });

  it('has dated snapshots behind the id that they are of', () => {
    for (const { ids } of IMAGE_MODELS) {
      const [first, ...others] = ids;
      for (const id of others) expect(id).toMatch(new RegExp(`^${first}-\\d{4}-\\d{2}-\\d{2}$`));
    }
  });

  it('says which models need reference pictures, and which take none', () => {
    const of = (references: string) =>
      IMAGE_MODELS.flatMap((model) => (model.references === references ? [model.ids[0]] : []));
    expect(of('required')).toEqual([
      'qwen-image-edit-max',
      'qwen-image-edit-plus',
      'qwen-image-edit',
      'wan2.5-i2i-preview',
      'wanx2.1-imageedit',
      'wanx-sketch-to-image-lite',
    ]);
    expect(of('none')).toContain('qwen-image-max');
    expect(of('possible')).toContain('wan2.7-image');
  });

  it('has nothing that needs a picture before what draws from text', () => {
    const ranks = IMAGE_MODELS.map(({ references }) =>
      ['none', 'possible', 'unknown', 'required'].indexOf(references),
    );
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
  });
});

describe('listModels', () => {
  it('is the table with what was added, each once', () => {
    expect(listModels(NONE)).toEqual(IDS);
    expect(listModels(new Set(['flux-dev', 'qwen-image-max']))).toEqual([...IDS, 'flux-dev']);
  });
});

describe('requireKnownModel', () => {
  it.each(IDS)('%s is known', (id) => expect(() => requireKnownModel(id, NONE)).not.toThrow());

  it('knows what was added', () => {
    expect(() => requireKnownModel('flux-dev', new Set(['flux-dev']))).not.toThrow();
    expect(errorOf(() => requireKnownModel('flux', new Set(['flux-dev']))).message).toContain('flux-dev');
  });

  it('says which there are, and which was meant', () => {
    const { code, field, message } = errorOf(() => requireKnownModel('qwen-imge-max', NONE));
    expect({ code, field }).toEqual({ code: 'unknown_model', field: 'model' });
    expect(message).toMatch(
      /^There is no image model "qwen-imge-max"\. Did you mean qwen-image-max\? There are qwen-image-max, qwen-image-plus, /,
    );
    for (const { ids } of IMAGE_MODELS) expect(message).toContain(ids[0]);
    expect(message).not.toContain('qwen-image-max-2025-12-30');
  });

  it.each([
    ['Qwen-Image-Max', 'qwen-image-max'],
    ['wan2.6-t2i-', 'wan2.6-t2i'],
    ['z-image-trubo', 'z-image-turbo'],
    ['qwen-image-plus-2026-01-08', 'qwen-image-plus-2026-01-09'],
    ['dall-e-3', undefined],
    ['gpt-image-1', undefined],
    ['', undefined],
  ])('%j: meant is %s', (model, meant) => {
    const { message } = errorOf(() => requireKnownModel(model, NONE));
    expect(/Did you mean (\S+)\?/.exec(message)?.[1]).toBe(meant);
  });

  it('does not repeat a name of any length', () => {
    expect(errorOf(() => requireKnownModel('x'.repeat(1e6), NONE)).message.length).toBeLessThan(1_000);
  });
});

describe('requireOfferedSize', () => {
  const FIVE = ['1664*928', '1472*1104', '1328*1328', '1104*1472', '928*1664'];

  it.each(['qwen-image', 'qwen-image-plus'])('%s offers five', (model) => {
    for (const size of FIVE) expect(() => requireOfferedSize(model, size)).not.toThrow();
    const { code, field, message } = errorOf(() => requireOfferedSize(model, '1024*1024'));
    expect({ code, field }).toEqual({ code: 'invalid_request', field: 'size' });
    for (const size of FIVE) expect(message).toContain(size);
  });

  it.each(['qwen-image-max', 'qwen-image-plus-2026-01-09', 'wan2.6-t2i', 'flux-dev'])(
    'what %s offers is the vendor’s to say',
    (model) => expect(() => requireOfferedSize(model, '1*1')).not.toThrow(),
  );
});

describe('defaultCount', () => {
  it.each([
    ['qwen-image', 1],
    ['qwen-image-edit-max', 1],
    ['qwen-image-3.0-pro', 1],
    ['z-image-turbo', 1],
    ['wan2.2-t2i-flash', 4],
    ['wan2.5-t2i-preview', 4],
    ['wan2.6-t2i', 4],
    ['wan2.1-t2i-plus', undefined],
    ['wan2.7-image', undefined],
    ['wan2.6-image', undefined],
    ['wan2.5-i2i-preview', undefined],
    ['wanx2.1-t2i-plus', undefined],
    ['my-qwen-image', undefined],
  ])('%s: %s', (model, expected) => expect(defaultCount(model)).toBe(expected));
});
