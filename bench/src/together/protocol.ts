import { defineProtocol, message, request } from "@skein/client";
import * as v from "valibot";

export const noteSchema = v.object({ number: v.number(), text: v.string() });
/** The task that gives a note back. */
export const noteTask = "note";

/** What a link does without the help of @skein/coordination. */
export const bareProtocol = defineProtocol("skein.bench", "1.0.0", {
  note: request(noteSchema, noteSchema),
  block: message(v.instance(Uint8Array<ArrayBuffer>), { lane: "bulk" }),
  taken: message(v.number()),
});
