import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAll } from '../../src/core/bytes/read-all.ts';
import type { FormReader } from '../../src/ports/multipart.ts';
import { FORM_TYPE, formBytes, inChunks } from '../support/clients/forms.ts';
import { settle } from '../support/fakes/manual-clock.ts';

const file = (value: string | Uint8Array, name = 'file') => ({ name, value, filename: 'a.png' });

/** A form of one part with this head. */
const formOf = (head: string) => Buffer.from(`--b0\r\n${head}\r\n\r\nv\r\n--b0--\r\n`);

/** What every `FormReader` does. */
export function formReaderSuite(name: string, forms: FormReader): void {
  async function readForm(body: AsyncIterable<Uint8Array>, contentType = FORM_TYPE) {
    const parts: [string, string][] = [];
    for await (const part of forms.read(contentType, body)) {
      const value =
        part.kind === 'field' ? part.value : Buffer.from(await readAll(part.content)).toString('latin1');
      parts.push([part.name, value]);
    }
    return parts;
  }

  async function readKinds(body: AsyncIterable<Uint8Array>) {
    const parts: [string, string][] = [];
    for await (const { kind, name } of forms.read(FORM_TYPE, body)) parts.push([kind, name]);
    return parts;
  }

  describe(`a form read by ${name}`, () => {
    it('is read the same in whatever chunks it arrives', async () => {
      const field = fc.record({
        name: fc.stringMatching(/^[a-z-]{1,20}$/),
        value: fc.stringMatching(/^[ -~]{0,40}$/),
      });
      const bytes = fc.uint8Array({ maxLength: 300 });
      await fc.assert(
        fc.asyncProperty(
          fc.array(field, { maxLength: 5 }),
          bytes,
          fc.integer({ min: 1, max: 200 }),
          async (fields, content, size) => {
            const form = formBytes([...fields, file(content)]);
            expect(await readForm(inChunks(form, size))).toEqual([
              ...fields.map(({ name, value }) => [name, value]),
              ['file', Buffer.from(content).toString('latin1')],
            ]);
          },
        ),
        { numRuns: 100 },
      );
    });

    it.each([
      ['Content-Disposition: form-data; name="x; filename=y"', ['field', 'x; filename=y']],
      ['Content-Disposition: form-data; filename="; name=evil"; name="a"', ['file', 'a']],
      ['Content-Disposition: form-data; name="a\\"; filename=\\"b"', ['field', 'a"; filename="b']],
      ['content-disposition:form-data;NAME=a;filename=b', ['file', 'a']],
      ["Content-Disposition: form-data; name=a; filename*=UTF-8''b", ['file', 'a']],
      ['Content-Disposition: form-data; name="a"; filename=""', ['field', 'a']],
      [
        'Content-Disposition: form-data; name="a"; filename=""\r\nContent-Type: application/octet-stream',
        ['file', 'a'],
      ],
      [
        'Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="b"; filename="c"',
        ['field', 'a'],
      ],
    ])('takes the head of a part by its grammar: %s', async (head, part) => {
      expect(await readKinds(inChunks(formOf(head), 7))).toEqual([part]);
    });

    it.each([
      'multipart/form-data; x-boundary=b1; boundary=b0',
      'multipart/form-data; a="boundary=b1"; boundary=b0',
      'Multipart/Form-Data;charset=utf-8;BOUNDARY="b0"',
    ])('finds its boundary in %s', async (type) => {
      const form = formOf('Content-Disposition: form-data; name="a"');
      expect(await readForm(inChunks(form, 7), type)).toEqual([['a', 'v']]);
    });

    it('goes on behind a file that nobody reads, whole or in part', async () => {
      const form = formBytes([file(new Uint8Array(500_000)), { name: 'a', value: '1' }, file('second')]);
      const names: string[] = [];
      for await (const part of forms.read(FORM_TYPE, inChunks(form, 10_000))) {
        names.push(part.name);
        if (part.kind === 'file') for await (const _ of part.content) break;
      }
      expect(names).toEqual(['file', 'a', 'file']);
    });

    it('that is left is read to its end, so that its sender can finish', async () => {
      let read = 0;
      const form = formBytes([{ name: 'a', value: '1' }, file(new Uint8Array(500_000)), file('second')]);
      const body = inChunks(form, 10_000, (at) => {
        read = at;
      });
      for await (const _ of forms.read(FORM_TYPE, body)) break;
      expect(read).toBeGreaterThan(form.length - 10_001);
    });

    it('of 25 megabytes is never held: the sender waits while the reader does', async () => {
      const size = 25 * 1024 * 1024;
      let sent = 0;
      const body = inChunks(formBytes([file(new Uint8Array(size))]), 64 * 1024, (at) => {
        sent = at;
      });
      const parts = forms.read(FORM_TYPE, body)[Symbol.asyncIterator]();
      const { value: part } = await parts.next();
      if (part?.kind !== 'file') throw new Error('no file came');
      let read = 0;
      for await (const chunk of part.content) {
        read += chunk.byteLength;
        // However long the reader takes, no more than a few chunks are on their way.
        for (let turn = 0; turn < 3; turn += 1) await settle();
        expect(sent - read).toBeLessThan(512 * 1024);
      }
      expect(read).toBe(size);
      expect((await parts.next()).done).toBe(true);
    });
  });

  describe('what is no form', () => {
    const whole = formBytes([{ name: 'a', value: '1' }, file('content')]);
    it.each([
      ['no type', '', whole],
      ['another type', 'application/json', whole],
      ['no boundary', 'multipart/form-data', whole],
      ['another boundary', 'multipart/form-data; boundary=b1', whole],
      ['nothing', FORM_TYPE, new Uint8Array()],
      [
        'too many fields',
        FORM_TYPE,
        formBytes(Array.from({ length: 65 }, () => ({ name: 'a', value: '1' }))),
      ],
      [
        'too long a field',
        FORM_TYPE,
        formBytes([{ name: 'a', value: 'x'.repeat(65 * 1024) }, file('content')]),
      ],
    ])('is refused: %s', async (_, type, bytes) => {
      await expect(readForm(inChunks(bytes, 100), type)).rejects.toMatchObject({ code: 'invalid_request' });
    });

    it.each([
      ['no name', 'Content-Disposition: form-data; filename="x"'],
      ['an empty name', 'Content-Disposition: form-data; name=""'],
      ['an empty name of a file', 'Content-Disposition: form-data; name=""; filename="x"'],
      ['a line without a colon', 'Content-Disposition: form-data; name="a"\r\nodd'],
      ['a bare line feed', 'Content-Disposition: form-data; name="a"\nX: y'],
    ])('is refused where the head of a part has %s', async (_, head) => {
      await expect(readForm(inChunks(formOf(head), 7))).rejects.toMatchObject({ code: 'invalid_request' });
    });

    it.each([
      ['no name', 'Content-Disposition: form-data'],
      ['a line without a colon', 'Content-Disposition: form-data; name="a"\r\nodd'],
      ['a bare line feed', 'Content-Disposition: form-data; name="a"\nX: y'],
      ['no end', `X: ${'x'.repeat(100_000)}`],
    ])('is refused, and read to its end, where a head with %s comes before a large file', async (_, head) => {
      const form = Buffer.concat([formOf(head).subarray(0, -8), formBytes([file(new Uint8Array(500_000))])]);
      let read = 0;
      const body = inChunks(form, 10_000, (at) => {
        read = at;
      });
      await expect(readForm(body)).rejects.toMatchObject({ code: 'invalid_request' });
      expect(read).toBeGreaterThan(form.length - 10_001);
    });

    it('is refused wherever it is cut off', async () => {
      for (let length = 0; length < whole.length - 2; length += 1) {
        const cut = readForm(inChunks(whole.subarray(0, length), 7));
        await expect(cut, `${length} bytes`).rejects.toMatchObject({ code: 'invalid_request' });
      }
    });

    it('a failure of the body passes as it is, within a file and outside of one', async () => {
      for (const length of [30, whole.length - 20]) {
        const failure = new Error('the client left');
        async function* body() {
          yield whole.subarray(0, length);
          throw failure;
        }
        await expect(readForm(body())).rejects.toBe(failure);
      }
    });
  });
}
