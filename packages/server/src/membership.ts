import { type ClientMessage, type ErrorCode, nonceBytes, type SignedCard } from "@skein/protocol";
import { type Admission, admit, checkCard, type Refusal, renew } from "./admission.js";
import type { Pacer } from "./core/pacer.js";
import { cardOf, type Hub, type Loss, type Place } from "./core/rooms.js";
import type { Share } from "./core/shares.js";
import { startTenure, type Tenure, tenureDeadline, wakeTenure } from "./core/tenure.js";
import { type EntryWorld, enter, full } from "./entry.js";
import type { Grant } from "./grant.js";
import type { Limiter } from "./limiter.js";
import type { Speaker, SpeakerWorld } from "./speaker.js";
import type { IceDesk } from "./turn/ice-desk.js";
import type { Turnstiles } from "./turnstile.js";

/** What a membership has of its server. */
export interface MembershipWorld<Connection> extends SpeakerWorld, EntryWorld {
  readonly hub: Hub<Connection>;
  /** Where clients get their ICE servers. */
  readonly ice: IceDesk<Connection>;
  /** Through which joins go to have their signatures looked at. */
  readonly turnstiles: Turnstiles;
  /** What spreads the answers of a crowd that comes at once. */
  readonly pacer: Pacer;
  /** The connection is in a room, and has no longer to hurry. */
  joined(connection: Connection): void;
  /** When the connection's token wants to be looked at; undefined: never. */
  schedule(connection: Connection, atMs: number | undefined): void;
  /** A place was lost or given up: the hub's deadline may have changed. */
  rearm(): void;
}

type Join = Extract<ClientMessage, { t: "join" }>;

type State<Connection> =
  | { readonly phase: "challenged"; readonly nonce: Uint8Array }
  /** The client has begun to answer. */
  | { readonly phase: "answering"; readonly nonce: Uint8Array }
  | { readonly phase: "joined"; readonly place: Place<Connection> }
  | { readonly phase: "ended" };

const ended = { phase: "ended" } as const;
const everything: Grant = {};

/** One connection's way into a room and out of it: challenged, then joined for as long as its token allows, then ended. */
export class Membership<Connection extends { readonly number: number }> {
  readonly #connection: Connection;
  readonly #address: Share | undefined;
  readonly #speaker: Speaker;
  readonly #limiter: Limiter;
  readonly #world: MembershipWorld<Connection>;
  #state: State<Connection>;
  /** What its end says of the client. */
  #loss: Loss = "closed";
  #grant = everything;
  #tenure: Tenure | undefined;

  /** @param address what it shares with others that come from there. */
  constructor(
    connection: Connection,
    speaker: Speaker,
    limiter: Limiter,
    world: MembershipWorld<Connection>,
    address: Share | undefined,
  ) {
    const { settings } = world;
    this.#connection = connection;
    this.#address = address;
    this.#speaker = speaker;
    this.#limiter = limiter;
    this.#world = world;
    const nonce = Uint8Array.from(settings.random(nonceBytes));
    this.#state = { phase: "challenged", nonce };
    speaker.say({
      t: "challenge",
      nonce,
      server: "skein",
      versions: [1],
      limits: { packetBytes: settings.limits.packetBytes, graceMs: settings.graceMs },
    });
  }

  get isEnded(): boolean {
    return this.#state.phase === "ended";
  }

  /** What the client sits in, while it does. */
  get place(): Place<Connection> | undefined {
    return this.#state.phase === "joined" ? this.#state.place : undefined;
  }

  get mayRelay(): boolean {
    return this.#grant.mayRelay !== false;
  }

