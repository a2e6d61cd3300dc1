import type { Room } from "@skein/client";
import { createElection, type Election, electionProtocol } from "@skein/coordination";
import { createWorld, type SimAgent } from "@skein/testing";
import { Counted } from "./counted.ts";

interface Member {
  readonly agent: SimAgent;
  readonly election: Election;
  readonly words: Counted;
}

const lookEveryMs = 100;

/** How long it takes from a leader's end until all others follow another, in simulated time; and what they said meanwhile. */
export async function simulateElection(
  seed: number,
  count: number,
  hasQuorum: boolean,
): Promise<{ electionMs: number; messages: number }> {
  const world = createWorld({ seed });
  const agents = Array.from({ length: count }, (_, i) =>
    world.addAgent(`agent ${i}`, { protocols: [electionProtocol] }),
  );
  await world.until(Promise.all(agents.map((agent) => agent.join())));
  // Looked at now and then: after each step, a room of 50 would look at 1,225 links a hundred thousand times.
  const isLinked = ({ room }: SimAgent) =>
    [...room.peers.values()].filter(({ state }) => state === "connected").length === count - 1;
  while (!agents.every(isLinked)) await world.advance(lookEveryMs);
  const quorum = hasQuorum ? { quorum: agents.map(({ id }) => id) } : {};
  const members: Member[] = [];
  for (const agent of agents) {
    const words = new Counted(agent.room as Room);
    const options = { clock: agent.clock, identity: agent.identity, ...quorum };
    members.push({ agent, words, election: await world.until(createElection(words, options)) });
  }
  const followed = (some: readonly Member[]) => new Set(some.map(({ election }) => election.leader?.id));
  const isAgreed = (some: readonly Member[]) => followed(some).size === 1 && !followed(some).has(undefined);
  while (!isAgreed(members)) await world.advance(lookEveryMs);
  // Somewhere between two of its beats.
  await world.advance(5_000 + world.random("beat").between(0, 1_000));
  const leader = members.find(({ election }) => election.isLeader);
  const others = members.filter((member) => member !== leader);
  const sent = () => others.reduce((sum, { words }) => sum + words.sent, 0);
  const [startedMs, before] = [world.nowMs, sent()];
  leader?.agent.crash();
  while (!isAgreed(others) || followed(others).has(leader?.agent.id)) await world.advance(1);
  const sample = { electionMs: world.nowMs - startedMs, messages: sent() - before };
  for (const { election } of others) await election.close();
  return sample;
}
