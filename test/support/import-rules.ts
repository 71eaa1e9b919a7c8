/** Which imports the files under one path may have. The longest matching path decides. */
export interface ImportRule {
  /** A path under `src`: a folder (with a slash at its end), a file, or the beginning of file names. */
  readonly files: string;
  /** What they may import of `src`; the folder that the rule is about is not included by itself. */
  readonly may: readonly string[];
  /** What they may import as types only. */
  readonly mayTypes?: readonly string[];
  /** Packages by name. */
  readonly packages?: readonly string[];
  readonly node?: true;
  /** What to do instead, for whoever broke the rule. */
  readonly remedy: string;
}

const ADAPTER_REMEDY =
  'An adapter knows its port, the core and its one library. What two adapters share belongs into core; what joins them, into node.ts.';

function adapter(name: string, allowed: Pick<ImportRule, 'packages' | 'node'> = {}): ImportRule {
  const files = `adapters/${name}/`;
  return { files, may: ['core/', 'ports/', files], remedy: ADAPTER_REMEDY, ...allowed };
}

/** A room of the HTTP surface: what it shares with other doors lives in `wire` or `doors`, never in a sibling. */
function httpRoom(name: string, rooms: readonly string[]): ImportRule {
  return {
    files: `http/${name}/`,
    may: ['core/', 'services/', `http/${name}/`, ...rooms.map((room) => `http/${room}/`)],
    mayTypes: ['ports/', 'http/dependencies.ts', 'http/platform.ts'],
    packages: ['hono', 'valibot'],
    remedy: 'One front door knows no other. Move what both need to src/http/doors, or to src/http/wire.',
  };
}

/** A room of the services: what it may import of the other rooms. Files beside the rooms are shared by all. */
function serviceRoom(name: string, rooms: readonly string[], types: readonly string[] = []): ImportRule {
  const within = (paths: readonly string[]) => paths.map((path) => `services/${path}`);
  return {
    files: `services/${name}/`,
    may: ['core/', 'ports/', ...within([`${name}/`, ...rooms.map((room) => `${room}/`), ...SHARED_SERVICES])],
    mayTypes: ['config.ts', ...within(types)],
    packages: ['lru-cache'],
    remedy:
      'Rooms of services import in one direction. Move the file to the room that it belongs to, or pass what it needs in as a type of its own.',
  };
}

const SHARED_SERVICES = ['row.ts', 'image-request.ts', 'upstream-refusal.ts'];

function simulatorRoom(room: string, rooms: readonly string[]): ImportRule {
  return {
    files: `simulator/${room}/`,
    may: [room, ...rooms].map((name) => `simulator/${name}/`),
    mayTypes: ['ports/clock.ts'],
    remedy:
      'In the simulator the routes know the state, the state knows images and faults, and those the vendor.',
  };
}

