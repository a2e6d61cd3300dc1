import type { Change, GoneReason, NodeId, NodesMessage, ReadClaim, RoomKey } from "./nodes-message.js";

type Of<Type extends NodesMessage["type"]> = Extract<NodesMessage<ReadClaim>, { type: Type }>;

/** A snapshot of which some parts are there. */
interface Gathering {
  readonly state: number;
  readonly parts: number;
  readonly claims: readonly ReadClaim[];
  readonly next: number;
}

/** Whom a node has in a room. */
interface Table {
  state: number;
  readonly claims: Map<string, ReadClaim>;
  gathering: Gathering | undefined;
  /** When it was asked for the last time. */
  askedMs: number;
}

/** Whose place may be another one now. */
export interface Touched {
  readonly key: string;
  /** Why the node has it no longer, where it hasn't. Undefined where the reason isn't known. */
  readonly gone: GoneReason | undefined;
}

/** What became of a message about a room: who is touched by it, or that it doesn't follow from what is known. */
export type Taken = { readonly fits: true; readonly touched: readonly Touched[] } | { readonly fits: false };

const nothing: Taken = { fits: true, touched: [] };
const gap: Taken = { fits: false };

/**
 * Another node, and whom it has in the rooms that are ours as well.
 *
 * Invariants:
 * 1. A table's claims are those that the node had at the table's state.
 * 2. A table's state never falls, whatever is repeated or comes late, until the room is forgotten.
 */
export class Neighbour {
  readonly node: NodeId;
  readonly #claimsMost: number;
  readonly #tables = new Map<RoomKey, Table>();
  heardMs: number;

  constructor(node: NodeId, claimsMost: number, nowMs: number) {
    this.node = node;
    this.#claimsMost = claimsMost;
    this.heardMs = nowMs;
  }

  claim(room: RoomKey, key: string): ReadClaim | undefined {
    return this.#tables.get(room)?.claims.get(key);
  }

  /** Whom it has in a room. */
  keys(room: RoomKey): string[] {
    return [...(this.#tables.get(room)?.claims.keys() ?? [])];
  }

  /** The room is no more ours. */
  forget(room: RoomKey): void {
    this.#tables.delete(room);
  }

  /** Whether as much is known of the room as the node says that there is. */
  isKnown(room: RoomKey, state: number): boolean {
    return (this.#tables.get(room)?.state ?? 0) >= state;
  }

  /** Whether it is to be asked for the room: not again while an answer may still be on its way. */
  mayAsk(room: RoomKey, nowMs: number, againMs: number): boolean {
    const table = this.#table(room);
    if (nowMs < table.askedMs + againMs) return false;
    table.askedMs = nowMs;
    return true;
  }

  /** The node had nobody in the room when it had come to this state. */
  clear(room: RoomKey, state: number): readonly Touched[] {
    const table = this.#tables.get(room);
    if (table === undefined || table.state > state) return [];
    const keys = [...table.claims.keys()];
    table.claims.clear();
    return keys.map((key) => ({ key, gone: undefined }));
  }

  change({ room, before, state, change }: Of<"change">): Taken {
    const table = this.#table(room);
    if (state <= table.state) return nothing;
    // A node that has begun with the room again, after it had left it.
    const isFresh = before === 0 && table.claims.size === 0;
    if (before !== table.state && !isFresh) return gap;
    table.state = state;
    return { fits: true, touched: this.#apply(table, change) };
  }

  snapshot(message: Of<"snapshot">): Taken {
    const table = this.#table(message.room);
    if (message.state <= table.state) return nothing;
    const claims = gather(table, message, this.#claimsMost);
    if (claims === undefined) return nothing;
    return { fits: true, touched: replace(table, message.state, claims) };
  }

  #apply(table: Table, change: Change<ReadClaim>): Touched[] {
    switch (change.type) {
      case "gone":
        table.claims.delete(change.key);
        return [{ key: change.key, gone: change.reason }];
      case "claim":
        return this.#put(table, change.claim);
      case "seat": {
        const claim = table.claims.get(change.key);
        return claim === undefined ? [] : this.#put(table, { ...claim, stamp: change.stamp, away: change.away });
      }
    }
  }

  #put({ claims }: Table, claim: ReadClaim): Touched[] {
    if (!claims.has(claim.key) && claims.size >= this.#claimsMost) return [];
    claims.set(claim.key, claim);
    return [{ key: claim.key, gone: undefined }];
  }

  #table(room: RoomKey): Table {
    const table = this.#tables.get(room);
    if (table !== undefined) return table;
    const fresh = { state: 0, claims: new Map(), gathering: undefined, askedMs: Number.NEGATIVE_INFINITY };
    this.#tables.set(room, fresh);
    return fresh;
  }
}

/** All of a snapshot's claims, once its last part is there. Parts come in their order, or are asked for again. */
function gather(table: Table, message: Of<"snapshot">, claimsMost: number): readonly ReadClaim[] | undefined {
  const { state, part, parts } = message;
  const begun = table.gathering;
  const follows = begun !== undefined && begun.state === state && begun.parts === parts && begun.next === part;
  if (part > 0 && !follows) return undefined;
  const claims = part === 0 ? message.claims : [...(begun?.claims ?? []), ...message.claims];
  const isWhole = part + 1 === parts;
  table.gathering = isWhole ? undefined : { state, parts, claims: claims.slice(0, claimsMost), next: part + 1 };
  return isWhole ? claims.slice(0, claimsMost) : undefined;
}

function replace(table: Table, state: number, claims: readonly ReadClaim[]): Touched[] {
  const gone = new Set(table.claims.keys());
  table.state = state;
  table.claims.clear();
  for (const claim of claims) {
    table.claims.set(claim.key, claim);
    gone.delete(claim.key);
  }
  const keys = [...gone, ...table.claims.keys()];
  return keys.map((key) => ({ key, gone: undefined }));
}
