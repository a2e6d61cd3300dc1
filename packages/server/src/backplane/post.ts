import type { NodeId } from "../core/nodes-message.js";
import type { EndOfTurn, Flushable } from "../end-of-turn.js";

/** So much goes out in one message; NATS takes 1 MiB unless told otherwise. */
const letterMostBytes = 256 * 1024;

interface Bundle {
  parts: Uint8Array[];
  bytes: number;
}

/** What goes to other nodes, bundled: what was read in one turn of the event loop goes out at the end of it. */
export class Post implements Flushable {
  readonly #turn: EndOfTurn;
  readonly #send: (node: NodeId, parts: readonly Uint8Array[]) => void;
  readonly #bundles = new Map<NodeId, Bundle>();
  #heldBytes = 0;

  constructor(turn: EndOfTurn, send: (node: NodeId, parts: readonly Uint8Array[]) => void) {
    this.#turn = turn;
    this.#send = send;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The parts stay behind each other. */
  add(node: NodeId, ...parts: readonly Uint8Array[]): void {
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    const held = this.#bundles.get(node);
    if (held !== undefined && held.bytes + bytes > letterMostBytes) this.#sendOff(node, held);
    const bundle = this.#bundles.get(node) ?? this.#open(node);
    bundle.parts.push(...parts);
    bundle.bytes += bytes;
    this.#heldBytes += bytes;
  }

  flush(): void {
    for (const [node, bundle] of this.#bundles) this.#sendOff(node, bundle);
  }

  #open(node: NodeId): Bundle {
    if (this.#bundles.size === 0) this.#turn.add(this);
    const bundle: Bundle = { parts: [], bytes: 0 };
    this.#bundles.set(node, bundle);
    return bundle;
  }

  #sendOff(node: NodeId, { parts, bytes }: Bundle): void {
    this.#bundles.delete(node);
    this.#heldBytes -= bytes;
    this.#send(node, parts);
  }
}
