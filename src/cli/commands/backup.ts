import { parseConfig } from '../../config.ts';
import { backUp, type Copied, repair as repairFolder, restore as restoreFolder } from '../../node-backup.ts';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { givenSettings, type SettingFlags } from '../settings/settings-source.ts';
import { formatBytes } from '../terminal/format.ts';

type Flags = SettingFlags & { readonly json?: boolean };

/** Copies the data folder into another folder, also while a server has it. */
export async function backup(folder: string, flags: Flags): Promise<void> {
  report('backed up to', await backUp(await dataOf(flags), folder), flags);
}

/** Brings a backup back into the data folder. */
export async function restore(folder: string, flags: Flags): Promise<void> {
  report('restored into', await restoreFolder(folder, await dataOf(flags)), flags);
}

/** Makes a data folder usable again with what is left of it. */
export async function repair(flags: Flags): Promise<void> {
  const repaired = await repairFolder(await dataOf(flags));
  if (flags.json === true) console.log(JSON.stringify(repaired));
  else
    console.log(`${repaired.folder}: repaired; ${repaired.discarded} images without a row are in the trash`);
}

async function dataOf(flags: Flags): Promise<string> {
  return parseConfig((await givenSettings(flags)).env).data;
}

function report(what: string, copied: Copied, { json }: Flags): void {
  const { folder, images, copied: written, bytes, damaged, replaced } = copied;
  if (json === true) console.log(JSON.stringify(copied));
  else {
    console.log(`${what} ${folder}: ${images} images, ${written} copied now (${formatBytes(bytes)})`);
    if (replaced !== undefined) console.log(`what was there before is in ${replaced}`);
  }
  if (damaged > 0)
    throw new Failure(`${damaged} images are missing or damaged and were not copied`, EXIT.partial);
}
