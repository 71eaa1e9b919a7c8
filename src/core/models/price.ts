/** The vendor's regions whose prices are known, as sites name them. Of the others no source gives any. */
export type PricedRegion = 'cn' | 'intl';

/** What one successful picture costs, and who says so. A price that no source gives is absent, never zero. */
export type Price = { readonly source: PriceSource } & (
  | { readonly by: 'picture'; readonly amount: number }
  /** The request's `prompt_extend` decides; absent is false. */
  | { readonly by: 'prompt_extend'; readonly plain: number; readonly extended: number }
  /** The answer's `usage` decides, and every reference picture is billed once beside what is drawn. */
  | {
      readonly by: 'output_image_type';
      readonly amounts: ReadonlyMap<string, number>;
      readonly reference: number;
    }
);

/** Where a price was read. */
export type PriceSource = keyof typeof PRICE_SOURCES;

/** Each source with its own date or, where it has none, the day on which its stored copy was read. */
export const PRICE_SOURCES = {
  zImage: { title: 'www.alibabacloud.com/help/zh/model-studio/z-image-turbo', date: '2026-11-22' },
  priceList: {
    title: 'help.aliyun.com/zh/model-studio/model-pricing, as a public note on Z-Image quotes it',
    date: '2026-08-22',
  },
  textToImageV2: {
    title: 'help.aliyun.com/zh/model-studio/text-to-image-v2-api-reference',
    date: '2026-11-22',
  },
  wanxV1: {
    title: 'help.aliyun.com/zh/model-studio/developer-reference/text-to-image-api-details',
    date: '2026-11-22',
  },
  wanxImageEdit: { title: 'help.aliyun.com/en/model-studio/wanx-image-edit', date: '2026-11-22' },
  skill: {
    title: 'github.com/QwenCloud/qwencloud-ai, the vendor’s image generation skill',
    date: '2026-04-30',
  },
  crazyrouter: {
    title: 'docs.crazyrouter.com/images/qwen, which quotes the official prices',
    date: '2026-11-22',
  },
  gateway: {
    title: 'the documentation of a public gateway, which quotes the official prices',
    date: '2026-11-22',
  },
  catalogue: { title: 'a public program’s catalogue of Qwen Cloud’s models', date: '2026-11-22' },
  service: { title: 'the price table of a public image service', date: '2026-11-22' },
} as const;

/** The usual kind of price: the same for every picture. */
export function perImage(amount: number, source: PriceSource): Price {
  return { by: 'picture', amount, source };
}
