import { equalBytes } from "@skein/protocol";
import { mustBe, Skipped, section } from "../kit/check.js";
import { idOf, type Member } from "../kit/member.js";
import { Persona, turned } from "../kit/persona.js";
import { describeHeard, mustNotHear, type ServerConnection } from "../kit/server-connection.js";
import type { ServerWorld } from "./server-world.js";

const presence = ["peer-joined", "peer-updated", "peer-away", "peer-left"] as const;

/** Longer than this nobody waits for a place to be given up. */
const longestGraceMs = 20_000;

async function expectLeft(at: ServerConnection, who: Persona, reason: string, fromAway = false): Promise<void> {
  const told = await at.nextOf("`peer-left`", fromAway ? ["peer-left"] : ["peer-left", "peer-away"]);
  const isRight = told.t === "peer-left" && told.reason === reason && equalBytes(told.id, who.key);
  mustBe(isRight, `\`peer-left\` with \`${reason}\``, describeHeard(told));
}

/** What the others heard, once the server has dealt with all that `member` said. */
async function heardByOthers(member: Member, other: Member) {
  await member.connection.settle();
  return other.connection.settle();
}

async function graceOf(world: ServerWorld): Promise<number> {
  const { limits } = await world.connect().next("challenge");
  return limits.graceMs;
}

