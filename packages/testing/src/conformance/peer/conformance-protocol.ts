import type { Room } from "@skein/client";
import { defineProtocol, message, type PeerId, request } from "@skein/protocol";

/** What a peer under test says in its card's `caps` where its `hold` holds. */
export const holdCapability = "skein.conformance/hold";
/** The name of streams that a peer under test echoes. */
export const echoStream = "skein.conformance/echo";

const anything = (body: unknown) => body;

function summands(body: unknown): { a: number; b: number } {
  const { a, b } = (body ?? {}) as { a?: unknown; b?: unknown };
  if (typeof a === "number" && typeof b === "number") return { a, b };
  throw new TypeError("two numbers are due, a and b");
}

/** The words that a peer under test has to understand, so that its links can be watched from outside. */
export const conformance = defineProtocol("skein.conformance", ["1.0.0", "1.1.0"], {
  /** Answered by `echoed`, with the same body. */
  echo: message(anything),
  echoed: message(anything),
  /** Answered with the same body. */
  ask: request(anything, anything),
  /** Answered with the sum of two numbers. */
  add: request(summands, Number),
  /** Never answered. Where it is cancelled, `cancelled` is sent, with the same body. */
  wait: request(anything, anything),
  cancelled: message(anything),
  /** Its handler throws something unforeseen, with the body in it. */
  fail: request(anything, anything),
  /** Its handler isn't done before `release` comes. */
  hold: message(anything),
  release: message(anything),
  /** Answered by `echoed-lossy`, with the same body. */
  "echo-lossy": message(anything, { lane: "lossy" }),
  "echoed-lossy": message(anything, { lane: "lossy" }),
});

/**
 * Makes a room's peer one that can be tested: it answers the words of {@link conformance}. Join with that protocol, and with
 * {@link holdCapability} among the capabilities.
 * @example
 * const room = await joinRoom({ server, room: "lab", protocols: [conformance], capabilities: [holdCapability] });
 * answerConformance(room);
 */
export function answerConformance(room: Room): void {
  answerWords(room);
  const held = new HeldMessages();
  room.handle(conformance.hold, (_, { id }) => held.hold(id));
  room.handle(conformance.release, (_, { id }) => held.release(id));
  room.on("peer-disconnected", ({ peer }) => held.release(peer.id));
  room.handleStream(echoStream, ({ readable, writable }) => readable.pipeTo(writable).catch(() => {}));
}

/** Messages whose handlers aren't done, by the peer that sent them. */
class HeldMessages {
  readonly #releases = new Map<PeerId, (() => void)[]>();

  hold(id: PeerId): Promise<void> {
    return new Promise((resolve) => {
      const releases = this.#releases.get(id) ?? [];
      releases.push(resolve);
      this.#releases.set(id, releases);
    });
  }

  release(id: PeerId): void {
    for (const release of this.#releases.get(id) ?? []) release();
    this.#releases.delete(id);
  }
}

function answerWords(room: Room): void {
  const quietly = (sent: Promise<void>) => void sent.catch(() => {});
  room.handle(conformance.echo, (body, from) => quietly(room.send(from, conformance.echoed, body)));
  room.handle(conformance["echo-lossy"], (body, from) => quietly(room.send(from, conformance["echoed-lossy"], body)));
  room.handle(conformance.ask, (body) => body);
  room.handle(conformance.add, ({ a, b }) => a + b);
  room.handle(conformance.fail, (body) => {
    throw new Error(`nobody outside is to read this: ${JSON.stringify(body)}`);
  });
  room.handle(conformance.wait, (body, from, { signal }) => {
    signal.addEventListener("abort", () => quietly(room.send(from, conformance.cancelled, body)), { once: true });
    return new Promise<never>(() => {});
  });
}
