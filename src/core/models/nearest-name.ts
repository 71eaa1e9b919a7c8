/** More edits than this are another name, not a slip. */
const MAX_EDITS = 3;

/** The name that a misspelt one was probably meant to be; undefined when none is near. */
export function nearestName(text: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = MAX_EDITS + 1;
  for (const name of names) {
    // Also what keeps a text of any length cheap.
    if (Math.abs(name.length - text.length) > MAX_EDITS) continue;
    const edits = editsBetween(text.toLowerCase(), name.toLowerCase());
    if (edits < fewest) [nearest, fewest] = [name, edits];
  }
  return nearest;
}

/** Levenshtein's distance: letters to put in, take out or change. */
function editsBetween(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const changed = a[row - 1] === b[column - 1] ? 0 : 1;
      current.push(
        Math.min(
          (above[column - 1] ?? 0) + changed,
          (above[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
        ),
      );
    }
    above = current;
  }
  return above[b.length] ?? 0;
}
