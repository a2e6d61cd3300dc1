import {
  lanes,
  limits,
  type MessageDefinition,
  type ProtocolVersions,
  type RequestDefinition,
  SkeinError,
  settleProtocol,
} from "@skein/protocol";
import { lossyLane } from "../core/lossy-lane.js";

export type AnyDefinition = MessageDefinition | RequestDefinition;

/** The number that stands for a type's name. */
interface BoundType {
  readonly name: string;
  readonly number: number;
  /** The other side was told. */
  isBound: boolean;
}

/** Where messages of one definition go. */
export interface Route {
  readonly lane: number;
  /** Where its type is bound: what binds it must not be lost. */
  readonly bindLane: number;
  readonly type: BoundType;
}

/** Our numbers for the types that we send. A definition's protocol is settled once, and its type is bound once. */
export class OutgoingTypes {
  readonly #ours: ProtocolVersions;
  readonly #theirs: ProtocolVersions;
  readonly #takesLossy: boolean;
  readonly #bind: (lane: number, number: number, name: string) => void;
  readonly #routes = new WeakMap<AnyDefinition, Route>();
  readonly #types = new Map<string, BoundType>();

  /**
   * @param takesLossy whether the other side knows the lossy lane.
   * @param bind tells the other side, in a lane, which number stands for a name.
   */
  constructor(
    ours: ProtocolVersions,
    theirs: ProtocolVersions,
    takesLossy: boolean,
    bind: (lane: number, number: number, name: string) => void,
  ) {
    this.#ours = ours;
    this.#theirs = theirs;
    this.#takesLossy = takesLossy;
    this.#bind = bind;
  }

  /**
   * Where what a definition says goes.
   * @throws {SkeinError} `bad-argument` where it is none, `protocol-mismatch` with both sides' versions, `too-large` where it is one type too many
   */
  routeOf(definition: AnyDefinition): Route {
    const known = this.#routes.get(definition);
    if (known !== undefined) return known;
    mustBeDefinition(definition);
    this.#mustBeSettled(definition.protocol);
    const route = { ...this.#lanesOf(definition), type: this.#typeOf(definition.name) };
    this.#routes.set(definition, route);
    return route;
  }

  /** The first time that a type goes out, what binds its number goes before it. */
  bindFirst({ bindLane, type }: Route): void {
    if (type.isBound) return;
    type.isBound = true;
    this.#bind(bindLane, type.number, type.name);
  }

  /** Whoever doesn't know the lossy lane gets what may be lost in lane `default`: that it may be isn't that it must. */
  #lanesOf({ lane }: AnyDefinition): Pick<Route, "lane" | "bindLane"> {
    if (lane === "lossy" && this.#takesLossy) return { lane: lossyLane, bindLane: lanes.indexOf("control") };
    const number = lanes.indexOf(lane === "lossy" ? "default" : lane);
    return { lane: number, bindLane: number };
  }

  #mustBeSettled(protocol: string): void {
    const settlement = settleProtocol(protocol, this.#ours, this.#theirs);
    if (settlement.settled) return;
    const { ours, theirs } = settlement;
    const hint = ours.length === 0 ? " List it in joinRoom's `protocols`." : "";
    throw new SkeinError(
      "protocol-mismatch",
      `No common version of ${protocol}: we speak ${versionList(ours)}, the peer ${versionList(theirs)}.${hint}`,
    );
  }

  #typeOf(name: string): BoundType {
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    const number = this.#types.size;
    if (number >= limits.boundTypes) {
      throw new SkeinError(
        "too-large",
        `A link carries ${limits.boundTypes} types of messages at most: ${name} is one more.`,
      );
    }
    const type = { number, name, isBound: false };
    this.#types.set(name, type);
    return type;
  }
}

/** For programs that no compiler looks at. */
function mustBeDefinition(definition: AnyDefinition | undefined): void {
  if (typeof definition?.protocol === "string") return;
  throw new SkeinError("bad-argument", "The second argument is a message or request, as `chat.say`.");
}

function versionList(versions: readonly string[]): string {
  return versions.length === 0 ? "none" : versions.join(", ");
}
