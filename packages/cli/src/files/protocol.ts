import { defineProtocol, request } from "@skein/client";
import * as v from "valibot";

const fileName = v.pipe(v.string(), v.minLength(1), v.maxLength(1024));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** The most that one `read` gives. With its headers it fits into one frame. */
export const chunkBytes = 48 * 1024;

const hit = v.object({
  file: fileName,
  /** From 1. */
  line: count,
  text: v.pipe(v.string(), v.maxLength(400)),
});
export type Hit = v.InferOutput<typeof hit>;

const fileEntry = v.object({ name: fileName, bytes: count });
export type FileEntry = v.InferOutput<typeof fileEntry>;

/** What the demo's agents speak: each holds a share of a folder's files, and answers for it. */
export const files = defineProtocol("skein.files", "1.0.0", {
  /** Lines that hold all the words, in any case and order. */
  find: request(
    v.object({ words: v.pipe(v.string(), v.minLength(1), v.maxLength(256)), most: v.pipe(count, v.maxValue(200)) }),
    v.object({ hits: v.pipe(v.array(hit), v.maxLength(200)), files: count }),
  ),
  /** What a peer holds, a page at a time. */
  list: request(
    v.object({ from: count }),
    v.object({ files: v.pipe(v.array(fileEntry), v.maxLength(500)), total: count, bytes: count }),
  ),
  stat: request(
    v.object({ file: fileName }),
    v.object({ bytes: count, sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) }),
  ),
  read: request(
    v.object({ file: fileName, offset: count, length: v.pipe(count, v.maxValue(chunkBytes)) }),
    v.object({ bytes: v.instance(Uint8Array) }),
  ),
});