export const IMPORT_RULES: readonly ImportRule[] = [
  {
    files: 'core/',
    may: ['core/'],
    // Schemas are plain data, too: they run anywhere and do no I/O.
    packages: ['valibot'],
    remedy: 'The core is plain functions on plain data: take what you need as a parameter.',
  },
  {
    files: 'ports/',
    may: [],
    mayTypes: ['core/', 'ports/'],
    remedy: 'A port is types: import them with `import type`, and leave doing to an adapter.',
  },
  {
    files: 'services/',
    may: ['core/', 'ports/', 'services/'],
    // The composition of the services takes the whole configuration.
    mayTypes: ['config.ts'],
    // A data structure rather than a technology: it runs anywhere and does no I/O.
    packages: ['lru-cache'],
    remedy: 'A service reaches the world through a port: write or extend one in src/ports, and adapt it.',
  },
  serviceRoom('access', ['limits']),
  serviceRoom('limits', []),
  // Progress and identity are words of a purchase.
  serviceRoom('blobs', ['limits'], ['purchases/flight-stage.ts']),
  serviceRoom('entries', ['blobs'], ['purchases/flight-stage.ts', 'purchases/purchase.ts']),
  serviceRoom('ledger', []),
  serviceRoom('purchases', ['limits', 'blobs', 'entries', 'ledger', 'tasks']),
  serviceRoom('tasks', ['limits', 'entries'], ['purchases/']),
  serviceRoom('uploads', ['limits', 'blobs']),
  serviceRoom('requests', ['blobs', 'entries'], ['uploads/']),
  serviceRoom('inventory', ['blobs', 'entries']),
  serviceRoom('maintenance', ['blobs', 'entries'], ['purchases/purchase-store.ts']),
  serviceRoom('operations', []),
  adapter('better-sqlite3', { packages: ['better-sqlite3'], node: true }),
  adapter('console'),
  adapter('d1', { packages: ['@cloudflare/workers-types'] }),
  adapter('dashscope'),
  {
    // Its lock on the folder is a SQLite file.
    ...adapter('data-folder', { packages: ['better-sqlite3'], node: true }),
    may: ['core/', 'ports/', 'adapters/data-folder/', 'adapters/better-sqlite3/keep-alive.ts'],
  },
  adapter('fetch'),
  adapter('flight'),
  adapter('fs', { node: true }),
  adapter('hash'),
  {
    files: 'adapters/hash/native.ts',
    may: ['core/', 'ports/', 'adapters/hash/'],
    packages: ['@node-rs/xxhash'],
    node: true,
    remedy: ADAPTER_REMEDY,
  },
  adapter('image-size', { packages: ['image-size'] }),
  adapter('memory'),
  adapter('multipart'),
  // Node itself, with what reads its addresses and files; the types of its server's bindings come from @hono/node-server.
  adapter('node', { packages: ['ipaddr.js', 'ini', '@hono/node-server'], node: true }),
  adapter('pino', { packages: ['pino'], node: true }),
  adapter('r2', { packages: ['@cloudflare/workers-types'] }),
  adapter('sharp', { packages: ['sharp'] }),
  adapter('system'),
  adapter('workers'),
  adapter('undici', { packages: ['undici'], node: true }),
  {
    files: 'http/',
    may: ['core/', 'services/', 'config.ts', 'http/'],
    mayTypes: ['ports/'],
    packages: ['hono', 'valibot'],
    remedy: 'A front door decodes, calls a service and encodes. What needs more is a service.',
  },
  {
    files: 'browser/',
    may: ['browser/'],
    remedy:
      'The admin page’s scripts are served as they are: they know the admin API, and nothing of the server.',
  },
  {
    files: 'http/openapi/',
    may: ['core/', 'http/'],
    packages: ['hono', 'valibot', '@valibot/to-json-schema'],
    remedy: 'The description is made from the schemas of the front doors. It calls no service.',
  },
  {
    files: 'http/wire/',
    may: ['core/', 'services/limits/', 'http/wire/'],
    mayTypes: ['ports/', 'services/', 'http/dependencies.ts', 'http/platform.ts'],
    packages: ['hono', 'valibot'],
    remedy:
      'Wire speaks of bytes, headers and errors alone. What knows pictures goes into doors, what knows one dialect into its room.',
  },
  httpRoom('doors', ['wire']),
  httpRoom('dashscope', ['wire', 'doors']),
  httpRoom('image-generate', ['wire', 'doors']),
  httpRoom('openai', ['wire', 'doors']),
  httpRoom('admin', ['wire', 'doors', 'ledger']),
  // The page is a face of the admin interface, behind the same gate.
  httpRoom('page', ['wire', 'admin']),
  httpRoom('blobs', ['wire']),
  httpRoom('ledger', ['wire', 'doors']),
  httpRoom('operations', ['wire']),
  {
    files: 'simulator/',
    may: ['simulator/'],
    mayTypes: ['ports/clock.ts'],
    packages: ['hono'],
    remedy: 'The simulator stands in for the vendor: it must not share our understanding of the protocol.',
  },
  simulatorRoom('util', []),
  simulatorRoom('vendor', ['util']),
  simulatorRoom('faults', ['util', 'vendor']),
  simulatorRoom('images', ['util', 'vendor']),
  simulatorRoom('state', ['util', 'vendor', 'faults', 'images']),
  ...['simulator/node-', 'simulator/server.ts'].map(
    (files): ImportRule => ({
      files,
      // How it is started on its own: with the machine's time.
      may: ['simulator/', 'ports/clock.ts', 'adapters/system/'],
      packages: ['hono', '@hono/node-server'],
      node: true,
      remedy:
        'The part of the simulator that serves on Node knows the simulator, Node and nothing of dashcache.',
    }),
  ),
  {
    files: 'cli/',
    may: [
      'cli/',
      'config.ts',
      'settings.ts',
      'setting-parsers.ts',
      'core/',
      'simulator/',
      'node.ts',
      'node-metadata.ts',
      'node-backup.ts',
      'adapters/system/',
      // A client of somebody else's server looks for the user's key where the server looks for its own.
      'adapters/node/api-key.ts',
      // Files are named by what is in them.
      'adapters/image-size/media-type.ts',
    ],
    // What a command reads is what the door writes.
    mayTypes: [
      'http/image-generate/generate-schema.ts',
      'http/ledger/ledger-schema.ts',
      'http/admin/entry-schema.ts',
      'http/admin/explanation-schema.ts',
      'http/admin/store-schema.ts',
    ],
    // undici itself: Node's own fetch gives up on an answer after five minutes, which drawing may take.
    packages: ['commander', 'cli-progress', 'string-width', 'undici'],
    node: true,
    remedy: 'A command parses, calls what node.ts starts, and prints.',
  },
  {
    files: 'config.ts',
    may: ['core/', 'settings.ts'],
    remedy: 'Configuration is a function of the environment that it is given.',
  },
  {
    files: 'settings.ts',
    may: ['core/', 'setting-parsers.ts'],
    remedy: 'A setting is a name, a default and a parser of text.',
  },
  {
    files: 'setting-parsers.ts',
    may: ['core/'],
    remedy: 'A parser turns text into a value, or says what is wrong with it.',
  },
  {
    files: 'node-metadata.ts',
    may: ['core/', 'adapters/better-sqlite3/', 'adapters/data-folder/'],
    node: true,
    remedy: 'It opens and migrates the metadata; what is done with them is joined in node.ts.',
  },
  {
    files: 'node-backup.ts',
    may: ['core/', 'services/', 'adapters/', 'node-metadata.ts'],
    node: true,
    remedy: 'It joins the parts that copy a data folder; new behaviour goes into one of them.',
  },
  {
    files: 'worker.ts',
    may: ['core/', 'services/', 'adapters/', 'http/', 'worker-app.ts', 'worker-environment.ts'],
    mayTypes: ['ports/'],
    packages: ['cloudflare:workers', '@cloudflare/workers-types'],
    remedy: 'It is what the platform calls; what is joined for it is in worker-app.ts.',
  },
  {
    files: 'worker-app.ts',
    may: ['core/', 'ports/', 'services/', 'adapters/', 'http/', 'worker-environment.ts'],
    // A file beside the hasher: see there.
    packages: ['hono', 'adapters/hash/xxh128.wasm'],
    remedy: 'The composition root joins the parts; new behaviour goes into one of them.',
  },
  {
    files: 'worker-environment.ts',
    may: ['core/', 'config.ts', 'settings.ts'],
    mayTypes: ['ports/'],
    packages: ['@cloudflare/workers-types'],
    remedy: 'It reads what wrangler.toml binds, and says what is missing.',
  },
  {
    files: 'cloudflare-workers.d.ts',
    may: [],
    packages: ['@cloudflare/workers-types'],
    remedy: 'Types only.',
  },
  {
    files: 'node.ts',
    may: [
      'core/',
      'ports/',
      'services/',
      'adapters/',
      'http/',
      'config.ts',
      'settings.ts',
      'node-metadata.ts',
    ],
    packages: ['@hono/node-server'],
    node: true,
    remedy: 'The composition root joins the parts; new behaviour goes into one of them.',
  },
];

