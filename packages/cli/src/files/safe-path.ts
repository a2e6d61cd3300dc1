/** Device names that Windows has in every folder, with any ending. */
const device = /^(con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³])\s*(\.|$)/i;

/**
 * Why a path from a peer isn't used on this system, as the rest of a sentence; undefined where it can be. What is left is
 * relative, stays inside the folder that it is joined to, and means one and the same file.
 * @param path with `/` between its parts
 */
export function whyUnsafe(path: string, platform: NodeJS.Platform = process.platform): string | undefined {
  if (/\p{Cc}|\p{Surrogate}/u.test(path)) return "holds a control character";
  // Separators and drives of Windows: refused everywhere, so that what is received here can be copied there.
  if (path.includes("\\")) return "holds a backslash";
  for (const part of path.split("/")) {
    if (part === "" || part === "." || part === "..") return "isn't a plain path inside a folder";
    if (/^[a-z]:/i.test(part)) return "begins with a drive's letter";
    if (Buffer.byteLength(part) > 255) return "has a part of over 255 bytes";
    if (platform === "win32" && !isWindowsName(part)) return "can't be written on Windows";
  }
  return undefined;
}

/** Windows drops dots and spaces at the end: such a name would mean another file. */
function isWindowsName(part: string): boolean {
  return !device.test(part) && !/[<>:"|?*]|[. ]$/.test(part);
}