  /**
   * How long the client's first words have to wait for those of others, who came together with it; to be asked before it is listened to, and 0
   * from then on.
   */
  answer(nowMs: number): number {
    if (this.#state.phase !== "challenged") return 0;
    this.#state = { phase: "answering", nonce: this.#state.nonce };
    const waitMs = Math.max(this.#world.pacer.waitMs(nowMs), this.#address?.paceMs(nowMs) ?? 0);
    // Whoever answered in time must not run out of it for others' sake.
    return Math.min(waitMs, this.#world.settings.joinTimeoutMs / 2);
  }

  /** Looks at a join, and lets it in or sends it away. Undefined where it comes too late. */
  join(join: Join): Promise<void> | undefined {
    return this.#state.phase === "answering" ? this.#join(join, this.#state.nonce) : undefined;
  }

  async announce(signed: SignedCard, place: Place<Connection>): Promise<void> {
    const card = await checkCard(signed, this.#world.settings);
    if (this.#state.phase !== "joined") return;
    if (!card.ok) return this.#limiter.strike(card.code, `the card can't be accepted: ${card.reason}`);
    switch (this.#world.hub.announce(place, this.#connection, card.value, signed)) {
      case "announced":
        return;
      case "another-peer":
        return this.#limiter.strike("out-of-place", "the card is of another peer, or of another join");
      case "stale": {
        // No fault of the client's: a card may cross the one that went with its return.
        this.#speaker.drop("stale");
        const message = "The card was passed over: its `n` is no higher than the last one's.";
        return this.#speaker.complain("bad-message", message);
      }
    }
  }

  /** A token in mid-session. One that is no good leaves the client with the one it has. */
  async renew(token: string, place: Place<Connection>): Promise<void> {
    const { settings, log } = this.#world;
    const renewal = await renew(place.room.name, cardOf(place), token, settings, log);
    if (this.#state.phase !== "joined") return;
    if (renewal.admitted) {
      this.#takeGrant(renewal.grant, settings.clock.nowMs());
      const ice = this.#world.ice.regrant(this.#connection, renewal.grant);
      if (ice !== undefined) this.#speaker.say({ t: "ice", ice: [...ice] });
      return;
    }
    this.#speaker.drop(renewal.drop);
    this.#speaker.complain(renewal.code, renewal.message, renewal.retryAfterMs);
  }

  /** The token's time has come, or is about to. */
  wakeTenure(nowMs: number): void {
    if (this.#tenure === undefined || this.isEnded) return;
    const { tenure, effects } = wakeTenure(this.#tenure, nowMs);
    this.#keepTenure(tenure);
    for (const effect of effects) {
      if (effect.type === "warn") this.#speaker.say({ t: "expiring", after: Math.ceil(effect.leftMs) });
      else this.#expireToken();
    }
  }

  /** From now on its end says that the client stopped answering. */
  noteSilent(): void {
    this.#loss = "silent";
  }

  /** Gives the place up for good. */
  giveUp(): void {
    const { place } = this;
    this.#state = ended;
    if (place !== undefined) this.#world.hub.leave(place, this.#connection);
  }

  /** Leaves the place to whoever comes back to it in time. */
  detach(): void {
    const { hub, settings } = this.#world;
    const { place } = this;
    this.#state = ended;
    if (place === undefined) return;
    hub.lose(place, this.#connection, settings.clock.nowMs(), this.#loss);
    this.#world.rearm();
  }

  /** Ends without a word to the hub, which has given the place away, or ends itself. */
  forsake(): void {
    this.#state = ended;
  }

  /** Tells the client why, and ends the connection. The place it may have is kept as if the socket had been lost. */
  end(code: ErrorCode, message: string, retryAfterMs?: number): void {
    if (this.isEnded) return;
    this.detach();
    this.#speaker.dismiss(code, message, retryAfterMs);
  }

  /** Ends the connection, and gives its place up at once: it isn't to come back by itself. */
  dismiss(code: ErrorCode, message: string, retryAfterMs?: number): void {
    this.giveUp();
    this.#speaker.dismiss(code, message, retryAfterMs);
  }

  async #join(join: Join, nonce: Uint8Array): Promise<void> {
    const { settings, turnstiles, log } = this.#world;
    const inTurn = <Result>(work: () => Promise<Result>) => turnstiles.pass(this.#address, work);
    const admission = await admit(join, nonce, settings, inTurn, log);
    // Meanwhile the client may have gone, or its time run out.
    if (this.#state.phase !== "answering") return;
    const refusal = admission.admitted ? this.#takePlace(join, admission) : admission;
    if (refusal !== undefined) this.#refuse(refusal);
  }

  #takePlace(
    { room, card: signed }: Join,
    { card, grant }: Extract<Admission, { admitted: true }>,
  ): Refusal | undefined {
    const { hub, settings, counters, log } = this.#world;
    const connection = this.#connection;
    const nowMs = settings.clock.nowMs();
    const entry = enter({ room, peer: card.id, subject: grant.subject ?? card.id }, this.#world, nowMs);
    if ("admitted" in entry) return entry;
    this.#limiter.hold(...entry);
    const ice = this.#world.ice.handOut(connection, card.id, grant);
    const outcome = hub.join({ connection, room, card, signed, ice });
    if (!outcome.joined) return full(`The ${outcome.full} has no place left: try again later.`);
    this.#state = { phase: "joined", place: outcome.place };
    this.#limiter.forgive();
    this.#takeGrant(grant, nowMs);
    counters.joins++;
    this.#world.joined(connection);
    log({ type: "joined", connection: connection.number, peer: card.id });
    return undefined;
  }

  #refuse({ drop, code, message, retryAfterMs }: Refusal): void {
    this.#speaker.drop(drop);
    this.end(code, message, retryAfterMs);
  }

  #takeGrant(grant: Grant, nowMs: number): void {
    this.#grant = grant;
    this.#keepTenure(grant.expiresInMs === undefined ? undefined : startTenure(grant.expiresInMs, nowMs));
  }

  #keepTenure(tenure: Tenure | undefined): void {
    if (tenure === undefined && this.#tenure === undefined) return;
    this.#tenure = tenure;
    this.#world.schedule(this.#connection, tenure && tenureDeadline(tenure));
  }

  #expireToken(): void {
    this.#speaker.drop("expired");
    this.dismiss("expired", "The token's time is over: join again with a new one.");
  }
}
