import { defineProtocol, request } from "@skein/client";
import * as v from "valibot";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const fileName = v.pipe(v.string(), v.minLength(1), v.maxLength(1024));

/** Names a set of files. Whoever holds the same set has the same files, and gives the same answers. */
export const setName = v.pipe(v.string(), v.regex(/^[\w.-]{1,64}$/));

export const hit = v.object({
  file: fileName,
  /** From 1. */
  line: count,
  text: v.pipe(v.string(), v.maxLength(400)),
});
export type Hit = v.InferOutput<typeof hit>;

const fileEntry = v.object({ name: fileName, bytes: count });
export type FileEntry = v.InferOutput<typeof fileEntry>;

/** A page of what a set holds. */
export interface FilePage {
  readonly files: readonly FileEntry[];
  readonly total: number;
}

/** Entries in one page. */
export const entriesMost = 500;

/** What is asked of one agent alone. */
export const crewFiles = defineProtocol("skein.crew", "1.0.0", {
  /** What is in a set, a page at a time. */
  list: request(
    v.object({ set: setName, from: count }),
    v.object({ files: v.pipe(v.array(fileEntry), v.maxLength(entriesMost)), total: count }),
  ),
  /** Puts a file among one's artifacts, for whoever wants to fetch it. */
  offer: request(
    v.object({ set: setName, file: fileName }),
    v.object({ artifact: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) }),
  ),
});

// What is asked of whoever can do it: tasks.

/** Lines of a set's files that hold all the words, in any case and order. Streams arrays of hits. */
export const findTask = "skein.crew/find";
export const findInput = v.object({
  set: setName,
  words: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
  most: v.pipe(count, v.maxValue(200)),
});
/** The hits that one part holds. */
export const hitsPart = v.pipe(v.array(hit), v.maxLength(200));
/** How many files were looked into. */
export const findOutput = v.object({ files: count });

/** Who holds what, of everyone: streams arrays of entries. */
export const indexTask = "skein.crew/index";
/** `wanted`: only files of this name, or whose path ends in it. */
export const indexInput = v.object({ wanted: v.optional(fileName) });
const indexEntry = v.object({ name: fileName, bytes: count, set: setName });
export type IndexEntry = v.InferOutput<typeof indexEntry>;
export const indexPart = v.pipe(v.array(indexEntry), v.maxLength(entriesMost));

/** Says that an agent holds a set. */
export const holds = (set: string): string => `holds:${set}`;
/** Says that an agent keeps the index. */
export const keepsIndex = "keeps-index";
/** Says that an agent would keep it. */
export const couldKeepIndex = "could-keep-index";

/** What an agent tells of the sets that it holds, beside their names. */
export const crewMeta = v.object({
  sets: v.pipe(
    v.array(
      v.object({
        set: setName,
        files: count,
        /** Another number: other files than before. */
        revision: count,
      }),
    ),
    v.maxLength(32),
  ),
});
export type HeldSet = v.InferOutput<typeof crewMeta>["sets"][number];

/** What the vote is about: which agent keeps the index. */
export const keeperKind = "skein.crew/index-keeper";
export const keeperBody = v.object({
  keeper: v.pipe(v.string(), v.length(43)),
  /** The leader's, that others know an older decision by. */
  token: v.pipe(v.string(), v.maxLength(128)),
});
