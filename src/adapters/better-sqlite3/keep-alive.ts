const kept: object[] = [];

/**
 * Keeps a database or statement of better-sqlite3, closed or not, from the garbage collector for the life of the process.
 * When it is built against the headers of Node 24.19 or later, collecting one aborts the process
 * (`RemoveEnvironmentCleanupHook`, `env != nullptr`): their `ObjectWrap` asks for an environment that V8 has not entered then.
 */
export function keepAlive<T extends object>(native: T): T {
  kept.push(native);
  return native;
}
