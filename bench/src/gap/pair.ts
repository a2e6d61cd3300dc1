import { defineProtocol, joinRoom, message, type Peer, platformEngine, type Room } from "@skein/client";
import { type RelayFallbackOptions, relayFallback } from "@skein/relay-fallback";
import { cuttable, ToldNetwork, type Wire } from "./cuttable-engine.ts";

const protocol = defineProtocol("skein.gap", "1.0.0", { tick: message((value) => value as number) });
const tickMs = 5;
const settleMs = 300;

/** Two rooms of this process on one wire. */
export class GapPair implements AsyncDisposable {
  readonly wire: Wire = { isCut: false, isBlocked: false };
  readonly network = new ToldNetwork();
  readonly #rooms: readonly [Room, Room];

  private constructor(rooms: readonly [Room, Room]) {
    this.#rooms = rooms;
  }

  static async open(url: string, room: string, options: RelayFallbackOptions, isBlocked = false): Promise<GapPair> {
    const own = await platformEngine();
    const wire: Wire = { isCut: false, isBlocked };
    const network = new ToldNetwork();
    const join = () =>
      joinRoom({
        server: url,
        room,
        protocols: [protocol],
        engine: cuttable(own, wire),
        network,
        paths: [relayFallback(options)],
      });
    const pair = new GapPair([await join(), await join()]);
    return Object.assign(pair, { wire, network });
  }

  /** From seeing the peer to the link, in milliseconds. */
  async openMs(): Promise<number> {
    const peer = await connected(this.#rooms[0]);
    return peer.openMs ?? Number.NaN;
  }

  /** From seeing the peer to its first message, in milliseconds. The rooms learn of each other in the same moment. */
  static async firstMessageMs(url: string, room: string): Promise<number> {
    const engine = await platformEngine();
    const join = () =>
      joinRoom({ server: url, room, protocols: [protocol], engine, paths: [relayFallback({ policy: "first" })] });
    const there = await join();
    there.on("peer-connected", (peer) => void there.send(peer, protocol.tick, 0));
    const comes = await join();
    const first = new Promise<number>((resolve) => {
      const seen = new Promise<number>((met) => {
        comes.on("peer-joined", () => met(performance.now()));
      });
      comes.handle(protocol.tick, () => {
        const heardMs = performance.now();
        void seen.then((seenMs) => resolve(heardMs - seenMs));
      });
    });
    const elapsedMs = await first;
    await Promise.all([there.leave(), comes.leave()]);
    return elapsedMs;
  }

  /** From the cut to the first message that was sent behind it: all before it came as well, in order. */
  async gapMs(cut: (pair: GapPair) => void): Promise<number> {
    const [sender, receiver] = this.#rooms;
    const peer = await connected(sender);
    await until(sender, () => peer.path === "direct");
    let due = 0;
    let heard = (_number: number) => {};
    receiver.handle(protocol.tick, (number) => {
      if (number !== due) throw new Error(`Number ${number} came where ${due} was due.`);
      due++;
      heard(number);
    });
    let number = 0;
    const ticking = setInterval(() => void sender.send(peer, protocol.tick, number++).catch(() => {}), tickMs);
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const cutMs = performance.now();
    cut(this);
    const firstBehind = number;
    const gapMs = await new Promise<number>((resolve) => {
      heard = (came) => {
        if (came >= firstBehind) resolve(performance.now() - cutMs);
      };
    });
    clearInterval(ticking);
    return gapMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#rooms.map((room) => room.leave()));
  }
}

function connected(room: Room): Promise<Peer> {
  const [there] = room.peers.values();
  if (there?.state === "connected") return Promise.resolve(there);
  return new Promise((resolve) => {
    room.on("peer-connected", resolve);
  });
}

/** Looks again at each change of a path. */
function until(room: Room, isSo: () => boolean): Promise<void> {
  if (isSo()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = room.on("path-changed", () => {
      if (!isSo()) return;
      stop();
      resolve();
    });
  });
}
