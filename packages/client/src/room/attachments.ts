import type { Rejected } from "@skein/protocol";
import type { PathKind } from "../core/path-chooser.js";
import type { Link } from "../link/link.js";
import type { Pair } from "./pairs.js";
import type { AttachedPath, DirectNews, PathProvider, PathWorld } from "./path-provider.js";
import type { Peer } from "./peer.js";
import type { RemotePeerWorld } from "./remote-peer-world.js";

/** What attachments need to know of their peer. */
export interface AttachmentsPeer {
  readonly peer: Peer;
  readonly pair: Pair;
  readonly link: Link;
  readonly rejected: (rejection: Rejected) => void;
}

/** A path of another provider to the peer. */
interface Attachment {
  readonly provider: PathProvider;
  readonly path: AttachedPath;
}

/** The paths to one peer that others than the room provide. */
export class Attachments {
  readonly #world: RemotePeerWorld;
  readonly #of: AttachmentsPeer;
  readonly #attached: readonly Attachment[];

  constructor(world: RemotePeerWorld, of: AttachmentsPeer) {
    this.#world = world;
    this.#of = of;
    this.#attached = world.paths.flatMap((provider) => {
      const path = provider.attach(pathWorld(world, of, provider.kind));
      return path === undefined ? [] : [{ provider, path }];
    });
  }

  /** Whether one of them stands in for the room's own direct path. */
  get replaceDirect(): boolean {
    return this.#attached.some(({ provider }) => provider.replacesDirect);
  }

  /** What became of the direct path. */
  direct(news: DirectNews): void {
    for (const { path } of this.#attached) path.direct(news);
  }

  server(news: "away" | "back"): void {
    for (const { path } of this.#attached) path.server(news);
  }

  undeliverable(reason: string): void {
    for (const { path } of this.#attached) path.undeliverable(reason);
  }

  /** The link has no path of this kind any more. */
  lost(kind: PathKind, reason: string): void {
    for (const { path } of this.#ofKind(kind)) path.lost(reason);
  }

  /** A relayed frame came from the peer, sealed. */
  receive(envelope: Uint8Array): void {
    const { pair, rejected } = this.#of;
    if (!this.#world.paths.some(({ kind }) => kind === "relay")) {
      return rejected({ ok: false, code: "unknown-type", reason: "a relayed frame: no relay path is in use" });
    }
    const body = pair.secure.open("frame", envelope);
    if (!body.ok) return rejected(body);
    for (const { path } of this.#ofKind("relay")) path.receive(body.value);
  }

  /** Closes all but those of a kind. */
  close(but?: PathKind): void {
    for (const { provider, path } of this.#attached) if (provider.kind !== but) path.close();
  }

  #ofKind(kind: PathKind): readonly Attachment[] {
    return this.#attached.filter(({ provider }) => provider.kind === kind);
  }
}

function pathWorld(world: RemotePeerWorld, { peer, pair, link, rejected }: AttachmentsPeer, kind: PathKind): PathWorld {
  const { clock, roll, emit } = world;
  return {
    peer,
    clock,
    roll,
    open: (sink) => link.open(kind, sink),
    seal: (body) => pair.onChannel().seal("frame", body),
    unseal: (envelope) => pair.onChannel().open("frame", envelope),
    forward: (body) => world.forward(peer.id, "relay", pair.secure.seal("frame", body)),
    used: (usage) => emit("relay-usage", usage),
    rejected,
  };
}
