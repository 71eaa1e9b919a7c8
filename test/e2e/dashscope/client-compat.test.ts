/*
 * The seams where a naive proxy breaks the vendor's clients, and the test that proves each; a page of the documentation
 * where only its reader can do something. A row without a number goes on with the seam above it.
 *
 * | #  | what a client must see                    | where it is proved, and by which title                              |
 * | -- | ----------------------------------------- | ------------------------------------------------------------------- |
 * | 1  | picture URLs that live, ending in .png    | core-flow.test.ts: its URL serves the same bytes after upstream's has expired and after a restart |
 * |    |                                           | tasks.test.ts: answers prompt-shaped models in their own family |
 * | 2  | URLs that the client can reach, by https  | auth-passthrough.test.ts: is DASHCACHE_PUBLIC_URL where it is set |
 * | 3  | base_address covers only the POST         | docs/how-to/python.md: `base_address=` of a single call |
 * | 4  | asyncio's slash behind task paths         | sdk-flows.test.ts: ImageGeneration.async_call, wait, list, cancel, fetch: %s |
 * | 5  | asyncio's cancel, with a body             | tasks.test.ts: canceled one by one leave the others; the last one takes the job along |
 * | 6  | a JSON content type, from the store too   | sdk-flows.test.ts: ImageSynthesis, text to image: %s |
 * | 7  | status exactly 200 for submissions        | task-compat.test.ts: have the status 200 for whoever submits: the first, those who join, those who come later |
 * | 8  | output an object, a role in each message  | tasks.test.ts: an asynchronous model serves a synchronous client, and every door hits the one entry |
 * |    |                                           | faults.test.ts: %s is a clear error that no client retries |
 * | 9  | the gateway's framing to the byte         | streams.test.ts: 22: comes byte for byte as upstream sends it, is stored, and a hit replays it |
 * |    |                                           | streams.test.ts: 38: an error in its first event comes as it is, asked for once, status %i |
 * | 10 | events at once, compressed or not         | streams.test.ts: an event is with the client before upstream sends the next, in the chunks of upstream |
 * |    |                                           | request-compat.test.ts: a compressed stream that passes through is there event by event |
 * | 11 | a task for a hit, like any other          | task-compat.test.ts: is one like any other: a UUID, polled, listed, not to be canceled, and forgotten after 24 hours |
 * |    |                                           | task-sharing.test.ts: a task that everybody shares is shown only to keys that the vendor has accepted |
 * | 12 | chat on the path of the image models      | passthrough.test.ts: a vision model on the path of the image models passes with every byte of its body |
 * |    |                                           | passthrough-streams.test.ts: an event is there before upstream sends the next, framed as the gateway framed it |
 * | 13 | hits for uploaded files, by their bytes   | uploads.test.ts: in the field order of %s is drawn from once, whatever its name |
 * |    |                                           | uploads.test.ts: has the vendor’s shape, with or without a slash, and nobody is asked |
 * | 14 | the vendor's own oss:// names, unchanged  | references.test.ts: an oss:// name of the vendor’s counts by its name, and the header that lets it be read goes upstream |
 * | 15 | references by content, not by URL         | references.test.ts: as data URI, at a URL and as a blob of ours it is one recipe, bought once |
 * |    |                                           | references.test.ts: what stands behind a URL is looked at each time: other bytes are another picture |
 * | 16 | retries of a list changed in place        | request-compat.test.ts: a message list that an SDK has changed in place is good for the retry, and is uploaded once |
 * | 17 | nulls and noise, forwarded, not counted   | request-compat.test.ts: what the SDKs put beside the request goes upstream as it came, and counts for nothing |
 * |    | stream: true is needed upstream           | sdk-flows.test.ts: MultiModalConversation.call, streaming texts and pictures in turn |
 * | 18 | the negative prompt told twice            | sdk-flows.test.ts: all SDKs share what one of them bought |
 * |    | two that differ                           | recipe.test.ts : is both of two negative prompts that differ |
 * | 19 | nothing of the account that paid          | faults.test.ts: what tells about its account or timing reaches nobody, on a miss as little as on a hit |
 * |    |                                           | task-compat.test.ts: tell nothing of the account that paid, nor when the vendor was asked |
 * | 20 | no timings of another's request           | faults.test.ts: what tells about its account or timing reaches nobody, on a miss as little as on a hit |
 * | 21 | request ids of their own                  | core-flow.test.ts: every answer has a request id of its own, the same in body and header |
 * |    |                                           | task-compat.test.ts: have request ids of their own, the same in body and header |
 * | 22 | no compression that was not offered       | request-compat.test.ts: what was bought with compression is plain for a client that takes none |
 * | 23 | the picture, after a client's own timeout | core-flow.test.ts: a client that hangs up does not lose the picture |
 * |    | servers in front that wait long enough    | docs/how-to/run-for-others.md: at least 300 s for an answer |
 * | 24 | one bill: no POST is sent again           | faults.test.ts: a connection %s is a 424, on record as unknown, and not sent again |
 * | 25 | one upstream call for many, JSON 429s     | core-flow.test.ts: 1,000 identical requests at once make one upstream call, and everyone gets the same bytes |
 * |    |                                           | governor.test.ts: a miss that finds the queue full, or waits too long, is told when to come back |
 * | 26 | no 429, 500 or 502 on polls               | task-compat.test.ts: is answered although the vendor refuses ours with %i |
 * |    |                                           | task-compat.test.ts: is never one too many |
 * | 27 | the vendor's 401 untouched                | passthrough.test.ts: the vendor's 401 comes out byte for byte, without a content-type |
 * | 28 | no hit for an invalid key                 | auth-passthrough.test.ts: an invalid key gets the vendor's own 401, also for what is stored |
 * |    | nor of what everybody shares              | auth-passthrough.test.ts: serves every key that the vendor accepts, and no other |
 * |    | 401 before 400                            | request-compat.test.ts: a key that the vendor refuses is told so first, whatever else is wrong |
 * | 29 | the region of the key                     | simulated.test.ts: of one simulator are no hits for another upstream |
 * |    |                                           | README.md: A key works in one region only |
 * | 30 | the API at the root of a host             | sdk-flows.test.ts: MultiModalConversation.call: %s |
 * |    |                                           | docs/how-to/run-for-others.md: at the root of a host |
 * | 31 | no detour through HTTP_PROXY              | docs/how-to/point-a-client.md: NO_PROXY=127.0.0.1 |
 * | 32 | no code or message on a success           | sdk-flows.test.ts: ImageGeneration.call |
 * | 33 | entries of results that are flat          | task-compat.test.ts: entries of results are flat, those of failed pictures too |
 * | 34 | one list of our tasks and the vendor's    | tasks.test.ts: are listed beside the vendor’s, once each |
 * | 35 | bodies of 40 MB                           | request-compat.test.ts: three pictures of ten megabytes in one body are drawn from, and found again |
 * |    | 413 in the vendor's shape beyond          | bad-input.test.ts: a body above the bound, as soon as it says so |
 * | 36 | encrypted requests, uncached              | passthrough-images.test.ts: an encrypted request passes through, unread and uncached |
 * | 37 | the environment, read at import           | docs/how-to/python.md: It reads its environment once |
 * | 38 | four pictures where wan draws four        | request-compat.test.ts: a model that draws four unless told otherwise is asked, paid and answered for four |
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SEAMS = 38;

interface Row {
  readonly number: string;
  readonly file: string;
  readonly title: string;
}

function readTable(): Row[] {
  const [head = ''] = readFileSync(new URL(import.meta.url), 'utf8').split('*/');
  const rows = head.matchAll(/^ \* \| (\d*) *\| [^|]+\| ([^\s|]+\.(?:md|test\.ts)): (.+) \|$/gm);
  return [...rows].map(([, number = '', file = '', title = '']) => ({ number, file, title }));
}

/** Documents by their path, tests by their name in any room. */
function textOf(file: string): string {
  if (file.endsWith('.md')) return readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
  const tests = fileURLToPath(new URL('../..', import.meta.url));
  const found = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter(
    (path) => basename(path) === file,
  );
  return found.map((path) => readFileSync(join(tests, path), 'utf8')).join('\n');
}

/** A page of the documentation holds the words; a test's file holds them as the title of a test that is run. */
function holds({ file, title }: Row): boolean {
  const text = textOf(file);
  if (file.endsWith('.md')) return text.replace(/\s+/g, ' ').includes(title);
  const quoted = `["'\`]${title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}["'\`]`;
  return new RegExp(`^ *(?:it|it\\.each\\([^;]*?\\))\\(\\s*${quoted},`, 'm').test(text);
}

it('every seam has its row, and every row names a test that exists', () => {
  const rows = readTable();
  expect(rows.map(({ number }) => number).filter(Boolean)).toEqual(
    Array.from({ length: SEAMS }, (_, index) => String(index + 1)),
  );
  expect(rows.filter((row) => !holds(row))).toEqual([]);
});
