import type { PeerId } from "@skein/protocol";
import { ChunkWindow } from "./chunk-window.js";
import type { DropReason, FetchCounts, FetchEffect, FetchEvent } from "./fetch-events.js";
import { type Holder, overtakings } from "./holders.js";

export const silentMs = 20_000;
type State =
  | { readonly phase: "listing"; readonly asked: { readonly holder: PeerId; readonly atMs: number } | undefined }
  /** The list is here; what the store has is looked through. */
  | { readonly phase: "looking" }
  | { readonly phase: "fetching" }
  | { readonly phase: "over" };

/**
 * Which chunk is asked of which holder.
 *
 * Invariants:
 * 1. A chunk is asked of one holder at a time; of a second only at the end, where the first is much slower ({@link FetchCounts.overtaken}).
 * 2. A chunk that came right is never asked for again.
 * 3. Whoever sends something wrong is dropped, and asked for nothing more in this fetch, also when it comes back.
 * 4. While there are holders, something is under way, or looked through; a holder that is silent is dropped in time.
 * 5. It ends: done, or failed where nobody has had it for `nobodyMs`.
 */
export class FetchPlan {
  readonly #nobodyMs: number;
  readonly #holders = new Map<PeerId, Holder>();
  readonly #liars = new Set<PeerId>();
  #state: State = { phase: "listing", asked: undefined };
  /** Not asked of anyone; in order. */
  #waiting: number[] = [];
  readonly #missing = new Set<number>();
  readonly #askedOnce = new Set<number>();
  #nobodySinceMs: number | undefined;
  #counts = { asked: 0, again: 0, overtaken: 0, late: 0 };
  #effects: FetchEffect[] = [];

  constructor(nobodyMs: number, nowMs: number) {
    this.#nobodyMs = nobodyMs;
    this.#nobodySinceMs = nowMs;
  }

  get counts(): FetchCounts {
    return this.#counts;
  }

  get missing(): number {
    return this.#missing.size;
  }

