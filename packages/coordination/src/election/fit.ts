import { limits, type Messenger, SkeinError } from "@skein/protocol";
import { isTopicTaken } from "../agreement/switchboard.js";
import type { ElectionOptions } from "./options.js";
import { electionProtocol, membersMost } from "./protocol.js";

/** @throws {SkeinError} `bad-argument` where an election can't be held so, over this messenger */
export function mustFit(
  messenger: Messenger,
  { name = "leader", score = 0, beatMs, quorum, identity }: ElectionOptions,
): void {
  if (name === "" || name.length > limits.nameLength) {
    throw new SkeinError("bad-argument", `An election's name has 1 to ${limits.nameLength} characters.`);
  }
  if (isTopicTaken(messenger, electionProtocol.word, name)) {
    throw new SkeinError("bad-argument", `There is an election "${name}" over this messenger already: name another.`);
  }
  if (!Number.isFinite(score)) throw new SkeinError("bad-argument", "A score is a number, such as 0 or 1.");
  if (beatMs !== undefined && !(beatMs >= 10)) {
    throw new SkeinError("bad-argument", "A leader can't beat oftener than every 10 ms: give a longer `beatMs`.");
  }
  if (quorum === undefined) return;
  if (quorum.length === 0 || quorum.length > membersMost || new Set(quorum).size !== quorum.length) {
    throw new SkeinError("bad-argument", `A quorum is of 1 to ${membersMost} different ids.`);
  }
  if (quorum.includes(messenger.id) && identity?.id !== messenger.id) {
    throw new SkeinError("bad-argument", "A member signs its votes: pass the `identity` that it joined with.");
  }
}
