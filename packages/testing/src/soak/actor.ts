import type { ByteStream, Peer, Room } from "@skein/client";
import type { SimAgent } from "../world/sim-agent.js";
import type { World } from "../world/world.js";
import type { Ledger } from "./core/ledger.js";
import type { Action, SoakLane } from "./core/scenario.js";
import { type Parcel, soak } from "./protocol.js";

/** Where an actor reports. */
export interface ActorWorld {
  readonly world: World;
  readonly ledger: Ledger;
  /** An invariant is broken. */
  broken(what: string): void;
}

/** One run of an agent's program in its room: it sends, handles, and keeps the ledger. */
export class Actor {
  readonly name: string;
  readonly agent: SimAgent;
  readonly #room: Room;
  readonly #world: ActorWorld;
  /** Which conversation with each peer it is, as the room told. */
  readonly #stretches = new Map<string, number>();
  #handlerMs = 0;
  /** Requests and streams that haven't ended. */
  #open = 0;

  constructor(agent: SimAgent, room: Room, run: number, world: ActorWorld) {
    this.name = `${agent.name}#${run}`;
    this.agent = agent;
    this.#room = room;
    this.#world = world;
    room.on("peer-joined", ({ id }) => this.#nextStretch(id));
    room.on("peer-left", ({ peer }) => this.#nextStretch(peer.id));
    room.on("peer-disconnected", ({ peer, reason }) => this.#handleLost(peer, reason));
    for (const lane of ["control", "default", "bulk", "lossy"] as const) {
      room.handle(soak[lane], (parcel: Parcel) => this.#handle(parcel));
    }
    room.handle(soak.double, async (amount) => {
      await this.#pause(amount % 10_000);
      return 2 * amount;
    });
    room.handleStream("soak", (stream) => void this.#read(stream));
    room.on("trouble", ({ code, message }) => this.#world.broken(`${this.name} has trouble: ${code} (${message})`));
  }

  get room(): Room {
    return this.#room;
  }

  /** Requests and streams that haven't ended. */
  get open(): number {
    return this.#open;
  }

  /** What it waits before it is done with a message. */
  set handlerMs(ms: number) {
    this.#handlerMs = ms;
  }

  stretchWith(id: string): number {
    return this.#stretches.get(id) ?? 0;
  }

  /** Sends messages as fast as it may. */
  async send(
    to: SimAgent,
    { lane, count, bytes }: Omit<Extract<Action, { type: "send" }>, "type" | "from" | "to">,
  ): Promise<void> {
    const filling = new Uint8Array(bytes);
    for (let i = 0; i < count; i++) {
      if (!this.#room.peers.has(to.id)) return;
      await this.#sendOne(to, lane, filling);
    }
  }

  /** Asks, and holds the answer against the question. */
  async ask(to: SimAgent, { count, answerMs }: { count: number; answerMs: number }): Promise<void> {
    await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const amount = 10_000 * (i + 1) + answerMs;
        await this.#counted(async () => {
          const answer = await this.#room.request(to.id, soak.double, amount, { timeoutMs: 20_000 });
          if (answer !== 2 * amount) this.#world.broken(`${this.name} asked for twice ${amount}, and got ${answer}`);
        });
      }),
    );
  }

  /** Sends bytes over a stream, and reads as many back. */
  async stream(to: SimAgent, bytes: number): Promise<void> {
    await this.#counted(async () => {
      const stream = await this.#room.stream(to.id, { name: "soak" });
      const writer = stream.writable.getWriter();
      const chunk = 16_384;
      for (let at = 0; at < bytes; at += chunk) {
        await this.#pause(turnMs);
        await writer.write(patternOf(at, Math.min(chunk, bytes - at)));
      }
      await this.#pause(turnMs);
      await writer.close();
      let echoed = 0;
      for await (const piece of this.#pieces(stream)) {
        for (const word of piece) echoed = (echoed * 256 + word) % 2 ** 32;
      }
      if (echoed !== bytes) this.#world.broken(`${this.name} streamed ${bytes} bytes, and ${echoed} came`);
    });
  }

  async #sendOne(to: SimAgent, lane: SoakLane, filling: Uint8Array): Promise<void> {
    const { ledger } = this.#world;
    const stamp = ledger.stamp(this.name, to.id, this.stretchWith(to.id), lane);
    try {
      await this.#room.send(to.id, soak[lane], { ...stamp, filling });
    } catch {
      ledger.refuse(to.id, stamp);
    }
  }

  #handle(parcel: Parcel): Promise<void> | undefined {
    const problem = this.#world.ledger.arrive(this.name, this.agent.id, parcel);
    if (problem !== undefined) this.#world.broken(problem);
    return this.#handlerMs > 0 ? this.#pause(this.#handlerMs) : undefined;
  }

  /** Answers with how many bytes came, in four of its own. */
  async #read(stream: ByteStream): Promise<void> {
    try {
      let bytes = 0;
      for await (const piece of this.#pieces(stream)) {
        if (piece.some((byte, i) => byte !== ((bytes + i) & 0xff)))
          this.#world.broken(`${this.name} read a stream out of order`);
        bytes += piece.length;
      }
      const writer = stream.writable.getWriter();
      const count = new Uint8Array(4);
      new DataView(count.buffer).setUint32(0, bytes);
      await writer.write(count);
      await writer.close();
    } catch {
      // The link was lost: the other side is told as well.
    }
  }

  /** What comes over a stream, each piece in a moment of its own. */
  async *#pieces({ readable }: ByteStream): AsyncIterable<Uint8Array> {
    const reader = readable.getReader();
    for (;;) {
      await this.#pause(turnMs);
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  }

  async #counted(work: () => Promise<void>): Promise<void> {
    this.#open++;
    try {
      await work();
    } catch {
      // A link that is lost, a peer that is gone, or time that ran out.
    } finally {
      this.#open--;
    }
  }

  #pause(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => void this.agent.clock.after(ms, resolve));
  }

  #handleLost({ id }: Peer, reason: string): void {
    if (!isHonestEnd(reason)) this.#world.broken(`${this.name} lost a link between honest peers: ${reason}`);
    const told = /(\d+) messages? (?:was|were) never acknowledged/.exec(reason)?.[1];
    if (told !== undefined) {
      const problem = this.#world.ledger.end(this.name, id, this.stretchWith(id), Number(told));
      if (problem !== undefined) this.#world.broken(problem);
    }
    this.#nextStretch(id);
  }

  #nextStretch(id: string): void {
    this.#stretches.set(id, this.stretchWith(id) + 1);
  }
}

/** Between two uses of a stream, so that others come in between. */
const turnMs = 1;

/** Why a link may end where nobody breaks a rule: its peer is gone or starts again, or nothing passed for a minute. */
function isHonestEnd(reason: string): boolean {
  return /forgot it|no path for|^(The link ended: )?lost|left|replaced|vanished/.test(reason);
}

function patternOf(offset: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (offset + i) & 0xff);
}
