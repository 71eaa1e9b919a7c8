import { parseConfig } from '../../config.ts';
import { migrateFolder } from '../../node-metadata.ts';
import { givenSettings, type SettingFlags } from '../settings/settings-source.ts';

/** Brings the data folder's database to this program's schema, as `serve` does when it starts. */
export async function migrate(flags: SettingFlags & { readonly json?: boolean }): Promise<void> {
  const { env } = await givenSettings(flags);
  const migrated = await migrateFolder(parseConfig(env).data);
  if (flags.json === true) {
    console.log(JSON.stringify(migrated));
    return;
  }
  for (const name of migrated.applied) console.log(`applied ${name}`);
  const count = migrated.applied.length;
  console.log(`${migrated.data}: ${count === 0 ? 'was up to date' : 'is up to date'}`);
}
