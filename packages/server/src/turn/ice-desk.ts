import type { IceServer, PeerId } from "@skein/protocol";
import { Agenda } from "../core/agenda.js";
import { chooseTurnServers } from "../core/turn-choice.js";
import type { Grant } from "../grant.js";
import type { Settings } from "../options.js";
import { turnCredential, turnIdOf } from "./credential.js";

/** What decides on what a client is told. */
interface Holder {
  readonly peer: PeerId;
  readonly grant: Pick<Grant, "mayRelay" | "region" | "subject">;
}

/** What is left by then is for clocks that don't agree, and for clients that are away from the server just then. */
const renewAfter = 3 / 4;

/** Hands out ICE servers: those that everyone is told of, and TURN servers with credentials of one client's own, renewed in time. */
export class IceDesk<Client> {
  readonly #settings: Pick<Settings, "iceServers" | "turn" | "clock">;
  readonly #holders = new Map<Client, Holder>();
  readonly #renewals = new Agenda<Client>();

  constructor(settings: Pick<Settings, "iceServers" | "turn" | "clock">) {
    this.#settings = settings;
  }

  /** What a client is told that joins. */
  handOut(client: Client, peer: PeerId, grant: Grant): readonly IceServer[] {
    if (this.#settings.turn === undefined) return this.#settings.iceServers;
    // No more than what is needed: a grant may hold anything else.
    const { mayRelay, region, subject } = grant;
    this.#holders.set(client, { peer, grant: { mayRelay, region, subject } });
    return this.#issue(client);
  }

  /** The client may do other things from now on. Undefined: it is told of the same servers. */
  regrant(client: Client, { mayRelay, region, subject }: Grant): readonly IceServer[] | undefined {
    const holder = this.#holders.get(client);
    if (holder === undefined) return undefined;
    const { grant } = holder;
    const isSame = grant.mayRelay === mayRelay && grant.region === region && grant.subject === subject;
    return isSame ? undefined : this.handOut(client, holder.peer, { mayRelay, region, subject });
  }

  forget(client: Client): void {
    this.#holders.delete(client);
    this.#renewals.delete(client);
  }

  /** When the first client needs new credentials. */
  deadline(): number | undefined {
    return this.#renewals.deadline();
  }

  /** Whoever needs new credentials now, and theirs. */
  takeDue(): readonly (readonly [Client, readonly IceServer[]])[] {
    return this.#renewals.takeDue(this.#settings.clock.nowMs()).map((client) => [client, this.#issue(client)]);
  }

  #issue(client: Client): readonly IceServer[] {
    const { iceServers, turn, clock } = this.#settings;
    const holder = this.#holders.get(client);
    if (holder === undefined || turn === undefined || holder.grant.mayRelay === false) {
      this.#renewals.delete(client);
      return iceServers;
    }
    this.#renewals.set(client, clock.nowMs() + turn.lifetimeMs * renewAfter);
    const name = holder.grant.subject ?? holder.peer;
    const region = holder.grant.region ?? turn.region;
    const expiresSeconds = Math.floor((clock.wallMs() + turn.lifetimeMs) / 1_000);
    const own = chooseTurnServers(turn.servers, name, region, turn.perClient).map(({ urls, secret }) => ({
      urls: [...urls],
      ...turnCredential(secret, turnIdOf(secret, name), expiresSeconds),
    }));
    return [...iceServers, ...own];
  }
}
