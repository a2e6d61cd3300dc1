import type { Acknowledgement } from "@skein/protocol";
import type { Clock } from "../clock.js";
import { type ChooserEvent, chooserDeadline, type PathKind, startChooser, stepChooser } from "../core/path-chooser.js";
import type { Cursor } from "../core/session.js";
import type { LinkListener, PathNews } from "./link-listener.js";
import type { Path } from "./path.js";

/** A path of the link. */
export interface Carrier {
  readonly kind: PathKind;
  readonly path: Path;
  /** What our HELLO said on it. */
  told: Acknowledgement;
  /** How far it has come. It has none while it greets. */
  cursor: Cursor | undefined;
}

/**
 * For so long after a doubt of ours was dispelled, what comes over a relay at rest may be the other side's echo of it. To doubt anew because of
 * that would have the two take turns in it for ever.
 */
const echoMs = 2_000;

/** What carriers ask of their link, and tell it. */
export interface CarriersWorld {
  readonly clock: Clock;
  readonly listener: Pick<LinkListener, "pathNews" | "pathChanged">;
  /** It is no path of the link's any more. */
  forgot(carrier: Carrier): void;
  /** Others may carry than before, and the choice among them may have another deadline. */
  arm(): void;
}

/** The paths of a link, one of a kind at a time, and which of them carry it. */
export class Carriers {
  readonly #world: CarriersWorld;
  readonly #byKind = new Map<PathKind, Carrier>();
  #chooser = startChooser;
  #inUse: readonly Carrier[] = [];
  #dispelledMs = Number.NEGATIVE_INFINITY;

  constructor(world: CarriersWorld) {
    this.#world = world;
  }

  /** Those that were chosen to carry. */
  get inUse(): readonly Carrier[] {
    return this.#inUse;
  }

  /** All of them, as they are now: some may go meanwhile. */
  get all(): readonly Carrier[] {
    return [...this.#byKind.values()];
  }

  get isEmpty(): boolean {
    return this.#byKind.size === 0;
  }

  /** When to {@link Carriers.choose} again. */
  get deadlineMs(): number | undefined {
    return chooserDeadline(this.#chooser)?.atMs;
  }

  of(kind: PathKind): Carrier | undefined {
    return this.#byKind.get(kind);
  }

  /** Whether it is one of the link's still. */
  has(carrier: Carrier): boolean {
    return this.#byKind.get(carrier.kind) === carrier;
  }

  /** There must be none of its kind. */
  add(carrier: Carrier): void {
    this.#byKind.set(carrier.kind, carrier);
  }

  /** Both sides have greeted over it: says so, and lets it carry, or rest. Gives why others carry now, where they do. */
  open(carrier: Carrier): string | undefined {
    const change = this.#choose({ type: "opened", path: carrier.kind });
    this.#engage(carrier);
    return change;
  }

  /** Something became of a path. */
  tell(path: PathKind, news: Exclude<PathNews, "opened">, reason: string): void {
    this.report(path, news, reason, this.#choose({ type: news, path, reason }));
  }

  report(path: PathKind, news: PathNews, reason: string, change: string | undefined): void {
    const { listener } = this.#world;
    listener.pathNews(path, news, reason);
    if (change !== undefined) listener.pathChanged(change);
  }

  /** A deadline may have passed. Gives why others carry now, where they do. */
  wake(): string | undefined {
    return this.#choose({ type: "woke" });
  }

  judge(carrier: Carrier, trust: "trusted" | "suspect", reason: string): void {
    // Before HELLO it is the path's own concern.
    if (!this.has(carrier) || carrier.cursor === undefined) return;
    const isDispelled = trust === "trusted" && carrier.kind === "direct" && this.#chooser.direct.phase === "suspect";
    if (isDispelled) this.#dispelledMs = this.#world.clock.nowMs();
    this.tell(carrier.kind, trust, reason);
  }

  /** A relay at rest asks nothing. So the other side has taken it into use: it doubts the direct path, and may know why. */
  asked(carrier: Carrier): void {
    if (carrier.kind !== "relay" || this.#inUse.includes(carrier)) return;
    if (this.#world.clock.nowMs() >= this.#dispelledMs + echoMs)
      this.of("direct")?.path.denounce("the peer turned to the relay");
  }

  /** There is reason to ask whether the other side is still there. */
  doubt(): void {
    for (const { path } of this.#inUse) path.doubt();
  }

  /** The link has something to say. */
  wakePaths(): void {
    for (const { path } of this.#inUse) path.wake();
  }

  drop(kind: PathKind, reason: string): void {
    const carrier = this.of(kind);
    if (carrier === undefined) return;
    this.forget(carrier);
    carrier.path.lose(reason);
    this.tell(kind, "down", reason);
  }

  dropAll(reason: string, keep?: Carrier): void {
    for (const carrier of this.all) if (carrier !== keep) this.drop(carrier.kind, reason);
  }

  /** It is no path of this link any more. */
  forget(carrier: Carrier): void {
    this.#byKind.delete(carrier.kind);
    this.#world.forgot(carrier);
  }

  /** Gives why others carry now, where they do. */
  #choose(event: ChooserEvent): string | undefined {
    const { state, effects } = stepChooser(this.#chooser, event, this.#world.clock.nowMs());
    this.#chooser = state;
    for (const { paths } of effects) this.#use(paths);
    this.#world.arm();
    return effects[0]?.reason;
  }

  #use(kinds: readonly PathKind[]): void {
    this.#inUse = kinds.flatMap((kind) => this.of(kind) ?? []);
    for (const carrier of this.#byKind.values()) this.#engage(carrier);
  }

  /** Once both sides have greeted, a path carries or rests. */
  #engage(carrier: Carrier): void {
    if (carrier.cursor === undefined) return;
    if (this.#inUse.includes(carrier)) carrier.path.carry();
    else carrier.path.rest();
  }
}
