/**
 * The fields in which two pieces of JSON differ, by their paths, with what stands there as JSON.
 * @param {unknown} left
 * @param {unknown} right
 * @param {string} [path]
 * @returns {{field: string, left: string | undefined, right: string | undefined}[]}
 */
export function differencesOf(left, right, path = '') {
  const shown = {
    field: path === '' ? '(all)' : path,
    left: JSON.stringify(left),
    right: JSON.stringify(right),
  };
  if (shown.left === shown.right) return [];
  if (!isBranch(left) || !isBranch(right) || Array.isArray(left) !== Array.isArray(right)) return [shown];
  const [before, after] = [new Map(Object.entries(left)), new Map(Object.entries(right))];
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((name) =>
    differencesOf(
      before.get(name),
      after.get(name),
      Array.isArray(left) ? `${path}[${name}]` : joined(path, name),
    ),
  );
}

/**
 * @param {unknown} value
 * @returns {value is object}
 */
function isBranch(value) {
  return typeof value === 'object' && value !== null;
}

/**
 * @param {string} path
 * @param {string} name
 */
function joined(path, name) {
  return path === '' ? name : `${path}.${name}`;
}
