import { readAll } from '../../../src/core/bytes/read-all.ts';
import type { UploadAnswer, UploadFile, UploadUpstream } from '../../../src/ports/upload-upstream.ts';
import type { UploadCaller, UploadService } from '../../../src/services/uploads/upload-service.ts';

/** The vendor's temporary storage, in memory. */
export class FakeUploads implements UploadUpstream {
  readonly taken: { readonly file: UploadFile; readonly bytes: Uint8Array; readonly apiKey: string }[] = [];
  onUpload: (file: UploadFile) => Promise<UploadAnswer> | UploadAnswer = () => ({
    kind: 'stored',
    url: `oss://vendor/${this.taken.length}.png`,
  });

  async upload(file: UploadFile, apiKey: string): Promise<UploadAnswer> {
    const bytes = await readAll(file.content);
    this.taken.push({ file, bytes, apiKey });
    return await this.onUpload(file);
  }
}

export const CALLER: UploadCaller = {
  scope: 'alice',
  account: 'account-of-alice',
  apiKey: 'sk-alice',
  resolvesNames: true,
};

/** For where no client uploads anything. The vendor calls what it is lent by its digest. */
export const noUploads: Pick<UploadService, 'find' | 'lend'> = {
  find: async () => undefined,
  lend: async ({ digest }) => `oss://lent/${digest}`,
};
