import { encode } from "@skein/protocol";
import { mustBe, Skipped, section, Unmet } from "../kit/check.js";
import { offerDirect } from "./direct-wire.js";
import type { PeerWorld } from "./peer-world.js";
import type { Visit } from "./visit.js";

/** A preferred visitor, so that the peer waits for it. @throws {Skipped} where a browser is always preferred */
async function preferred(world: PeerWorld): Promise<Visit> {
  world.mustDial();
  if (world.survey.card.kind === "browser") throw new Skipped("the peer is a browser, which always offers");
  return world.visit("above");
}

async function linksOver(world: PeerWorld, visit: Visit, generation?: number): Promise<void> {
  const wire = await offerDirect(visit, await world.dialing(), generation);
  try {
    const end = world.end();
    await end.greet(wire);
    await end.settle();
  } finally {
    wire.close();
  }
}

/** Sends something that must not be answered, and then links up: what was answered first is known by then. */
function passedOver(send: (visit: Visit) => void): (world: PeerWorld) => Promise<void> {
  return async (world) => {
    const visit = await preferred(world);
    send(visit);
    await linksOver(world, visit);
  };
}

export const signalChecks = [
  ...section<PeerWorld>("signals.md: Generations", {
    "an offer of a higher generation is answered in that generation, and a link comes of it": async (world) => {
      const visit = await preferred(world);
      await linksOver(world, visit, 41);
    },
    "an offer of a lower generation is dropped": async (world) => {
      const visit = await preferred(world);
      const options = await world.dialing();
      const wire = await offerDirect(visit, options, 41);
      const end = world.end();
      await end.greet(wire);
      visit.sendSignal({ t: "offer", g: 40, sdp: anySdp(wire.generation) });
      await end.settle();
      await end.ping();
      const answered = () => visit.allSignals.some(({ t, g }) => t === "answer" && g === 40);
      mustBe(!answered(), "no answer of generation 40", "one");
      wire.close();
      await linksOver(world, visit);
      mustBe(!answered(), "no answer of generation 40", "one");
    },
    "an answer that nobody waits for is dropped": passedOver((visit) =>
      visit.sendSignal({ t: "answer", g: visit.generation + 1, sdp: anySdp(1) }),
    ),
    "a connection of a higher generation takes the place of the one before, and the link goes on": async (world) => {
      const visit = await preferred(world);
      const options = await world.dialing();
      const first = await offerDirect(visit, options);
      const end = world.end();
      const { link } = await end.greet(first);
      await end.settle();
      const second = await offerDirect(visit, options);
      const again = await end.greet(second);
      first.close();
      if (`${again.link}` !== `${link}`) throw new Unmet("the same link", "another");
      await end.settle();
      second.close();
    },
    "a `bye` of a lower generation changes nothing": async (world) => {
      const visit = await preferred(world);
      const wire = await offerDirect(visit, await world.dialing(), 7);
      const end = world.end();
      await end.greet(wire);
      visit.sendSignal({ t: "bye", g: 6, reason: "late" });
      await end.settle();
      await end.ping();
      wire.close();
    },
  }),
  ...section<PeerWorld>("signals.md: The connection", {
    "the channel for the lossy lane may be missing": async (world) => {
      const { end, wire } = await world.directLink("above", { lossy: false });
      await end.settle();
      wire.close();
    },
    "a text message on the channel is dropped, and the link goes on": async (world) => {
      const { end, wire } = await world.directLink();
      wire.channel.send("hello?");
      await end.settle();
    },
  }),
  ...section<PeerWorld>("signals.md: Who offers", {
    "(should) the side that is preferred offers as soon as it knows the other": async (world) => {
      const { end } = await world.directLink("below");
      await end.settle();
    },
  }),
  ...section<PeerWorld>("signals.md: Glare", {
    "the peer holds to its offer where it is the impolite one": async (world) => {
      world.mustDial();
      const visit = await world.visit("below");
      const offer = await visit.signals.take("an `offer`", ({ t }) => t === "offer");
      visit.sendSignal({ t: "offer", g: offer.g, sdp: anySdp(1) });
      visit.signals.add(offer);
      const wire = await world.direct(visit);
      const end = world.end();
      await end.greet(wire);
      await end.settle();
      const answered = visit.allSignals.some(({ t }) => t === "answer");
      mustBe(!answered, "no answer to the offer that crossed", "one");
    },
    "the peer gives way where it is the polite one": async (world) => {
      const visit = await preferred(world);
      // It steps in where the preferred side is slow.
      const { g } = await visit.signals.take("an `offer` after 2 s", ({ t }) => t === "offer");
      await linksOver(world, visit, g);
    },
  }),
  ...section<PeerWorld>("signals.md: Candidates", {
    "candidates before their description are kept for it, and bad ones end nothing": passedOver((visit) => {
      const g = visit.generation + 1;
      visit.sendSignal({ t: "candidates", g, u: "nobodys", list: [{ c: "candidate:nonsense", mid: "0" }] });
      visit.sendSignal({ t: "candidates", g, u: "nobodys", list: [] });
      visit.generation = g - 1;
    }),
    "a candidate that can't be used doesn't end the connection": async (world) => {
      const visit = await preferred(world);
      const wire = await offerDirect(visit, await world.dialing());
      const end = world.end();
      await end.greet(wire);
      const u = "nobodys";
      visit.sendSignal({ t: "candidates", g: wire.generation, u, list: [{ c: "candidate:nonsense", mid: "9" }] });
      await end.settle();
      wire.close();
    },
  }),
  ...section<PeerWorld>("signals.md: Signals", {
    "signals of unknown types are passed over": passedOver((visit) =>
      visit.sendEnvelope("signal", visit.seal("signal", Uint8Array.from(encode({ t: "later", g: 1 })))),
    ),
    "signals that can't be read are dropped": passedOver((visit) => {
      for (const value of [null, { t: "offer" }, { t: "offer", g: -1, sdp: "" }, { t: "candidates", g: 1 }]) {
        visit.sendEnvelope("signal", visit.seal("signal", Uint8Array.from(encode(value))));
      }
      visit.sendEnvelope("signal", visit.seal("signal", Uint8Array.of(0xc1)));
    }),
  }),
];

/** A description that nobody can connect by. */
function anySdp(seed: number): string {
  return `v=0\r\no=- ${seed} 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-ufrag:nobody\r\na=ice-pwd:${"x".repeat(24)}\r\n`;
}
