import type { SignedCard } from "@skein/protocol";
import { compact, expand } from "./compact.js";
import type { NodeId } from "./nodes-message.js";

/** Which node of the server has a peer. */
export type Holder =
  /** This one. The peer is away where its place has no connection. */
  | { readonly at: "here" }
  | { readonly at: "node"; readonly node: NodeId; readonly away: boolean }
  /** None for now: its node has ended, or it is moving. `away`: as which it was told. */
  | { readonly at: "nowhere"; readonly away: boolean };

export const here: Holder = { at: "here" };

/** A peer's place in a room. */
export interface Place<Connection> {
  readonly room: Room<Connection>;
  /** The peer's 32 bytes as a string of as many characters: what forwards are looked up by. */
  readonly key: string;
  /** The same as bytes, once the peer has sent anything: those that don't shall cost little. */
  readonly id: Uint8Array | undefined;
  /** Of the join: whoever comes back with the same has come back, with another has started again. */
  readonly box: string;
  /** The newest card's signature and bytes, behind each other. */
  readonly signed: string;
  readonly n: number;
  /** Whoever sits here. Undefined while the peer is away or with another node, and for good once the place is given up. */
  readonly connection: Connection | undefined;
  readonly holder: Holder;
  /** Of the latest join or return that is known. */
  readonly stamp: number;
}

export interface Room<Connection> {
  readonly name: string;
  readonly places: Map<string, MutablePlace<Connection>>;
  /** How many of them this node has. */
  here: number;
}

export type MutablePlace<Connection> = { -readonly [Field in keyof Place<Connection>]: Place<Connection>[Field] };

export function isAway({ holder, connection }: Place<unknown>): boolean {
  return holder.at === "here" ? connection === undefined : holder.away;
}

export function idOf(place: MutablePlace<unknown>): Uint8Array {
  place.id ??= expand(place.key);
  return place.id;
}

const signatureBytes = 64;

export function compactCard({ b, s }: SignedCard): string {
  return compact(s) + compact(b);
}

/** The newest card of whoever sits here. */
export function cardOf({ signed }: Pick<Place<unknown>, "signed">): SignedCard {
  return { b: expand(signed.slice(signatureBytes)), s: expand(signed.slice(0, signatureBytes)) };
}
