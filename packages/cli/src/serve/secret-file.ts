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

/** Does what may fail on a file's content; what it throws then says which setting named the file, and which file it is. */
export function namingFile<Result>(setting: string, file: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    const { code, message } = SkeinError.from(cause, "bad-argument");
    if (message.includes(file)) throw cause;
    throw new SkeinError(code, `"${setting}", ${file}: ${message}`, { cause });
  }
}
