import type { Room } from "@skein/client";
import { electionProtocol, locksProtocol, votesProtocol } from "@skein/coordination";
import { concatBytes, digestOf, type PeerId, peerKeyOf } from "@skein/protocol";
import type { SeededRandom } from "../core/seeded-random.js";
import type { SimAgent } from "../world/sim-agent.js";

interface Signed {
  readonly b: Uint8Array;
  readonly s: Uint8Array;
}

const topic = "leader";
const bestRank = { score: 99, startedMs: 0, term: 0, ask: false } as const;

/**
 * One who is asked in votes, and belongs to no quorum: claims to lead, in terms of now and of the far future, by no votes and by forged
 * ones; votes for others, twice, and on what nobody proposed; and says again what it overheard.
 */
export class Liar {
  readonly #agent: SimAgent;
  readonly #random: SeededRandom;
  #room: Room | undefined;
  /** The digest of who the members are, as it heard it. */
  #members: Uint8Array | undefined;
  #term = 0;
  /** What leaders said, word for word. */
  readonly #leads: object[] = [];
  readonly #asked: { readonly signed: Signed; readonly from: PeerId }[] = [];

  constructor(agent: SimAgent, random: SeededRandom) {
    this.#agent = agent;
    this.#random = random;
  }

  /** The program. */
  start(): void {
    const { room } = this.#agent;
    this.#room = room;
    room.handle(electionProtocol.word, (word) => {
      this.#term = Math.max(this.#term, word.term);
      if (word.t === "hello") this.#members = word.members;
      if (word.t === "lead") this.#leads.push({ ...word, votes: undefined });
    });
    room.handle(votesProtocol.propose, (signed, from) => {
      this.#asked.push({ signed, from: from.id });
    });
    for (const heard of [votesProtocol.ballot, votesProtocol.pass, votesProtocol.outcome] as const) {
      room.handle(heard as typeof votesProtocol.pass, () => {});
    }
    for (const heard of [locksProtocol.holder, locksProtocol.leader] as const) {
      room.handle(heard as typeof locksProtocol.leader, () => {});
    }
    this.#goOn();
  }

  get #others(): readonly PeerId[] {
    return [...(this.#room?.peers.keys() ?? [])];
  }

  #goOn(): void {
    this.#agent.clock.after(this.#random.between(200, 1_200), () => {
      if (!this.#agent.isIn) return;
      this.#goOn();
      const lies = [this.#hello, this.#lead, this.#answer, this.#grant, this.#double, this.#forge, this.#propose];
      void this.#random.pick(lies).call(this);
    });
  }

  /** Of the best rank; as a candidate where there are members, since without them that is no lie. */
  #hello(): void {
    const candidate = this.#members !== undefined;
    const members = candidate && this.#random.chance(0.8) ? { members: this.#members } : {};
    this.#say({ t: "hello", ...bestRank, candidate, ...members });
  }

  #lead(): void {
    const term = this.#random.pick([this.#term, this.#term + 1, this.#term + 2 ** 33]);
    const signature = this.#random.bytes(64);
    const votes = this.#others.map((id) => ({ voter: peerKeyOf(id), signature }));
    const replayed = this.#leads.at(-1) ?? {};
    const lead = { t: "lead", term, beat: 1, ...(this.#random.chance(0.7) ? { votes } : {}) };
    this.#say(this.#random.chance(0.2) ? replayed : lead);
  }

  #answer(): void {
    this.#say({ t: "answer", term: this.#term, yes: true, signature: this.#random.bytes(64) });
  }

  /** Nobody leads here who could grant that. */
  #grant(): void {
    const token = `${"9".repeat(16)}.${this.#agent.id}.${"9".repeat(16)}`;
    const common = { topic, lock: "index", claim: Math.floor(this.#agent.clock.wallMs()) + this.#random.below(5) };
    for (const id of this.#others) {
      this.#send(id, locksProtocol.leader, { t: "granted", n: 1, token, ...common });
      this.#send(id, locksProtocol.holder, { t: "renew", n: 1, token, leaseMs: 1_000, ...common });
    }
  }

  /** Yes and no, on the same proposal; to its proposer, and to others whom it is nothing to. */
  async #double(): Promise<void> {
    const asked = this.#asked.at(-1);
    if (asked === undefined) return;
    const proposal = digestOf(asked.signed.b);
    for (const choice of [0, 1]) {
      const s = await this.#agent.identity.sign("ballot", concatBytes(proposal, Uint8Array.of(choice)));
      for (const to of [asked.from, ...this.#others]) {
        this.#send(to, votesProtocol.ballot, { proposal, choice, s });
      }
    }
  }

  /** A ballot for an earlier proposal, or with no signature that holds. */
  async #forge(): Promise<void> {
    const [first, last] = [this.#asked[0], this.#asked.at(-1)];
    if (first === undefined || last === undefined) return;
    const proposal = digestOf(last.signed.b);
    const other = concatBytes(digestOf(first.signed.b), Uint8Array.of(1));
    const s = this.#random.chance(0.5) ? await this.#agent.identity.sign("ballot", other) : this.#random.bytes(64);
    this.#send(last.from, votesProtocol.ballot, { proposal, choice: 1, s });
  }

  /** Another's proposal, passed on; and one changed, under a signature that it can't have. */
  #propose(): void {
    const asked = this.#asked.at(-1);
    if (asked === undefined) return;
    const changed = Uint8Array.from(asked.signed.b);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    for (const id of this.#others) {
      this.#send(id, votesProtocol.propose, asked.signed);
      this.#send(id, votesProtocol.propose, { b: changed, s: asked.signed.s });
    }
  }

  #say(word: object): void {
    for (const id of this.#others) this.#send(id, electionProtocol.word, { topic, ...word });
  }

  /** What it says needn't be well formed: whether anyone takes it is for them to see. */
  #send(to: PeerId, definition: object, body: unknown): void {
    this.#room?.send(to, definition as Parameters<Room["send"]>[1], body).catch(() => {});
  }
}
