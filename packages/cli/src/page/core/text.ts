/** Control characters, and those that turn the direction of what follows: a name must not rearrange the line it stands in. */
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/g;

/** A stranger's text as it may be shown: on one line, without control characters, at most so many characters. */
export function plainText(text: string, most: number): string {
  // Cut first, so that a long text costs no more than a short one.
  const clean = text
    .slice(0, most * 2)
    .replace(unsafe, " ")
    .trim();
  const characters = [...clean];
  return characters.length <= most && text.length <= most * 2
    ? clean
    : `${characters
        .slice(0, most - 1)
        .join("")
        .trimEnd()}…`;
}

/** The last part of a path, as a browser may write it to a disk. */
export function saveName(path: string): string {
  const last = path.split(/[\\/]/).findLast((part) => part.length > 0) ?? "";
  const safe = plainText(last, 120)
    .replace(/[<>:"|?*]/g, "_")
    .replace(/^\.+/, "");
  return safe.length > 0 ? safe : "file";
}
