import { createIdentity, decode, encodeControl, equalBytes, type SignedCard } from "@skein/protocol";
import { mustBe, section } from "../kit/check.js";
import { awaitJoined, idOf } from "../kit/member.js";
import { type Join, Persona, turned } from "../kit/persona.js";
import { describeHeard } from "../kit/server-connection.js";
import type { ServerWorld } from "./server-world.js";

/** A join that is as it must be but for what `spoil` makes of it. */
async function spoiledJoin(world: ServerWorld, spoil: (join: Join, nonce: Uint8Array) => Join | Promise<Join>) {
  const connection = world.connect();
  const { nonce } = await connection.next("challenge");
  const join = { ...(await new Persona().join(nonce, world.room)), ...tokenOf(world) };
  connection.send(encodeControl(await spoil(join, nonce)));
  return connection;
}

function tokenOf({ under: { token } }: ServerWorld): { token?: string } {
  return token === undefined ? {} : { token };
}

async function joinWithCard(world: ServerWorld, cardOf: (persona: Persona) => SignedCard | Promise<SignedCard>) {
  return spoiledJoin(world, async (_, nonce) => {
    const persona = new Persona();
    return { ...(await persona.join(nonce, world.room, await cardOf(persona))), ...tokenOf(world) };
  });
}

export const joiningChecks = [
  ...section<ServerWorld>("server.md: Joining", {
    "the challenge comes first: 32 bytes, version 1, limits": async (world) => {
      const { nonce, versions, limits } = await world.connect().next("challenge");
      mustBe(nonce.length === 32, "a nonce of 32 bytes", `one of ${nonce.length}`);
      mustBe(versions.includes(1), "version 1 among the versions", `[${versions}]`);
      mustBe(limits.packetBytes >= 32_768, "packets of 32 KiB or more", `${limits.packetBytes} bytes`);
    },
    "each connection has a nonce of its own": async (world) => {
      const first = await world.connect().next("challenge");
      const second = await world.connect().next("challenge");
      mustBe(!equalBytes(first.nonce, second.nonce), "another nonce", "the same one twice");
    },
    "`ping` is answered before the join": async (world) => {
      const connection = world.connect();
      await connection.next("challenge");
      await connection.settle();
    },
    "a client that proves who it is gets `joined`, with the room's name": async (world) => {
      const { joined, roster } = await world.enter();
      mustBe(joined.room === world.room, `the room ${world.room}`, joined.room);
      mustBe(roster.length === 0, "nobody else in a fresh room", `${roster.length} cards`);
    },
    "a join with unknown keys is taken": async (world) => {
      const connection = await spoiledJoin(world, (join) => ({ ...join, later: 1 }) as Join);
      await awaitJoined(connection);
    },
    "a join without a proof is malformed": async (world) => {
      const connection = await spoiledJoin(world, ({ proof: _, ...join }) => join as Join);
      const error = await connection.next("error");
      mustBe(error.code === "bad-message", "the error `bad-message`", describeHeard(error));
    },
    "a second join is answered `bad-message`": async (world) => {
      const { connection } = await world.enter();
      connection.say(await new Persona().join(new Uint8Array(32), world.room));
      await connection.complainedWith("bad-message");
    },
    "what is listed are all the others, and not the client itself": async (world) => {
      const [first, second] = await world.enterAll(2);
      const { roster } = await world.enter();
      const expected = [first.persona.id, second.persona.id].sort();
      const came = roster.map(idOf).sort();
      mustBe(`${came}` === `${expected}`, `the cards of ${expected.join(" and ")}`, came.join(" and ") || "none");
    },
    "the card of who joins is told to the others, byte by byte": async (world) => {
      const first = await world.enter();
      const persona = new Persona();
      const card = await persona.card({ name: "ada", meta: { n: 2 ** 40 } });
      await world.enter({ persona, card });
      const told = (await first.connection.next("peer-joined")).card;
      mustBe(`${told.b}|${told.s}` === `${card.b}|${card.s}`, "the bytes that were signed", "others");
    },
    "rooms don't see each other": async (world) => {
      const first = await world.enter();
      const { roster } = await world.enter({ room: `${world.room}-2` });
      mustBe(roster.length === 0, "an empty room", `${roster.length} cards`);
      const heard = await first.connection.settle();
      mustBe(heard.length === 0, "silence", heard.map(describeHeard).join(", "));
    },
  }),
  ...section<ServerWorld>("identity.md: The proof of a join", {
    "a proof that is altered is refused": async (world) => {
      const connection = await spoiledJoin(world, (join) => ({ ...join, proof: turned(join.proof) }));
      await connection.refusedWith("not-authorised");
    },
    "a proof over another connection's nonce is refused": async (world) => {
      const { nonce } = await world.connect().next("challenge");
      const connection = await spoiledJoin(world, () => new Persona().join(nonce, world.room));
      await connection.refusedWith("not-authorised");
    },
    "a proof for another room is refused": async (world) => {
      const connection = await spoiledJoin(world, async (_, nonce) => ({
        ...(await new Persona().join(nonce, "elsewhere")),
        room: world.room,
      }));
      await connection.refusedWith("not-authorised");
    },
    "a proof over another card is refused": async (world) => {
      const connection = await spoiledJoin(world, async (_, nonce) => {
        const persona = new Persona();
        const join = await persona.join(nonce, world.room);
        return { ...join, card: await persona.card({ n: 1 }) };
      });
      await connection.refusedWith("not-authorised");
    },
    "a proof by another identity is refused": async (world) => {
      const connection = await spoiledJoin(world, async (_, nonce) => {
        const thief = new Persona(createIdentity());
        return thief.join(nonce, world.room, await new Persona().card());
      });
      await connection.refusedWith("not-authorised");
    },
  }),
  ...section<ServerWorld>("identity.md: Cards", {
    "a card whose signature is altered is refused": async (world) => {
      const connection = await joinWithCard(world, async (persona) => {
        const { b, s } = await persona.card();
        return { b, s: turned(s) };
      });
      await connection.refusedWith("not-authorised");
    },
    "a card that names another peer than its signer is refused": async (world) => {
      const connection = await joinWithCard(world, (persona) => persona.rawCard({ id: new Persona().key }));
      await connection.refusedWith("not-authorised");
    },
    "a card of another version is refused as such, whatever else it holds": async (world) => {
      const connection = await joinWithCard(world, async (persona) => persona.rawCard({ v: 2, caps: 7 }));
      await connection.refusedWith("unsupported-version");
    },
    "a card whose fields don't fit is refused": async (world) => {
      const connection = await joinWithCard(world, (persona) => persona.rawCard({ box: new Uint8Array(31) }));
      await connection.refusedWith("bad-message");
    },
    "a card over its limit is refused": async (world) => {
      const connection = await joinWithCard(world, (persona) => persona.sign(new Uint8Array(8_193)));
      // Within a control message it is both a field over its limit and a whole over its own.
      const error = await connection.next("error");
      mustBe(["too-large", "bad-message"].includes(error.code), "`too-large` or `bad-message`", describeHeard(error));
    },
    "a card with unknown keys is taken, and shown as it is": async (world) => {
      const first = await world.enter();
      const persona = new Persona();
      await world.enter({ persona, card: await persona.rawCard({ later: { deep: [1] } }) });
      const { card } = await first.connection.next("peer-joined");
      const shown = decode(card.b);
      const isWhole = shown.ok && (shown.value as { later?: unknown }).later !== undefined;
      mustBe(isWhole, "the card's bytes as they were signed", "others");
    },
  }),
];
