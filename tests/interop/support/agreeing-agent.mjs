// One agent of an election, in a process of its own that a test can kill. Says what happens as lines of JSON; does what its
// standard input says. Arguments: the server, its seed, the number of members, its score, and `takeover` where
// it takes over from a lower one.
import { createInterface } from "node:readline";
import { joinRoom } from "@skein/client";
import {
  createElection,
  createLocks,
  createVotes,
  electionProtocol,
  locksProtocol,
  votesProtocol,
} from "@skein/coordination";
import { createIdentity } from "@skein/protocol";

const [server, seed, count, score, takeover] = process.argv.slice(2);
const identityOf = (number) => createIdentity({ random: () => new Uint8Array(32).fill(number) });
const quorum = Array.from({ length: Number(count) }, (_, i) => identityOf(i + 1).id);
const identity = identityOf(Number(seed));
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const protocols = [electionProtocol, locksProtocol, votesProtocol];
const room = await joinRoom({ server, room: "agree", identity, protocols });
const election = await createElection(room, {
  identity,
  quorum,
  score: Number(score),
  takeover: takeover === "takeover",
});
const locks = createLocks(room, { election, leaseMostMs: 2_000 });
const votes = createVotes(room, { identity });
votes.onProposal(
  "vote",
  (body) => body,
  () => new Promise((resolve) => setTimeout(resolve, 300, "yes")),
);
election.on("leader", (leader) => say({ leader: leader && quorum.indexOf(leader.id) + 1, term: leader?.term }));
room.on("peer-connected", () =>
  say({ linked: [...room.peers.values()].filter(({ state }) => state === "connected").length }),
);

const operations = {
  async lock() {
    const { token } = await locks.acquire("index");
    say({ held: token });
  },
  async vote() {
    const { end, missing } = await votes.propose("vote", {}, { electorate: quorum, timeoutMs: 5_000 });
    say({ end, missing: [...missing.values()] });
  },
};
createInterface({ input: process.stdin }).on("line", (line) => operations[line]?.());
