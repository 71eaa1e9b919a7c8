import { expect, it } from 'vitest';
import { saysFileIsLost } from '../../../src/core/dashscope/lost-upload.ts';

const says = (status: number, body: unknown) =>
  saysFileIsLost(status, new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)));

it.each([
  { code: 'InvalidParameter.DataInspection', message: 'Unable to download the media resource.' },
  { code: 'InvalidURL', message: 'The provided URL does not appear to be valid.' },
  { code: 'BadRequest.InputDownloadFailed' },
  { code: 'InvalidParameter', message: 'Download the oss file failed' },
])('%j says that a file is lost', (body) => expect(says(400, body)).toBe(true));

it.each([
  [400, { code: 'DataInspectionFailed', message: 'Input data may contain inappropriate content.' }],
  [400, { code: 'InvalidParameter', message: 'num_images_per_prompt must be 1' }],
  [200, { code: 'InvalidURL' }],
  [500, { code: 'InvalidURL' }],
  [403, '<html>'],
])('%i %j does not', (status, body) => expect(says(status, body)).toBe(false));
