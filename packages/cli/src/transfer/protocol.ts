import { defineProtocol, message, request } from "@skein/client";
import * as v from "valibot";

/** The most that one `read` gives. docs/spec/transfer.md */
export const readBytesMost = 256 * 1024;
/** Files and empty folders in one transfer. */
export const entriesMost = 250_000;
/** Of a path, in characters. */
export const pathLengthMost = 1024;
/** Entries on one page of the list. */
export const pageEntriesMost = 500;

/** A card with this capability belongs to someone who takes offers. */
export const receives = "skein.transfer/receive";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const transferId = v.pipe(v.string(), v.regex(/^[\w-]{22}$/));
const entryNumber = v.pipe(count, v.maxValue(entriesMost - 1));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const sentence = v.pipe(v.string(), v.maxLength(512));

const fileState = v.object({
  bytes: count,
  /** Since 1970. The range of JavaScript's Date. */
  modifiedMs: v.pipe(v.number(), v.safeInteger(), v.minValue(-8.64e15), v.maxValue(8.64e15)),
  executable: v.boolean(),
});
/** What can change of a file while it is sent. */
export type FileState = v.InferOutput<typeof fileState>;

/** With `/` between its parts, relative to the receiver's folder. */
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(pathLengthMost));
const entry = v.variant("kind", [
  v.object({ kind: v.literal("file"), path, ...fileState.entries }),
  v.object({ kind: v.literal("folder"), path }),
]);
/** A file, or a folder that holds nothing. */
export type Entry = v.InferOutput<typeof entry>;
export type FileEntry = Extract<Entry, { kind: "file" }>;

/** Why a sender gives something else than what was asked for. */
const otherwise = [
  v.object({ is: v.literal("changed"), now: fileState }),
  v.object({ is: v.literal("unreadable"), reason: sentence }),
] as const;

const readReply = v.variant("is", [
  v.object({ is: v.literal("piece"), bytes: v.instance(Uint8Array), sha256: v.optional(sha256) }),
  ...otherwise,
]);
const digestReply = v.variant("is", [v.object({ is: v.literal("digest"), sha256 }), ...otherwise]);
export type ReadReply = v.InferOutput<typeof readReply>;
export type DigestReply = v.InferOutput<typeof digestReply>;

const outcome = v.variant("is", [
  /** It came, and its SHA-256 is this. */
  v.object({ is: v.literal("received"), sha256 }),
  /** It was there already, with this SHA-256. */
  v.object({ is: v.literal("present"), sha256 }),
  v.object({ is: v.literal("made") }),
  v.object({ is: v.literal("refused"), reason: sentence }),
]);
/** What became of an entry at the receiver. */
export type Outcome = v.InferOutput<typeof outcome>;

const offer = v.object({
  transfer: transferId,
  entries: v.pipe(count, v.maxValue(entriesMost)),
  bytes: count,
  /** What the sender was told to send, for people: the first few. */
  names: v.pipe(v.array(v.pipe(v.string(), v.maxLength(255))), v.maxLength(8)),
});
export type Offer = v.InferOutput<typeof offer>;

/** Sends files and folders to one peer, who fetches them. docs/spec/transfer.md */
export const transferProtocol = defineProtocol("skein.transfer", "1.0.0", {
  offer: message(offer),
  decline: message(v.object({ transfer: transferId })),
  /** A page of the entries, from that number on. */
  list: request(
    v.object({ transfer: transferId, from: count }),
    v.object({ entries: v.pipe(v.array(entry), v.maxLength(pageEntriesMost)) }),
  ),
  /** The SHA-256 of a file's first bytes. */
  digest: request(v.object({ transfer: transferId, entry: entryNumber, bytes: count }), digestReply),
  read: request(
    v.object({
      transfer: transferId,
      entry: entryNumber,
      offset: count,
      length: v.pipe(count, v.maxValue(readBytesMost)),
    }),
    readReply,
    { lane: "bulk" },
  ),
  settled: message(v.object({ transfer: transferId, entry: entryNumber, outcome })),
  /** All entries are settled; or, with a reason, the receiver can't go on. The answer says that the sender knows. */
  finish: request(v.object({ transfer: transferId, failure: v.optional(sentence) }), v.object({})),
});
