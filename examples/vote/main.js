// Three agents vote on who keeps the index. One leaves meanwhile, and counts as not voting. The certificate proves the outcome to anyone.
import { joinRoom, memorySignaling } from "@skein/client";
import { createVotes, verifyCertificate, votesProtocol } from "@skein/coordination";
import { createIdentity } from "@skein/protocol";
import * as v from "valibot";

const kind = "lab.keeper";
const body = v.object({ keeper: v.string() });
const signaling = memorySignaling();

async function start(name, decide) {
  const identity = createIdentity();
  const room = await joinRoom({ signaling, room: "lab", name, identity, protocols: [votesProtocol] });
  const votes = createVotes(room, { identity });
  votes.onProposal(kind, body, decide);
  return { room, votes };
}

const ann = await start("ann", () => "yes");
const bob = await start("bob", ({ keeper }) => keeper === "bob");
// Never comes to a decision.
let asked = () => {};
const cyd = await start("cyd", () => {
  asked();
  return new Promise(() => {});
});
const electorate = [ann, bob, cyd].map(({ room }) => room.id);

const accepted = await ann.votes.propose(kind, { keeper: "bob" }, { electorate });
console.log(`bob as the keeper: ${accepted.end}`);

// Whoever knows the electorate can check it, without having been there.
const proof = await verifyCertificate(accepted.certificate, { electorate });
console.log(`proven: ${proof.value.decision}, ${proof.value.ballots.size} ballots`);
const others = await verifyCertificate(accepted.certificate, { electorate: electorate.slice(1) });
console.log(`for another electorate: ${others.ok ? "proven" : others.reason}`);

const isAsked = new Promise((resolve) => {
  asked = resolve;
});
const rejected = ann.votes.propose(kind, { keeper: "bob" }, { electorate, rule: "unanimous" });
await isAsked;
await cyd.votes.close();
await cyd.room.leave();
const { end, missing, certificate } = await rejected;
console.log(`unanimously: ${end}, since cyd is ${missing.get(cyd.room.id)}; proof: ${certificate ?? "none"}`);

for (const { votes, room } of [ann, bob]) {
  await votes.close();
  await room.leave();
}
