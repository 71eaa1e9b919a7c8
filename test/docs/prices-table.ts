import { IMAGE_MODELS } from '../../src/core/models/image-models.ts';
import { PRICE_SOURCES, type Price } from '../../src/core/models/price.ts';

/** README's table of prices, as Markdown, from the one in code. */
export function renderPricesTable(): string {
  const rows = IMAGE_MODELS.flatMap(({ ids, prices }) =>
    prices === undefined
      ? []
      : [
          `| \`${ids[0]}\`${ids.length > 1 ? ' and its snapshots' : ''} | ${say(prices.cn)} | ${say(prices.intl)} |`,
        ],
  );
  const sources = Object.values(PRICE_SOURCES).map(
    ({ title, date }, index) => `${index + 1}. ${title} (${date})`,
  );
  const header = ['| model | Beijing, CNY | international, USD |', '|---|---|---|'];
  return [...header, ...rows, '', ...sources].join('\n');
}

function say(price: Price | undefined): string {
  if (price === undefined) return '';
  return `${amounts(price)} [${Object.keys(PRICE_SOURCES).indexOf(price.source) + 1}]`;
}

function amounts(price: Price): string {
  switch (price.by) {
    case 'picture':
      return String(price.amount);
    case 'prompt_extend':
      return `${price.plain}; ${price.extended} with \`prompt_extend\``;
    case 'output_image_type': {
      const drawn = [...price.amounts].map(([type, amount]) => `${amount} (\`${type}\`)`);
      return `${drawn.join(', ')}; ${price.reference} per reference`;
    }
  }
}
