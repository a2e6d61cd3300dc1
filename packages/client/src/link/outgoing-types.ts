import {
  lanes,
  limits,
  type MessageDefinition,
  type ProtocolVersions,
  type RequestDefinition,
  SkeinError,
  settleProtocol,
} from "@skein/protocol";

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
  readonly type: BoundType;
}

/** Our numbers for the types that we send. A definition's protocol is settled once, and its type is bound once. */
export class OutgoingTypes {
  readonly #ours: ProtocolVersions;
  readonly #theirs: ProtocolVersions;
  readonly #bind: (lane: number, number: number, name: string) => void;
  readonly #routes = new WeakMap<AnyDefinition, Route>();
  readonly #types = new Map<string, BoundType>();

  /** @param bind tells the other side, in a lane, which number stands for a name. */
  constructor(
    ours: ProtocolVersions,
    theirs: ProtocolVersions,
    bind: (lane: number, number: number, name: string) => void,
  ) {
    this.#ours = ours;
    this.#theirs = theirs;
    this.#bind = bind;
  }

  /**
   * Where what a definition says goes.
   * @throws {SkeinError} `protocol-mismatch` with both sides' versions, `too-large` where it is one type too many
   */
  routeOf(definition: AnyDefinition): Route {
    const known = this.#routes.get(definition);
    if (known !== undefined) return known;
    this.#mustBeSettled(definition.protocol);
    const route = { lane: lanes.indexOf(definition.lane), type: this.#typeOf(definition.name) };
    this.#routes.set(definition, route);
    return route;
  }

  /** The first time that a type goes out, what binds its number goes before it. */
  bindFirst({ lane, type }: Route): void {
    if (type.isBound) return;
    type.isBound = true;
    this.#bind(lane, type.number, type.name);
  }

  #mustBeSettled(protocol: string): void {
    const settlement = settleProtocol(protocol, this.#ours, this.#theirs);
    if (settlement.settled) return;
    throw new SkeinError(
      "protocol-mismatch",
      `No common version of ${protocol}: we speak ${versionList(settlement.ours)}, the peer ${versionList(settlement.theirs)}.`,
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

function versionList(versions: readonly string[]): string {
  return versions.length === 0 ? "none" : versions.join(", ");
}
