import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SkeinError } from "@skein/protocol";
import type { Fleet } from "./fleet.js";
import type { Member } from "./member.js";

/** A search that finds something in the folder, and a file to fetch. */
export interface Example {
  readonly words: string;
  readonly file: string;
}

const favourite = "data channel";
const smallBytes = 256 * 1024;

/** @throws {SkeinError} `bad-argument` where the folder holds no text */
export async function chooseExample(fleet: Fleet, member: Member, signal: AbortSignal): Promise<Example> {
  const files = (await member.list(signal)).filter(({ bytes }) => bytes > 0).sort((a, b) => (a.name < b.name ? -1 : 1));
  const file =
    files.find(({ name }) => name === "README.md") ?? files.find(({ bytes }) => bytes <= smallBytes) ?? files[0];
  if (file === undefined) throw noText(fleet);
  const { hits } = await member.find(favourite, signal);
  if (hits.length > 0) return { words: favourite, file: file.name };
  const text = await readFile(join(fleet.folder, file.name), "utf8");
  const words = /[\p{L}\p{N}]{4,40}/u.exec(text)?.[0] ?? text.trim().slice(0, 4);
  // Nothing but white space.
  if (words === "") throw noText(fleet);
  return { words, file: file.name };
}

function noText({ folder }: Fleet): SkeinError {
  return new SkeinError("bad-argument", `No text file is in ${folder}: name a folder that has some.`);
}
