import { encode, SkeinError } from "@skein/protocol";
import * as v from "valibot";

/** How many bytes a value has as MessagePack; undefined where it can't be written. */
function encodedBytes(value: unknown): number | undefined {
  try {
    return encode(value).length;
  } catch {
    return undefined;
  }
}

/** Plain data of up to so many bytes, once encoded. What is larger is turned away before anything keeps it. */
export function metaUpTo(mostBytes: number) {
  return v.optional(
    v.pipe(
      v.unknown(),
      v.check((value) => (encodedBytes(value) ?? Number.POSITIVE_INFINITY) <= mostBytes, `over ${mostBytes} bytes`),
    ),
  );
}

/** @throws {SkeinError} `bad-body` where it can't be written as MessagePack, `too-large` */
export function mustBeMeta(meta: unknown, mostBytes: number): void {
  if (meta === undefined) return;
  const bytes = encodedBytes(meta);
  if (bytes === undefined) {
    throw new SkeinError("bad-body", "This meta can't be sent: it may hold plain data alone, no functions, no cycles.");
  }
  if (bytes > mostBytes) {
    throw new SkeinError("too-large", `This meta has ${bytes} bytes; ${mostBytes} is the most. Shorten it.`);
  }
}
