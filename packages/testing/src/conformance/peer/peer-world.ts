import { platformEngine } from "@skein/client";
import { type Card, type Hello, type PeerId, readCard, type SignedCard, SkeinError } from "@skein/protocol";
import { Skipped } from "../kit/check.js";
import { enterRoom } from "../kit/member.js";
import { Persona } from "../kit/persona.js";
import { ServerConnection } from "../kit/server-connection.js";
import { answerUntilOpen, type DirectOptions, type DirectWire, offerDirect } from "./direct-wire.js";
import { LinkEnd } from "./link-end.js";
import { RelayWire } from "./relay-wire.js";
import { Visit } from "./visit.js";
import type { Wire } from "./wire.js";

/** The peer that is held against the specification, and where visitors find it. */
export interface PeerUnderTest {
  /** The server that it sits at. */
  readonly url: string;
  readonly room: string;
  /** How long to wait for what must come, in milliseconds. */
  readonly timeoutMs: number;
  /** Which peer, where several in the room speak `skein.conformance`. */
  readonly peer?: PeerId | undefined;
  /** `direct`, `relay`: only this path is tried. `both` (default): the direct one, and the other where the peer relays. */
  readonly paths?: "both" | "direct" | "relay" | undefined;
  /** The room's, where it has one. */
  readonly secret?: string | undefined;
  readonly token?: string | undefined;
}

/** What is known of the peer before the checks begin. */
export interface Survey {
  readonly signed: SignedCard;
  readonly card: Card;
  /** Whether it answers over the relay; undefined where that wasn't to be tried. */
  readonly relays: boolean | undefined;
  /** What it said on the first path that opened. */
  readonly hello: Hello | undefined;
}

/** A link to the peer, and what it runs on. */
export interface Linked<Path extends Wire = Wire> {
  readonly visit: Visit;
  readonly wire: Path;
  readonly end: LinkEnd;
  readonly hello: Hello;
}

/** What one check has of a peer: visitors to its room that nobody has met before. */
export class PeerWorld {
  readonly under: PeerUnderTest;
  readonly survey: Survey;
  readonly #connections: ServerConnection[] = [];
  readonly #wires: Wire[] = [];

  constructor(under: PeerUnderTest, survey: Survey) {
    this.under = under;
    this.survey = survey;
  }

