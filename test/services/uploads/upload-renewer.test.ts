import { expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import type { GenerationCall } from '../../../src/ports/image-upstream.ts';
import { UploadRenewer } from '../../../src/services/uploads/upload-renewer.ts';
import { answer, drawn, FakeUpstream } from '../../support/fakes/fake-upstream.ts';
import { RecordingReporter } from '../../support/fakes/recording-reporter.ts';

const LOST = answer(400, { code: 'InvalidParameter.DataInspection', message: 'Unable to download it.' });
const bytes = (text: string) => new TextEncoder().encode(text);
const call = (renewedBody?: GenerationCall['renewedBody']): GenerationCall => ({
  path: '/x',
  headers: [['x-dashscope-ossresourceresolve', 'enable']],
  body: bytes('oss://dead'),
  apiKey: 'k',
  renewedBody,
});

function start(...answers: Awaited<ReturnType<FakeUpstream['generate']>>[]) {
  const upstream = new FakeUpstream();
  const reporter = new RecordingReporter();
  upstream.onGenerate = () => answers.shift() ?? answer(200, drawn());
  return { upstream, reporter, renewer: new UploadRenewer({ upstream, reporter }) };
}
const { signal } = new AbortController();

it('a file that the vendor has lost goes up anew, and the request is sent again in all else as it was', async () => {
  const { upstream, renewer } = start(LOST);
  expect(
    (
      await renewer.generate(
        call(async () => bytes('oss://fresh')),
        signal,
      )
    ).status,
  ).toBe(200);
  expect(upstream.calls.map(({ body }) => new TextDecoder().decode(body))).toEqual([
    'oss://dead',
    'oss://fresh',
  ]);
  expect(upstream.calls[1]).toMatchObject({ path: '/x', headers: call().headers, apiKey: 'k' });
});

it('once: what is refused again is refused', async () => {
  const { upstream, renewer } = start(LOST, LOST);
  expect(
    await renewer.generate(
      call(async () => bytes('oss://fresh')),
      signal,
    ),
  ).toBe(LOST);
  expect(upstream.calls).toHaveLength(2);
});

it.each([
  ['the request names no upload of ours', LOST, undefined],
  ['the refusal is about something else', answer(400, { code: 'InvalidParameter', message: 'n' }), call],
])('not where %s', async (_, refusal, renews) => {
  const { upstream, renewer } = start(refusal);
  const asked = call(renews === undefined ? undefined : async () => bytes('oss://fresh'));
  expect(await renewer.generate(asked, signal)).toBe(refusal);
  expect(upstream.calls).toHaveLength(1);
});

it('the refusal stands where the file cannot go up again', async () => {
  const { upstream, reporter, renewer } = start(LOST);
  const failing = async () => {
    throw new AppError('upload_unknown', 'gone');
  };
  expect(await renewer.generate(call(failing), signal)).toBe(LOST);
  expect(upstream.calls).toHaveLength(1);
  expect(reporter.events).toMatchObject([{ type: 'failure', where: 'renewal of an upload' }]);
});
