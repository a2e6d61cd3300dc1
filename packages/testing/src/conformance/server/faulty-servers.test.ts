import {
  decode,
  decodeClientMessage,
  type Ed25519,
  encodeControl,
  encodeForwardPacket,
  equalBytes,
  type IceServer,
  type PeerId,
  platformEd25519,
  readCard,
  type SignedCard,
  utf8,
} from "@skein/protocol";
import { createServer, type ServerOptions } from "@skein/server";
import { expect, it } from "vitest";
import { turned } from "../kit/persona.js";
import { checkServer } from "./check-server.js";
import { control, type Faults, FaultyServer } from "./faulty-server.test-support.js";

/** Signatures of one purpose aren't looked at. */
function blindTo(purpose: "card" | "join"): Ed25519 {
  const prefix = utf8(`skein/1 ${purpose}\0`);
  return {
    sign: async (seed, message) => (await platformEd25519()).sign(seed, message),
    verify: async (key, message, signature) =>
      equalBytes(message.subarray(0, prefix.length), prefix) ||
      (await platformEd25519()).verify(key, message, signature),
  };
}

const unreadable = Uint8Array.of(1, 0xc1);

function numberOf(card: SignedCard): number {
  const read = readCard(card);
  return read.ok ? read.value.n : 0;
}

const good = { username: `${Math.floor(Date.now() / 1_000) + 3_600}:ada`, credential: "c" };

function namesIce(server: IceServer): Faults {
  return { down: ({ message }) => (message?.t === "joined" ? control({ ...message, ice: [server] }) : undefined) };
}

interface WrongServer {
  readonly fault: string;
  readonly options?: ServerOptions;
  readonly faults?: Faults;
  /** The checks that go red, and no others. */
  readonly red: readonly string[];
}