/** Waits, and hears. */
async function pass(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

export const presenceChecks = [
  ...section<ServerWorld>("server.md: Presence", {
    "who says `leave` has left at once, and its connection is closed": async (world) => {
      const [first, second] = await world.enterAll(2);
      second.connection.say({ t: "leave" });
      await expectLeft(first.connection, second.persona, "left");
      await second.connection.ended();
      const { roster } = await world.enter();
      mustBe(roster.length === 1, "one card for who joins next", `${roster.length}`);
    },
    "a close with 1001 is the same as `leave`": async (world) => {
      const [first, second] = await world.enterAll(2);
      second.connection.socket.close(1001);
      await expectLeft(first.connection, second.persona, "left");
    },
    "who loses its socket is away at once, and still listed": async (world) => {
      const [first, second] = await world.enterAll(2);
      second.connection.cut();
      const told = await first.connection.nextOf("`peer-away`", ["peer-away", "peer-left"]);
      mustBe(told.t === "peer-away" && equalBytes(told.id, second.persona.key), "`peer-away`", describeHeard(told));
      const { roster } = await world.enter();
      mustBe(roster.map(idOf).includes(second.persona.id), "the card of who is away in `joined`", "none");
    },
    "who closes with 1000, without `leave`, is away": async (world) => {
      const [first, second] = await world.enterAll(2);
      second.connection.socket.close(1000);
      const told = await first.connection.nextOf("`peer-away`", ["peer-away", "peer-left"]);
      mustBe(told.t === "peer-away", "`peer-away`", describeHeard(told));
    },
    "a place is kept for `graceMs`, and then lost": async (world) => {
      const graceMs = await graceOf(world);
      if (graceMs > longestGraceMs)
        throw new Skipped(`the server keeps places for ${graceMs / 1000} s: too long to wait`);
      const [first, second] = await world.enterAll(2);
      second.connection.cut();
      await first.connection.next("peer-away");
      await pass(graceMs / 2);
      mustNotHear(await first.connection.settle(), ["peer-left"], `the place kept for ${graceMs} ms`);
      await pass(graceMs / 2);
      await expectLeft(first.connection, second.persona, "lost", true);
    },
    "a newer card is shown to the others": async (world) => {
      const [first, second] = await world.enterAll(2);
      second.connection.say({ t: "announce", card: await second.persona.card({ n: 1, name: "new" }) });
      const { card } = await first.connection.next("peer-updated");
      mustBe(idOf(card) === second.persona.id, "the newer card", "another");
    },
    "a card whose `n` isn't higher is answered `bad-message`, and shown to nobody": async (world) => {
      const [first, second] = await world.enterAll(2);
      second.connection.say({ t: "announce", card: await second.persona.card({ n: 5 }) });
      await first.connection.next("peer-updated");
      for (const n of [4, 5]) {
        second.connection.say({ t: "announce", card: await second.persona.card({ n, name: "old" }) });
        await second.connection.complainedWith("bad-message");
      }
      mustNotHear(await heardByOthers(second, first), presence, "nothing of the stale card");
    },
    "a newer card with another box is answered `bad-message`": async (world) => {
      const [first, second] = await world.enterAll(2);
      second.connection.say({ t: "announce", card: await second.persona.again().card({ n: 1 }) });
      await second.connection.complainedWith("bad-message");
      mustNotHear(await heardByOthers(second, first), presence, "nothing of it");
    },
    "a newer card of another peer is answered `bad-message`": async (world) => {
      const [first, second] = await world.enterAll(2);
      second.connection.say({ t: "announce", card: await new Persona().card({ n: 1 }) });
      await second.connection.complainedWith("bad-message");
      mustNotHear(await heardByOthers(second, first), presence, "nothing of it");
    },
    "a newer card that is forged is answered `bad-message`": async (world) => {
      const [first, second] = await world.enterAll(2);
      const { b, s } = await second.persona.card({ n: 1 });
      second.connection.say({ t: "announce", card: { b, s: turned(s) } });
      await second.connection.complainedWith("bad-message");
      mustNotHear(await heardByOthers(second, first), presence, "nothing of it");
    },
  }),
  ...section<ServerWorld>("server.md: Coming back", {
    "who comes back in time takes its place, and nobody hears of it": async (world) => {
      const [first, second] = await world.enterAll(2);
      second.connection.cut();
      await first.connection.next("peer-away");
      const again = await world.enter({ persona: second.persona });
      mustBe(again.roster.length === 1, "the others in `joined`", `${again.roster.length} cards`);
      mustNotHear(await heardByOthers(again, first), presence, "nothing for the others");
      first.forward(second.persona.id, Uint8Array.of(1));
      await again.connection.next("forward");
    },
    "who comes back with a newer card has it shown": async (world) => {
      const [first, second] = await world.enterAll(2);
      second.connection.cut();
      await first.connection.next("peer-away");
      const { persona } = second;
      await world.enter({ persona, card: await persona.card({ n: 3, name: "new" }) });
      const told = await first.connection.nextOf("`peer-updated`", presence);
      mustBe(told.t === "peer-updated", "`peer-updated`", describeHeard(told));
    },
    "who comes back with an older card keeps the newer one": async (world) => {
      const [first, second] = await world.enterAll(2);
      const { persona } = second;
      const newest = await persona.card({ n: 3, name: "newest" });
      second.connection.say({ t: "announce", card: newest });
      await first.connection.next("peer-updated");
      const again = await world.enter({ persona, card: await persona.card({ n: 1, name: "old" }) });
      mustNotHear(await heardByOthers(again, first), presence, "nothing for the others");
      const { roster } = await world.enter();
      const shown = roster.find((card) => idOf(card) === persona.id);
      mustBe(shown !== undefined && equalBytes(shown.b, newest.b), "the newest card in `joined`", "the older one");
    },
    "who comes back while its old connection stands replaces that, and nobody hears of it": async (world) => {
      const [first, second] = await world.enterAll(2);
      const again = await world.enter({ persona: second.persona });
      await second.connection.refusedWith("replaced");
      mustNotHear(await heardByOthers(again, first), presence, "nothing for the others");
    },
    "another join of the same identity replaces the first, and the others hear of both": async (world) => {
      const [first, second] = await world.enterAll(2);
      await world.enter({ persona: second.persona.again() });
      await second.connection.refusedWith("replaced");
      await expectLeft(first.connection, second.persona, "replaced");
      const { card } = await first.connection.next("peer-joined");
      mustBe(idOf(card) === second.persona.id, "the card of the same peer", idOf(card));
    },
    "coming back takes a proof of its own": async (world) => {
      const [first, second] = await world.enterAll(2);
      second.connection.cut();
      await first.connection.next("peer-away");
      const thief = world.connect();
      await thief.next("challenge");
      thief.say(await second.persona.join(new Uint8Array(32), world.room));
      await thief.refusedWith("not-authorised");
      mustNotHear(await first.connection.settle(), ["peer-updated", "peer-joined", "peer-left"], "nothing of it");
    },
  }),
];