  /** Comes into the room, as one whose id lies above the peer's or below. */
  async visit(where: "above" | "below" = "above"): Promise<Visit> {
    const { card } = this.survey;
    const member = await visitRoom(this.under, Persona.beside(card.id, where), this.#connections);
    return new Visit(member, card, this.under.timeoutMs, this.under.secret);
  }

  /** @throws {Skipped} where the peer relays nothing */
  mustRelay(): void {
    if (this.survey.relays === undefined) throw new Skipped("only the direct path is to be tested");
    if (!this.survey.relays) throw new Skipped("the peer answers nothing on the relay path");
  }

  /** @throws {Skipped} where the direct path isn't to be tested */
  mustDial(): void {
    if (this.under.paths === "relay") throw new Skipped("only the relay path is to be tested");
  }

  /** @throws {Skipped} where the peer lacks something that it may lack */
  mustHave(feature: "streams" | "lossy"): void {
    if (this.survey.hello?.features.includes(feature) === false)
      throw new Skipped(`the peer's HELLO lists no \`${feature}\` among its features`);
  }

  /** @throws {Skipped} where the peer's card doesn't say that it can */
  mustBeAble(capability: string): void {
    if (!this.survey.card.caps.includes(capability))
      throw new Skipped(`the peer's card lists no \`${capability}\` among its caps`);
  }

  relay(visit: Visit): RelayWire {
    this.mustRelay();
    return this.#keep(new RelayWire(visit));
  }

  /** A direct path: the side that is preferred offers. @throws {Unmet} */
  async direct(visit: Visit, more: Partial<DirectOptions> = {}): Promise<DirectWire> {
    this.mustDial();
    const options = { ...(await this.dialing()), ...more };
    if (this.survey.card.kind !== "browser" && visit.id > visit.peer.id)
      return this.#keep(await offerDirect(visit, options));
    return this.#keep(await answerUntilOpen(visit, options));
  }

  async dialing(): Promise<DirectOptions> {
    return { engine: await platformEngine(), timeoutMs: this.under.timeoutMs };
  }

  /** A link over the path that costs least. @throws {Unmet} */
  async link(hello: Partial<Hello> = {}, prepare: (end: LinkEnd) => void = () => {}): Promise<Linked> {
    const visit = await this.visit();
    const wire = await this.open(visit);
    const end = this.end();
    prepare(end);
    return { visit, wire, end, hello: await end.greet(wire, hello) };
  }

  /** A link over the relay. @throws {Unmet} @throws {Skipped} */
  async relayLink(): Promise<Linked<RelayWire>> {
    const visit = await this.visit();
    const wire = this.relay(visit);
    const end = this.end();
    return { visit, wire, end, hello: await end.greet(wire) };
  }

  /** A link over a direct path. @throws {Unmet} @throws {Skipped} */
  async directLink(where: "above" | "below" = "above", more: Partial<DirectOptions> = {}): Promise<Linked<DirectWire>> {
    this.mustDial();
    const visit = await this.visit(where);
    const wire = await this.direct(visit, more);
    const end = this.end();
    return { visit, wire, end, hello: await end.greet(wire) };
  }

  /** Another path of the kind that the checks run on; an earlier one dies of it. */
  async open(visit: Visit, before?: Wire): Promise<Wire> {
    before?.close();
    return this.survey.relays === true ? this.relay(visit) : this.direct(visit);
  }

  end(): LinkEnd {
    return new LinkEnd(this.under.timeoutMs);
  }

  async close(): Promise<void> {
    for (const wire of this.#wires) wire.close();
    // They leave, so that the peer needn't wait for them.
    for (const connection of this.#connections) {
      if (connection.socket.readyState === connection.socket.OPEN) connection.say({ t: "leave" });
    }
  }

  #keep<Path extends Wire>(wire: Path): Path {
    this.#wires.push(wire);
    return wire;
  }
}

async function visitRoom(under: PeerUnderTest, persona: Persona, keep: ServerConnection[]) {
  const { url, room, token, timeoutMs } = under;
  const connection = new ServerConnection(url, timeoutMs);
  keep.push(connection);
  const card = await persona.card({ caps: ["skein.conformance/visitor"] });
  return enterRoom({ persona, connection, room, token, card });
}

/**
 * Finds the peer in its room, and what it can do.
 * @throws {SkeinError} `no-such-peer`
 */
export async function surveyPeer(of: PeerUnderTest): Promise<Survey> {
  // What isn't found here is skipped: better to wait for it.
  const under = { ...of, timeoutMs: Math.max(of.timeoutMs, surveyLeastMs) };
  const signed = await findPeer(under, of.timeoutMs);
  const read = readCard(signed);
  if (!read.ok) throw new SkeinError("no-such-peer", `The peer's card can't be read: ${read.reason}.`);
  const card = read.value;
  const tried = under.paths === "direct" ? undefined : await helloOver(under, { signed, card }, "relay");
  const relays = under.paths === "direct" ? undefined : tried !== undefined;
  const hello = tried ?? (under.paths === "relay" ? undefined : await helloOver(under, { signed, card }, "direct"));
  return { signed, card, relays, hello };
}

async function helloOver(under: PeerUnderTest, of: Pick<Survey, "signed" | "card">, kind: Wire["kind"]) {
  const world = new PeerWorld(under, { ...of, relays: kind === "relay", hello: undefined });
  try {
    const { hello } = await (kind === "relay" ? world.relayLink() : world.directLink());
    return hello;
  } catch {
    return undefined;
  } finally {
    await world.close();
  }
}

const surveyLeastMs = 10_000;

/** @param waitMs how long the peer may take to come, where it isn't there. */
async function findPeer(under: PeerUnderTest, waitMs: number): Promise<SignedCard> {
  const connections: ServerConnection[] = [];
  try {
    const { roster, connection } = await visitRoom(under, new Persona(), connections);
    const there = roster.filter((card) => isUnderTest(card, under.peer));
    if (there.length > 1) throw new SkeinError("bad-argument", severalText);
    return there[0] ?? (await connection.next("peer-joined", ({ card }) => isUnderTest(card, under.peer), waitMs)).card;
  } catch (error) {
    if (SkeinError.is(error)) throw error;
    const text = `No peer that speaks \`skein.conformance\` was found in room "${under.room}": start it first (${messageOf(error)}).`;
    throw new SkeinError("no-such-peer", text);
  } finally {
    for (const connection of connections) connection.cut();
  }
}

const severalText = "Several peers in the room speak `skein.conformance`: say which one is to be tested, by its id.";

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isUnderTest(signed: SignedCard, peer: PeerId | undefined): boolean {
  const card = readCard(signed);
  if (!card.ok) return false;
  return peer === undefined ? card.value.protocols["skein.conformance"] !== undefined : card.value.id === peer;
}
