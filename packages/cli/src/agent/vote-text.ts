import type { PeerId } from "@skein/protocol";
import type { KeeperVote } from "../crew/keepership.js";

/** What a vote came to, in one line. */
export function voteText({ keeper, end, ballots, electors }: KeeperVote, named: (id: PeerId) => string): string {
  const yes = [...ballots.values()].filter((choice) => choice === "yes").length;
  const how = `${yes} of ${electors} voted for it`;
  return end === "accepted"
    ? `${named(keeper)} keeps the index: ${how}`
    : `${named(keeper)} doesn't get to keep the index: ${how}`;
}
