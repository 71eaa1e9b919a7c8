import type { ExplanationBody } from '../../http/admin/explanation-schema.ts';
import { askExplanation, readExplanation } from '../client/explanation.ts';
import { type ServerFlags, withServer } from '../client/open-server.ts';
import { ServerClient } from '../client/server-client.ts';
import { inlineReferences } from '../local-references.ts';
import { formatMoney } from '../money.ts';
import { readRequest } from '../request-argument.ts';
import { printable, printableJson } from '../terminal/printable.ts';

export interface ExplainFlags extends ServerFlags {
  readonly scope?: string;
  readonly json?: boolean;
}

/** Prints what would become of a request, and why. */
export async function explain(argument: string, flags: ExplainFlags): Promise<void> {
  const request = await inlineReferences(await readRequest(argument));
  await withServer(flags, { durableUrls: true }, async (server) => {
    const client = new ServerClient(server);
    const explanation = readExplanation(await askExplanation(client, request.text, flags), client);
    await client.close();
    console.log(flags.json === true ? printableJson(explanation) : describe(explanation));
  });
}

function describe(explanation: ExplanationBody): string {
  const { result, reason, key, model, dialect, scope, cost, entry, canonical, excluded, nearest } =
    explanation;
  return [
    `${result}: ${reason}`,
    `  model      ${model}, asked for in the words of ${dialect}`,
    `  key        ${key ?? 'none'}`,
    `  scope      ${scope}`,
    `  price      ${cost === null ? 'not known' : formatMoney(cost)}`,
    ...(entry === undefined
      ? []
      : [`  entry      take ${entry.take}, of ${entry.created_at}, ${entry.hits} hits`]),
    ...(canonical === null ? [] : [`  canonical  ${JSON.stringify(canonical)}`]),
    ...excluded.map(({ field, reason: why }) => `  left out   ${field}: ${why}`),
    ...nearest.flatMap((near) => [
      `  nearest    ${near.key}, of ${near.created_at}: ${JSON.stringify(near.prompt)}`,
      ...near.differences.map(
        ({ field, asked, stored }) =>
          `             ${field}: asked ${JSON.stringify(asked)}, stored ${JSON.stringify(stored)}`,
      ),
    ]),
  ]
    .map(printable)
    .join('\n');
}