const servers: readonly WrongServer[] = [
  {
    fault: "looks at no proof",
    options: { ed25519: blindTo("join") },
    red: [
      "a proof that is altered is refused",
      "a proof over another connection's nonce is refused",
      "a proof for another room is refused",
      "a proof over another card is refused",
      "a proof by another identity is refused",
      "coming back takes a proof of its own",
    ],
  },
  {
    fault: "looks at no card's signature",
    options: { ed25519: blindTo("card") },
    red: ["a card whose signature is altered is refused", "a newer card that is forged is answered `bad-message`"],
  },
  {
    fault: "challenges everyone with the same nonce",
    options: { random: (length) => new Uint8Array(length).fill(7) },
    red: ["each connection has a nonce of its own", "a proof over another connection's nonce is refused"],
  },
  {
    fault: "leaves the target's key in forwards",
    faults: {
      down: ({ packet, leg }) =>
        packet.kind === "forward" ? [encodeForwardPacket(packet.class, leg.id as PeerId, packet.envelope)] : undefined,
    },
    red: [
      "forwards of class signal arrive once, in order, byte by byte, under their source's key",
      "forwards of class relay arrive once, in order, byte by byte, under their source's key",
      "an envelope that fills a packet arrives",
      "relayed forwards aren't dropped for their rate",
    ],
  },
  {
    fault: "lets peers of other rooms be reached",
    faults: {
      up: ({ packet, leg, legs }) => {
        if (packet.kind !== "forward" || leg.id === undefined) return undefined;
        const target = [...legs].find(({ id, room }) => id === packet.peer && room !== leg.room);
        target?.toClient(encodeForwardPacket(packet.class, leg.id, packet.envelope));
        return target === undefined ? undefined : [];
      },
    },
    red: [
      "a forward of class signal to a peer of another room isn't passed on",
      "a forward of class relay to a peer of another room isn't passed on",
    ],
  },
  {
    fault: "delivers forwards twice",
    faults: {
      down: ({ packet }) => {
        if (packet.kind !== "forward") return undefined;
        const again = encodeForwardPacket(packet.class, packet.peer, packet.envelope);
        return [again, again];
      },
    },
    red: [
      "forwards of class signal arrive once, in order, byte by byte, under their source's key",
      "forwards of class relay arrive once, in order, byte by byte, under their source's key",
      "an envelope that fills a packet arrives",
      "relayed forwards aren't dropped for their rate",
    ],
  },
  {
    fault: "calls every forward a signal",
    faults: {
      down: ({ packet }) =>
        packet.kind === "forward" ? [encodeForwardPacket("signal", packet.peer, packet.envelope)] : undefined,
    },
    red: [
      "forwards of class relay arrive once, in order, byte by byte, under their source's key",
      "an envelope that fills a packet arrives",
      "relayed forwards aren't dropped for their rate",
    ],
  },
  {
    fault: "alters what it forwards where that is long",
    faults: {
      down: ({ packet }) =>
        packet.kind === "forward" && packet.envelope.length > 20_000
          ? [encodeForwardPacket(packet.class, packet.peer, turned(packet.envelope))]
          : undefined,
    },
    red: ["an envelope that fills a packet arrives"],
  },
  {
    fault: "drops relayed forwards that come fast",
    faults: {
      up: ({ packet, leg }) => {
        if (packet.kind !== "forward" || packet.class !== "relay") return undefined;
        const count = (leg.notes.get("relayed") ?? 0) + 1;
        leg.notes.set("relayed", count);
        return count > 100 ? [] : undefined;
      },
    },
    red: ["relayed forwards aren't dropped for their rate"],
  },
  {
    fault: "tells nobody that a peer has left",
    faults: { down: ({ message }) => (message?.t === "peer-left" ? [] : undefined) },
    red: [
      "who says `leave` has left at once, and its connection is closed",
      "a close with 1001 is the same as `leave`",
      "a place is kept for `graceMs`, and then lost",
      "another join of the same identity replaces the first, and the others hear of both",
    ],
  },
  {
    fault: "takes a lost socket for a goodbye",
    faults: { closedWith: () => 1001 },
    red: [
      "who loses its socket is away at once, and still listed",
      "who closes with 1000, without `leave`, is away",
      "a place is kept for `graceMs`, and then lost",
      "who comes back in time takes its place, and nobody hears of it",
      "who comes back with a newer card has it shown",
      "coming back takes a proof of its own",
    ],
  },
  {
    fault: "takes a page that is left for a lost socket",
    faults: { closedWith: () => "cut" },
    red: ["a close with 1001 is the same as `leave`"],
  },
  {
    fault: "forgets its grace period",
    options: { graceMs: 1 },
    faults: {
      down: ({ message }) =>
        message?.t === "challenge" ? control({ ...message, limits: { ...message.limits, graceMs: 3_000 } }) : undefined,
    },
    red: [
      "who loses its socket is away at once, and still listed",
      "a place is kept for `graceMs`, and then lost",
      "who comes back in time takes its place, and nobody hears of it",
      "who comes back with a newer card has it shown",
      "coming back takes a proof of its own",
    ],
  },
  {
    fault: "shows stale cards",
    faults: {
      up: ({ message, leg, legs }) => {
        if (message?.t !== "announce") return undefined;
        const n = numberOf(message.card);
        const isStale = n <= (leg.notes.get("n") ?? 0);
        leg.notes.set("n", n);
        const update = encodeControl({ t: "peer-updated", card: message.card });
        if (isStale) for (const other of legs) if (other !== leg && other.room === leg.room) other.toClient(update);
        return undefined;
      },
    },
    red: ["a card whose `n` isn't higher is answered `bad-message`, and shown to nobody"],
  },
  {
    fault: "lists only who came last",
    faults: {
      down: ({ message }) =>
        message?.t === "joined" ? control({ ...message, peers: message.peers.slice(-1) }) : undefined,
    },
    red: ["what is listed are all the others, and not the client itself"],
  },
  {
    fault: "names ICE servers by web addresses",
    faults: namesIce({ urls: ["https://turn.example.org"], ...good }),
    red: ["each address is one of a STUN or TURN server"],
  },
  {
    fault: "keeps TURN's credentials to itself",
    faults: namesIce({ urls: ["turn:turn.example.org"], username: good.username }),
    red: ["a TURN server comes with user name and credential"],
  },
  {
    fault: "hands out credentials that are over",
    faults: namesIce({ urls: ["turn:turn.example.org"], username: "1600000000:ada", credential: "c" }),
    red: ["a credential that expires holds for now"],
  },
  {
    fault: "ends a connection for a type that it doesn't know",
    faults: {
      up: ({ packet }) => {
        if (packet.kind !== "control") return undefined;
        const message = decodeClientMessage(packet.body);
        return !message.ok && message.code === "unknown-type" ? [unreadable] : undefined;
      },
    },
    red: ["a control message of an unknown type is answered, and ends nothing"],
  },
  {
    fault: "refuses maps with keys that it doesn't know",
    faults: {
      up: ({ packet }) => {
        const map = packet.kind === "control" ? decode(packet.body) : undefined;
        const isKnown = !map?.ok || !Object.keys(map.value as object).includes("later");
        return isKnown ? undefined : [unreadable];
      },
    },
    red: ["a map with unknown keys is read", "a join with unknown keys is taken"],
  },
  {
    fault: "takes clients of any subprotocol",
    faults: { takesAll: true },
    red: [
      "an upgrade without the subprotocol skein.1 is refused with HTTP 400",
      "an upgrade with other subprotocols alone is refused with HTTP 400",
    ],
  },
];

/** What is to fail is mostly waited for in vain. That our own server passes the same checks is shown beside this. */
const redMs = 3_000;

it.concurrent.each(servers)(
  "a server that $fault: these checks go red",
  async ({ options, faults, red }) => {
    const real = await createServer({ port: 0, graceMs: 3_000, ...options });
    const faulty = await FaultyServer.start(real.url, faults ?? {});
    const under = { url: faulty.url, timeoutMs: redMs };
    try {
      const results = await checkServer(under, { only: ({ name }) => red.includes(name) });
      const came = results.flatMap(({ name, verdict }) => (verdict.is === "failed" ? [name] : []));
      expect(came.sort()).toEqual([...red].sort());
    } finally {
      await faulty[Symbol.asyncDispose]();
      await real.close();
    }
  },
  120_000,
);
