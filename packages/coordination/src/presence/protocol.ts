import { defineProtocol, limits, message } from "@skein/protocol";
import * as v from "valibot";
import { metaUpTo } from "../shared/meta.js";

/** A status' `meta`, once encoded. */
export const presenceMetaBytes = 4 * 1024;

const capability = v.pipe(v.string(), v.minLength(1), v.maxLength(limits.nameLength));

/** What {@link createPresence} speaks: list it in `joinRoom({ protocols: [presenceProtocol] })`. */
export const presenceProtocol = defineProtocol("skein.presence", "1.0.0", {
  /** All that a peer says of itself now: a later one takes the place of those before. */
  status: message(
    v.object({
      capabilities: v.pipe(v.array(capability), v.maxLength(limits.capabilities)),
      load: v.pipe(v.number(), v.finite(), v.minValue(0)),
      meta: metaUpTo(presenceMetaBytes),
      // The sender hasn't heard of us yet: we say the same of ourselves.
      hello: v.optional(v.boolean()),
    }),
    // It is small, and who is free is of use only now: it doesn't wait behind anybody's files.
    { lane: "control" },
  ),
});
