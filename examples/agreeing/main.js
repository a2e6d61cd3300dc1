// Three agents in one process elect a leader, vote, and take turns with a lock; then the leader leaves.
import { joinRoom, memorySignaling } from "@skein/client";
import {
  createElection,
  createLocks,
  createVotes,
  electionProtocol,
  Fence,
  locksProtocol,
  verifyCertificate,
  votesProtocol,
} from "@skein/coordination";
import { createIdentity } from "@skein/protocol";

const names = ["ann", "bob", "cyd"];
const identities = names.map(() => createIdentity());
const quorum = identities.map(({ id }) => id);
const nameOf = (id) => names[quorum.indexOf(id)];
const signaling = memorySignaling();
const protocols = [electionProtocol, locksProtocol, votesProtocol];

async function startAgent(name, number) {
  const identity = identities[number];
  const room = await joinRoom({ signaling, room: "lab", name, identity, protocols });
  // Ann outranks the others: a controller among displays.
  const election = await createElection(room, { identity, quorum, score: name === "ann" ? 1 : 0, takeover: true });
  const locks = createLocks(room, { election, leaseMostMs: 1_000 });
  const votes = createVotes(room, { identity });
  votes.onProposal(
    "lab.keeper",
    ({ keeper }) => ({ keeper }),
    () => name !== "cyd",
  );
  return { name, room, election, locks, votes };
}

/** Waits until all of them agree on who leads. */
async function leaderOf(agents, isIt) {
  const settled = () => agents.every(({ election }) => isIt(election.leader?.id));
  while (!settled()) await new Promise((resolve) => setTimeout(resolve, 50));
  return agents[0].election.leader;
}

const agents = await Promise.all(names.map(startAgent));
const [ann, bob, cyd] = agents;
const first = await leaderOf(agents, (id) => id === quorum[0]);
console.log(`${nameOf(first.id)} leads`);

const outcome = await bob.votes.propose("lab.keeper", { keeper: "bob" }, { electorate: quorum });
console.log(`bob as the keeper of the index: ${outcome.end}`);
const proof = await verifyCertificate(outcome.certificate, { electorate: quorum });
console.log(`the certificate says: ${proof.value.decision}`);

const fence = new Fence();
async function write(agent, text) {
  await using lock = await agent.locks.acquire("index");
  console.log(
    `${agent.name} holds the lock; the fence ${fence.admit(lock.token) ? "lets it pass" : "refuses it"}: ${text}`,
  );
}
await Promise.all([write(bob, "one"), write(cyd, "two")]);

const token = ann.election.token;
fence.admit(token);
ann.election.resign();
const others = [bob, cyd];
const second = await leaderOf(others, (id) => id !== undefined && id !== quorum[0]);
const leader = others.find(({ election }) => election.isLeader);
console.log(
  `after ann: a later term: ${second.term > first.term}; the new leader's token passes: ${fence.admit(leader.election.token)}`,
);
console.log(`ann's old token passes: ${fence.admit(token)}`);

for (const { locks, votes, election, room } of agents) {
  await locks.close();
  await votes.close();
  await election.close();
  await room.leave();
}