  /** Who is asked for chunks, or may be. */
  get holders(): readonly PeerId[] {
    return [...this.#holders.keys()];
  }

  /** Whether this chunk is still to come. */
  isMissing(index: number): boolean {
    return this.#missing.has(index);
  }

  /** Whether this holder was asked for this chunk, and hasn't answered. */
  isOpen(holder: PeerId, index: number): boolean {
    return this.#holders.get(holder)?.open.has(index) ?? false;
  }

  deadline(): { readonly atMs: number; readonly reason: string } | undefined {
    const state = this.#state;
    if (state.phase === "over" || state.phase === "looking") return undefined;
    if (this.#nobodySinceMs !== undefined)
      return { atMs: this.#nobodySinceMs + this.#nobodyMs, reason: "nobody has it" };
    if (state.phase === "listing") {
      return state.asked && { atMs: state.asked.atMs + silentMs, reason: "no list comes" };
    }
    const silences = [...this.#holders.values()].flatMap(({ open, heardMs }) =>
      open.size > 0 ? [heardMs + silentMs] : [],
    );
    const overtaking = this.#overtakings().map(({ atMs }) => atMs);
    const atMs = Math.min(...silences, ...overtaking);
    return atMs === Number.POSITIVE_INFINITY ? undefined : { atMs, reason: "a holder is slow, or silent" };
  }

  handle(event: FetchEvent, nowMs: number): readonly FetchEffect[] {
    this.#effects = [];
    if (this.#state.phase !== "over") this.#step(event, nowMs);
    return this.#effects;
  }

  #step(event: FetchEvent, nowMs: number): void {
    switch (event.type) {
      case "holder":
        return this.#meet(event.holder, nowMs);
      case "lost":
        this.#remove(event.holder, nowMs);
        return this.#goOn(nowMs);
      case "lacks":
        return this.#drop(event.holder, "lacks", nowMs);
      case "list":
        return this.#takeList(event, nowMs);
      case "begin":
        return this.#begin(event, nowMs);
      case "chunk":
        return this.#takeChunk(event, nowMs);
      case "woke":
        return this.#wake(nowMs);
    }
  }

  #meet(holder: PeerId, nowMs: number): void {
    if (this.#holders.has(holder) || this.#liars.has(holder)) return;
    this.#holders.set(holder, { window: new ChunkWindow(), open: new Map(), heardMs: nowMs });
    this.#nobodySinceMs = undefined;
    this.#goOn(nowMs);
  }

  #remove(id: PeerId, nowMs: number): void {
    const holder = this.#holders.get(id);
    if (holder === undefined) return;
    this.#holders.delete(id);
    for (const index of holder.open.keys()) this.#putBack(index);
    if (this.#state.phase === "listing" && this.#state.asked?.holder === id)
      this.#state = { phase: "listing", asked: undefined };
    if (this.#holders.size === 0) this.#nobodySinceMs = nowMs;
  }

  #drop(holder: PeerId, reason: DropReason, nowMs: number): void {
    if (!this.#holders.has(holder)) return;
    this.#remove(holder, nowMs);
    this.#effects.push({ type: "drop", holder, reason });
    this.#goOn(nowMs);
  }

  /** Also where it is lost already, or dropped: it may come back. */
  #condemn(id: PeerId, nowMs: number): void {
    this.#liars.add(id);
    this.#drop(id, "lied", nowMs);
  }

  /** It is nobody's again; the first that is asked for. */
  #putBack(index: number): void {
    const isElsewhere = [...this.#holders.values()].some(({ open }) => open.has(index));
    if (this.#missing.has(index) && !isElsewhere) this.#waiting.push(index);
  }

  #takeList({ holder, is }: Extract<FetchEvent, { type: "list" }>, nowMs: number): void {
    if (is === "wrong") return this.#condemn(holder, nowMs);
    if (this.#state.phase !== "listing" || this.#state.asked?.holder !== holder) return;
    this.#state = { phase: "looking" };
  }

  #begin({ missing }: Extract<FetchEvent, { type: "begin" }>, nowMs: number): void {
    if (this.#state.phase !== "looking") return;
    this.#state = { phase: "fetching" };
    // They are taken from the end.
    this.#waiting = [...missing].reverse();
    for (const index of missing) this.#missing.add(index);
    if (this.#holders.size === 0) this.#nobodySinceMs = nowMs;
    this.#goOn(nowMs);
  }

  #takeChunk({ holder: id, index, is }: Extract<FetchEvent, { type: "chunk" }>, nowMs: number): void {
    if (is === "wrong") return this.#condemn(id, nowMs);
    const holder = this.#holders.get(id);
    const askedMs = holder?.open.get(index);
    if (holder !== undefined && askedMs !== undefined) {
      holder.window.answer(askedMs, nowMs);
      holder.open.delete(index);
      holder.heardMs = nowMs;
    }
    // What isn't asked for any more is of use all the same, if it is still missing.
    if (!this.#missing.delete(index)) this.#counts = { ...this.#counts, late: this.#counts.late + 1 };
    this.#goOn(nowMs);
  }

  #wake(nowMs: number): void {
    const state = this.#state;
    if (
      this.#nobodySinceMs !== undefined &&
      nowMs >= this.#nobodySinceMs + this.#nobodyMs &&
      state.phase !== "looking"
    ) {
      this.#state = { phase: "over" };
      this.#effects.push({ type: "failed" });
      return;
    }
    if (state.phase === "listing" && state.asked !== undefined && nowMs >= state.asked.atMs + silentMs) {
      return this.#drop(state.asked.holder, "silent", nowMs);
    }
    for (const [id, { open, heardMs }] of [...this.#holders]) {
      if (open.size > 0 && nowMs >= heardMs + silentMs) this.#drop(id, "silent", nowMs);
    }
    this.#goOn(nowMs);
  }

  #goOn(nowMs: number): void {
    if (this.#state.phase === "listing") return this.#askForList(this.#state.asked !== undefined, nowMs);
    if (this.#state.phase !== "fetching") return;
    if (this.#missing.size === 0) {
      this.#state = { phase: "over" };
      this.#effects.push({ type: "done" });
      return;
    }
    this.#deal(nowMs);
    for (const { index, by, atMs } of this.#overtakings()) if (nowMs >= atMs) this.#overtake(by, index, nowMs);
  }

  #askForList(isAsked: boolean, nowMs: number): void {
    const holder = this.#holders.keys().next().value;
    if (isAsked || holder === undefined) return;
    this.#state = { phase: "listing", asked: { holder, atMs: nowMs } };
    this.#effects.push({ type: "ask-list", holder });
  }

  /** Deals what waits out to whoever has room, one to each in turn. */
  #deal(nowMs: number): void {
    const given = new Map<PeerId, number[]>();
    const roomy = [...this.#holders].filter(([, { window }]) => window.isRoomy);
    for (let isAny = true; isAny && this.#waiting.length > 0; ) {
      isAny = false;
      for (const [id, holder] of roomy) {
        const index = holder.window.room > 0 ? this.#nextWaiting() : undefined;
        if (index === undefined) continue;
        isAny = true;
        this.#give(holder, index, nowMs);
        given.set(id, [...(given.get(id) ?? []), index]);
      }
    }
    for (const [holder, chunks] of given) this.#effects.push({ type: "ask", holder, chunks });
  }

  /** One that came late meanwhile isn't asked for. */
  #nextWaiting(): number | undefined {
    for (let index = this.#waiting.pop(); index !== undefined; index = this.#waiting.pop()) {
      if (this.#missing.has(index)) return index;
    }
    return undefined;
  }

  #give(holder: Holder, index: number, nowMs: number): void {
    if (holder.open.size === 0) holder.heardMs = nowMs;
    holder.window.ask();
    holder.open.set(index, nowMs);
    const { asked, again } = this.#counts;
    this.#counts = { ...this.#counts, asked: asked + 1, again: again + (this.#askedOnce.has(index) ? 1 : 0) };
    this.#askedOnce.add(index);
  }

  #overtakings(): ReturnType<typeof overtakings> {
    if (this.#state.phase !== "fetching" || this.#waiting.length > 0) return [];
    return overtakings(this.#holders, this.#missing);
  }

  #overtake(by: PeerId, index: number, nowMs: number): void {
    const holder = this.#holders.get(by);
    if (holder === undefined || holder.window.room === 0) return;
    this.#counts = { ...this.#counts, overtaken: this.#counts.overtaken + 1, again: this.#counts.again - 1 };
    this.#give(holder, index, nowMs);
    this.#effects.push({ type: "ask", holder: by, chunks: [index] });
  }
}
