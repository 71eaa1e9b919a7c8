import type { Cost } from '../../core/events.ts';
import type { GenerateAnswerBody } from '../../http/image-generate/generate-schema.ts';
import { type ServerFlags, withServer } from '../client/open-server.ts';
import { ServerClient } from '../client/server-client.ts';
import { inlineReferences } from '../local-references.ts';
import { formatMoney } from '../money.ts';
import { readRequest } from '../request-argument.ts';
import { showGeneration } from '../terminal/generation-progress.ts';
import { progressStyle } from '../terminal/progress-style.ts';
import { defaultFolder, writeImages } from './image-files.ts';

export interface GenerateFlags extends ServerFlags {
  readonly request: string;
  readonly output?: string;
  readonly printResponse?: boolean;
  readonly json?: boolean;
}

/** Draws the images of one `image.generate` request, or finds them in the cache, and writes them to files. */
export async function generate(flags: GenerateFlags): Promise<void> {
  const request = await inlineReferences(await readRequest(flags.request));
  await withServer(flags, { durableUrls: true }, async (server) => {
    const client = new ServerClient(server);
    const progress = showGeneration(progressStyle(flags.json === true));
    const answer = await client
      .generate(request.text, (event) => progress.show(event))
      .finally(() => progress.end());
    const images = await Promise.all(answer.images.map((image) => client.download(image)));
    await client.close();
    const folder = defaultFolder(server.env);
    const written = await writeImages(images, { output: flags.output, folder });
    for (const { path, isMisnamed } of written) {
      if (isMisnamed) console.error(`dashcache: ${path} is not in the format that its name says`);
    }
    const files = written.map(({ path }) => path);
    if (flags.json === true) {
      console.log(JSON.stringify({ files, response: answer }));
      return;
    }
    console.error(describe(answer));
    if (flags.printResponse === true) console.log(JSON.stringify(answer, undefined, 2));
    // File names on standard output would spoil the response's JSON.
    const say = flags.printResponse === true ? console.error : console.log;
    for (const file of files) say(file);
  });
}

function describe(answer: GenerateAnswerBody): string {
  const { cached, cost, spent, avoided, simplified_prompt: simplified } = answer;
  const instead =
    simplified === undefined ? '' : `; the prompt drew nothing, so this was drawn: ${simplified}`;
  if (cached) return `from the cache${amount(', saved', cost, avoided)}${instead}`;
  const kept = answer.images.some(({ sha256 }) => sha256 === null) ? ', but could not be kept' : '';
  const how =
    spent === 0
      ? `drawn for another request${amount(', saved', cost, avoided)}`
      : `drawn${amount(' for', cost, spent)}`;
  return how + kept + instead;
}

function amount(word: string, cost: Cost | null, value: number | null): string {
  if (cost === null || value === null) return ', at a price that is not known';
  return `${word} ${formatMoney({ ...cost, amount: value })}`;
}
