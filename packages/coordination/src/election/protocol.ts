import { defineProtocol, message } from "@skein/protocol";
import * as v from "valibot";
import { bytes, count, finite, name, peer, signature } from "../agreement/shapes.js";

/** Members of one election at the most. */
export const membersMost = 255;

const vote = v.object({ voter: peer, signature });
const word = { topic: name, term: count };

const electionWord = v.variant("t", [
  v.object({
    ...word,
    t: v.literal("hello"),
    score: finite,
    startedMs: finite,
    candidate: v.boolean(),
    ask: v.boolean(),
    // The digest of who the members are; without it there are none.
    members: v.optional(bytes(32)),
  }),
  v.object({ ...word, t: v.literal("canvass") }),
  v.object({ ...word, t: v.literal("answer"), yes: v.boolean(), signature: v.optional(signature) }),
  v.object({
    ...word,
    t: v.literal("lead"),
    beat: count,
    votes: v.optional(v.pipe(v.array(vote), v.maxLength(membersMost))),
  }),
  v.object({ ...word, t: v.literal("held"), beat: count }),
  v.object({ ...word, t: v.literal("release") }),
  v.object({ ...word, t: v.literal("outdated") }),
  v.object({ ...word, t: v.literal("challenge") }),
]);

/** What peers of an election say to each other. */
export type ElectionWord = v.InferOutput<typeof electionWord>;
/** As it is passed in: ids are bytes there. */
export type ElectionWordInput = v.InferInput<typeof electionWord>;

/** What {@link createElection} speaks: list it in `joinRoom({ protocols: [electionProtocol] })`. */
export const electionProtocol = defineProtocol("skein.election", "1.0.0", {
  // Heartbeats go ahead of all else: whoever waits for one behind somebody's files would elect another.
  word: message(electionWord, { lane: "control" }),
});
