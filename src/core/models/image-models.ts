import { type Price, type PricedRegion, perImage } from './price.ts';

/** What the vendor's documents and published captures say of an image model (November 2026). */
export interface ImageModel {
  /** Its id, then the dated snapshots and other ids of the same row of the documents. */
  readonly ids: readonly [string, ...string[]];
  /** Whether it draws from reference pictures beside the text. */
  readonly references: 'none' | 'possible' | 'required' | 'unknown';
  /** Every size that it takes; only where all sources give the same closed list. */
  readonly sizes?: readonly string[];
  /** Absent where no source gives a price, or the sources disagree. */
  readonly prices?: Readonly<Partial<Record<PricedRegion, Price>>>;
}

const FIVE_SIZES = ['1664*928', '1472*1104', '1328*1328', '1104*1472', '928*1664'] as const;

const QWEN_IMAGE_PLUS_PRICES = { cn: perImage(0.2, 'crazyrouter'), intl: perImage(0.03, 'catalogue') };

/**
 * The official image models: what draws from text alone first, then what may or must see pictures. Left out are
 * `qwen-mt-image` and `aitryon-plus`, which are not asked with a prompt and word their results in a way of their own, and
 * `flux-*` and `stable-diffusion-*`, of which nobody knows whether they are still served.
 */
export const IMAGE_MODELS: readonly ImageModel[] = [
  {
    ids: ['qwen-image-max', 'qwen-image-max-2025-12-30'],
    references: 'none',
    prices: { cn: perImage(0.5, 'crazyrouter'), intl: perImage(0.075, 'catalogue') },
  },
  {
    ids: ['qwen-image-plus'],
    references: 'none',
    sizes: FIVE_SIZES,
    prices: QWEN_IMAGE_PLUS_PRICES,
  },
  // Without a closed list: helpers in use ask it for 1024*1024.
  { ids: ['qwen-image-plus-2026-01-09'], references: 'none', prices: QWEN_IMAGE_PLUS_PRICES },
  {
    ids: ['qwen-image'],
    references: 'none',
    sizes: FIVE_SIZES,
    prices: { cn: perImage(0.25, 'service') },
  },
  {
    ids: ['z-image-turbo'],
    references: 'none',
    prices: {
      cn: { by: 'prompt_extend', plain: 0.1, extended: 0.2, source: 'priceList' },
      intl: { by: 'prompt_extend', plain: 0.015, extended: 0.03, source: 'zImage' },
    },
  },
  { ids: ['wan2.6-t2i'], references: 'none', prices: { intl: perImage(0.03, 'catalogue') } },
  { ids: ['wan2.5-t2i-preview'], references: 'none' },
  { ids: ['wan2.2-t2i-plus'], references: 'none' },
  { ids: ['wan2.2-t2i-flash'], references: 'none', prices: { cn: perImage(0.14, 'service') } },
  { ids: ['wanx2.1-t2i-plus'], references: 'none', prices: { cn: perImage(0.2, 'textToImageV2') } },
  { ids: ['wanx2.1-t2i-turbo'], references: 'none', prices: { cn: perImage(0.14, 'textToImageV2') } },
  // What the two above are called outside Beijing.
  { ids: ['wan2.1-t2i-plus'], references: 'none' },
  { ids: ['wan2.1-t2i-turbo'], references: 'none' },
  { ids: ['wanx2.0-t2i-turbo'], references: 'none' },
  { ids: ['wanx-v1'], references: 'possible', prices: { cn: perImage(0.16, 'wanxV1') } },
  {
    ids: ['qwen-image-3.0-pro'],
    references: 'possible',
    prices: {
      cn: {
        by: 'output_image_type',
        amounts: new Map([
          ['qima_output_1k', 0.25],
          ['qima_output_2k', 0.5],
        ]),
        reference: 0.02,
        source: 'gateway',
      },
    },
  },
  { ids: ['qwen-image-3.0'], references: 'possible' },
  {
    ids: [
      'qwen-image-2.0-pro',
      'qwen-image-2.0-pro-2026-03-03',
      'qwen-image-2.0-pro-2026-04-22',
      'qwen-image-2.0-pro-2026-06-22',
    ],
    references: 'possible',
    prices: { cn: perImage(0.5, 'crazyrouter'), intl: perImage(0.075, 'catalogue') },
  },
  {
    ids: ['qwen-image-2.0', 'qwen-image-2.0-2026-03-03'],
    references: 'possible',
    prices: { cn: perImage(0.2, 'crazyrouter'), intl: perImage(0.035, 'catalogue') },
  },
  {
    ids: ['wan2.7-image-pro'],
    references: 'possible',
    prices: { cn: perImage(0.5, 'gateway'), intl: perImage(0.075, 'skill') },
  },
  {
    ids: ['wan2.7-image'],
    references: 'possible',
    prices: { cn: perImage(0.2, 'gateway'), intl: perImage(0.03, 'skill') },
  },
  // None are needed where it draws pictures between texts.
  { ids: ['wan2.6-image'], references: 'possible' },
  { ids: ['qwen-image-2.1-pro'], references: 'unknown' },
  {
    ids: ['qwen-image-edit-max', 'qwen-image-edit-max-2026-01-16'],
    references: 'required',
    prices: { intl: perImage(0.075, 'catalogue') },
  },
  {
    ids: ['qwen-image-edit-plus', 'qwen-image-edit-plus-2025-10-30', 'qwen-image-edit-plus-2025-12-15'],
    references: 'required',
    prices: { intl: perImage(0.03, 'catalogue') },
  },
  { ids: ['qwen-image-edit'], references: 'required', prices: { cn: perImage(0.3, 'service') } },
  { ids: ['wan2.5-i2i-preview'], references: 'required' },
  {
    ids: ['wanx2.1-imageedit'],
    references: 'required',
    prices: { cn: perImage(0.14, 'wanxImageEdit') },
  },
  { ids: ['wanx-sketch-to-image-lite'], references: 'required' },
];
