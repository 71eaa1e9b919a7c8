/** One part of a form, in the order of the form. */
export type FormPart =
  | { readonly kind: 'field'; readonly name: string; readonly value: string }
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly filename: string;
      /** Read once, before the next part is asked for; what is left of it then is dropped. */
      readonly content: AsyncIterable<Uint8Array>;
    };

/**
 * Reads multipart/form-data (RFC 7578) as it arrives, with no more of a file in memory than a few chunks: whoever reads
 * `content` slowly slows the sender down.
 *
 * Errors, from the parts and from a file's content alike: `AppError` `invalid_request` for what is no well-formed form,
 * whose end is missing, or whose fields are too many or too long; a failure of `body` itself passes unchanged.
 *
 * Ending the iteration early reads the rest of the body and drops it, so that the sender can finish and read its answer.
 */
export interface FormReader {
  /** `contentType` is the header's value: it names the boundary. */
  read(contentType: string, body: AsyncIterable<Uint8Array>): AsyncIterable<FormPart>;
}
