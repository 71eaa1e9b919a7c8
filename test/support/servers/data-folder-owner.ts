import { openDataFolder } from '../../../src/adapters/data-folder/data-folder.ts';
import { isAppError } from '../../../src/core/errors.ts';

/** A process that opens the data folder of its argument, says so, and keeps it until its standard input ends. */
const [, , path = ''] = process.argv;
try {
  const folder = await openDataFolder(path);
  process.stdout.write(`${JSON.stringify({ secret: Buffer.from(folder.secret).toString('hex') })}\n`);
  for await (const _chunk of process.stdin);
  folder.release();
} catch (error) {
  if (!isAppError(error)) throw error;
  process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message })}\n`);
}
