/**
 * Whether a room's name fits a pattern, in which `*` stands for any run of characters, none included. Takes time in proportion to the
 * two lengths: whoever issues tokens may write any pattern.
 */
export function fitsPattern(room: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return room === pattern;
  if (!room.startsWith(first)) return false;
  let at = first.length;
  // What stands between two stars is looked for as early as it can be: what is left for the others is longest then.
  for (const part of rest) {
    const found = room.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return room.length - last.length >= at && room.endsWith(last);
}
