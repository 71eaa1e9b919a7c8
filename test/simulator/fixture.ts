import { expect } from 'vitest';
import { fixture, headerNames, shapeOf } from '../support/data/fixtures.ts';
import { field } from './support.ts';

/** The answer has the fixture's status, header names and shape; returns its body. */
export async function expectLikeFixture(response: Response, number: string): Promise<unknown> {
  const expected = field(fixture(number), 'response');
  const body: unknown = await response.json();
  expect(response.status).toBe(field(expected, 'status'));
  expect(shapeOf(body)).toEqual(shapeOf(field(expected, 'body')));
  expect([...response.headers.keys()]).toEqual(
    expect.arrayContaining(headerNames(field(expected, 'headers'))),
  );
  expect(field(body, 'request_id')).toEqual(expect.any(String));
  if (field(expected, 'headers.x-request-id')) {
    expect(response.headers.get('x-request-id')).toBe(field(body, 'request_id'));
  }
  expect(response.headers.get('x-dashcache-simulator')).toBe('1');
  return body;
}
