import { defineProtocol, message } from "@skein/protocol";
import * as v from "valibot";
import { metaUpTo } from "../shared/meta.js";
import { artifactBytesMost, chunkBytes, chunksMost, hashBytes } from "./core/content-id.js";
import { wantedMost } from "./core/wanted.js";

/** An artifact's `meta`, once encoded. */
export const artifactMetaBytes = 1024;
/** Artifacts in one `have`, ids in one `forget`. */
export const announcedAtOnce = 64;

// Not `v.instance`, whose type would refuse bytes over a shared buffer.
const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array, "expected bytes");
const id = v.pipe(
  bytes,
  v.check(({ length }) => length === hashBytes, "an id has 32 bytes"),
);
const bytesUpTo = (most: number) =>
  v.pipe(
    bytes,
    v.check(({ length }) => length <= most, `over ${most} bytes`),
  );
const count = (most: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(most));
const index = count(chunksMost - 1);
const claim = v.object({ id, bytes: count(artifactBytesMost), meta: metaUpTo(artifactMetaBytes) });

/** What {@link createArtifacts} speaks: list it in `joinRoom({ protocols: [artifactsProtocol] })`. */
export const artifactsProtocol = defineProtocol("skein.artifacts", "1.0.0", {
  /** It has these. `hello`: it hasn't heard what we have. */
  have: message(
    v.object({ artifacts: v.pipe(v.array(claim), v.maxLength(announcedAtOnce)), hello: v.optional(v.boolean()) }),
  ),
  forget: message(v.object({ ids: v.pipe(v.array(id), v.maxLength(announcedAtOnce)) })),
  want: message(
    v.object({
      id,
      list: v.optional(v.boolean()),
      chunks: v.optional(v.pipe(v.array(index), v.maxLength(wantedMost))),
    }),
  ),
  /** It wants nothing more of this one. */
  unwant: message(v.object({ id })),
  list: message(v.object({ id, bytes: count(artifactBytesMost), hashes: bytesUpTo(chunksMost * hashBytes) }), {
    lane: "bulk",
  }),
  chunk: message(v.object({ id, index, bytes: bytesUpTo(chunkBytes) }), { lane: "bulk" }),
  /** What was wanted of it isn't here, or not any more. */
  lack: message(v.object({ id })),
});
