import { readFileSync } from "node:fs";
import { SkeinError } from "@skein/protocol";

/** A file's text, without the line end that editors leave. @throws {SkeinError} `bad-argument` that names the file. */
export function readText(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new SkeinError(
      "bad-argument",
      `${what} can't be read from ${file}: is it there, and may this process read it?`,
      {
        cause,
      },
    );
  }
}
