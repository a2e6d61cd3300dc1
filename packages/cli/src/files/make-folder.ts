import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder, and those that it lies in, where they are missing. Trap: Node's own `recursive` tries for ever, and lets nothing else
 * run, where a folder that is there says of what shall be made in it that it isn't there, as `/proc` does.
 */
export async function makeFolder(path: string): Promise<void> {
  const full = resolve(path);
  const refusal = await tryFolder(full);
  if (refusal === undefined) return;
  if (refusal.code !== "ENOENT" || dirname(full) === full) throw refusal;
  await makeFolder(dirname(full));
  const last = await tryFolder(full);
  if (last !== undefined) throw last;
}

/** What the disk says, where there is no folder then. */
async function tryFolder(path: string): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path);
    return undefined;
  } catch (error) {
    return (await isFolder(path)) ? undefined : (error as NodeJS.ErrnoException);
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
