import { defineProtocol, message } from "@skein/protocol";
import * as v from "valibot";
import { count, name } from "../agreement/shapes.js";

/** The longest a lease may ever be, whatever the options say: ten minutes. */
export const leaseEverMs = 600_000;

const token = v.pipe(v.string(), v.minLength(1), v.maxLength(128));
const leaseMs = v.pipe(v.number(), v.finite(), v.minValue(1), v.maxValue(leaseEverMs));
const waitedMs = v.pipe(v.number(), v.finite(), v.minValue(0));
const word = { topic: name, lock: name, claim: count };

const holderWord = v.variant("t", [
  v.object({ ...word, t: v.literal("ask"), n: count, leaseMs, waitedMs }),
  v.object({ ...word, t: v.literal("renew"), n: count, leaseMs, token }),
  v.object({ ...word, t: v.literal("free") }),
]);

const leaderWord = v.variant("t", [
  v.object({ ...word, t: v.literal("granted"), n: count, token }),
  v.object({ ...word, t: v.literal("denied"), reason: v.picklist(["lost", "too-long", "too-many"]) }),
]);

/** What {@link createLocks} speaks: list it in `joinRoom({ protocols: [electionProtocol, locksProtocol] })`. */
export const locksProtocol = defineProtocol("skein.locks", "1.0.0", {
  /** From who wants or holds a lock, to the leader. */
  holder: message(holderWord, { lane: "control" }),
  /** From the leader. */
  leader: message(leaderWord, { lane: "control" }),
});

export type HolderWord = v.InferOutput<typeof holderWord>;
export type LeaderWord = v.InferOutput<typeof leaderWord>;
