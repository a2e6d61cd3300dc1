import type { PeerId } from "@skein/client";
import { createVotes, type Election, type Presence, type Votes } from "@skein/coordination";
import { createIdentity, type Messenger } from "@skein/protocol";
import { expect, it } from "vitest";
import { Keepership } from "./keepership.js";
import { keeperKind } from "./protocol.js";

const identity = createIdentity();
/** Nobody else is there: a vote of one. */
const alone = { id: identity.id, peers: new Map(), handle: () => () => {}, onPeer: () => () => {} };

async function certificate(keeper: string, token: string): Promise<Uint8Array> {
  await using votes = createVotes(alone as unknown as Messenger, { identity });
  const outcome = await votes.propose(keeperKind, { keeper, token });
  return outcome.certificate ?? new Uint8Array();
}

it("does as the latest leader's vote says: an older one that comes late is passed over", async () => {
  let hear: (outcome: object) => void = () => {};
  const heard: PeerId[] = [];
  const presence = {
    own: { capabilities: [] },
    find: () => [],
    on: () => () => {},
    provide: () => () => {},
  } as unknown as Presence;
  const votes = {
    onProposal: () => () => {},
    on: (_name: string, listener: typeof hear) => {
      hear = listener;
      return () => {};
    },
  } as unknown as Votes;
  const election = { isLeader: false, leader: undefined, on: () => () => {} } as unknown as Election;
  const keepership = new Keepership({
    id: identity.id,
    presence,
    election,
    votes,
    voted: ({ keeper }) => void heard.push(keeper),
  });
  const other = createIdentity().id;
  const tell = async (keeper: PeerId, token: string): Promise<void> =>
    hear({ end: "accepted", isProven: true, certificate: await certificate(keeper, token) });
  const told = (count: number) => expect.poll(() => heard.length).toBe(count);

  await tell(identity.id, "0000000000000002.x");
  await told(1);
  expect(keepership.isKeeper).toBe(true);
  await tell(other, "0000000000000001.x");
  await tell(identity.id, "0000000000000002.x");
  await told(2);
  expect(heard).toEqual([identity.id, identity.id]);
  expect(keepership.isKeeper).toBe(true);
  await tell(other, "0000000000000003.x");
  await told(3);
  expect(keepership.isKeeper).toBe(false);
  keepership.close();
});
