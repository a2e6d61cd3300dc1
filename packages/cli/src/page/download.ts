import { SkeinError } from "@skein/client";
import { chunkBytes } from "../files/protocol.js";
import { partsOf } from "./core/parts.js";
import { sha256Of } from "./sha256.js";

/** What a download asks of whoever holds the file. */
export interface Source {
  stat(signal: AbortSignal): Promise<{ bytes: number; sha256: string }>;
  read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array>;
}

export interface Arrival {
  readonly blob: Blob;
  /** `undefined`: this page can't make checksums. */
  readonly verified: boolean | undefined;
  readonly sha256: string;
}

/** A file is put together in memory. */
const bytesMost = 512 * 1024 * 1024;
/** Parts that are asked for at once: enough to fill a link, few enough to share it. */
const atOnce = 16;
/** A link that is lost comes back; a part is asked for again so many times. */
const triesMost = 5;

/**
 * Fetches a file part by part, and holds it against its checksum.
 * @throws {SkeinError} `too-large`, `bad-message` where the other side sends other than it said, `aborted`, and what
 * a request throws
 */
export async function download(
  source: Source,
  signal: AbortSignal,
  progress: (bytes: number, total: number) => void,
): Promise<Arrival> {
  const { bytes: total, sha256 } = await again((stop) => source.stat(stop), signal);
  if (total > bytesMost) {
    throw new SkeinError(
      "too-large",
      "This file is over 512 MB, more than a page should hold: fetch it from the terminal.",
    );
  }
  progress(0, total);
  const arrived: Uint8Array<ArrayBuffer>[] = [];
  const parts = [...partsOf(total, chunkBytes)].entries();
  let bytes = 0;
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  // Workers share one iterator: each takes the next part that nobody has.
  const work = async () => {
    for (const [index, { offset, length }] of parts) {
      const part = await again((stopPart) => source.read(offset, length, stopPart), stop);
      if (part.length !== length) {
        throw new SkeinError(
          "bad-message",
          "The other side sent another length than it had named: the file may have changed.",
        );
      }
      arrived[index] = part as Uint8Array<ArrayBuffer>;
      bytes += length;
      progress(bytes, total);
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } catch (error) {
    // One part is missing for good: nobody need fetch the others.
    failed.abort(error);
    throw error;
  }
  const blob = new Blob(arrived, { type: "application/octet-stream" });
  const actual = await sha256Of(await blob.arrayBuffer());
  return { blob, sha256, verified: actual === undefined ? undefined : actual === sha256 };
}

/** Asks again where the link was lost on the way: the next question waits for the next link. */
async function again<Answer>(ask: (signal: AbortSignal) => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (signal.aborted) throw new SkeinError("aborted", "Stopped.");
      return await ask(signal);
    } catch (error) {
      if (!SkeinError.is(error, "link-lost") || attempt >= triesMost) throw error;
    }
  }
}