/** What must run on any JavaScript runtime, with everything that it imports. */
export const PORTABLE: readonly string[] = [
  'core/',
  'ports/',
  'services/',
  'http/',
  'config.ts',
  'settings.ts',
  'adapters/console/',
  'adapters/d1/',
  'adapters/dashscope/',
  'adapters/fetch/',
  'adapters/flight/',
  'adapters/hash/portable',
  'adapters/memory/',
  'adapters/image-size/',
  'adapters/multipart/',
  'adapters/r2/',
  'adapters/workers/',
  'worker',
];

/** Packages that exist for Node only. */
export const NODE_ONLY =
  /^(node:|better-sqlite3$|undici$|@node-rs\/|@hono\/node-server|pino$|sharp$|ipaddr\.js$|ini$)/;

/** Time, chance, environment and output: parameters everywhere but in these files. */
export const AMBIENT_FILES: readonly string[] = [
  'browser/',
  'adapters/console/',
  'adapters/system/',
  'adapters/node/',
  'cli/',
  'node.ts',
  'worker.ts',
  'simulator/node-',
  'simulator/server.ts',
];

export const AMBIENT =
  /\b(process\.env|Date\.now\b|new Date\(\s*\)|Date\(\s*\)|Math\.random\b|setTimeout\b|setInterval\b|setImmediate\b|crypto\.randomUUID\b|performance\.now\b|console\.)/;

/** One reason per file. */
export const MAX_LINES = 300;

/** What a reader takes in at a glance. */
export const MAX_FILES = 22;

/** Folders that may have more: what was recorded of the vendor is numbered as its documents are. */
export const LARGE_FOLDERS: readonly string[] = ['test/fixtures/dashscope'];
