import { encodeForwardPacket, type ForwardClass, type PeerId, readCard, type SignedCard } from "@skein/protocol";
import { Unmet } from "./check.js";
import type { Persona } from "./persona.js";
import type { HeardOf, ServerConnection } from "./server-connection.js";

/** A persona that is in a room. */
export interface Member {
  readonly persona: Persona;
  readonly connection: ServerConnection;
  readonly room: string;
  /** The cards of who was there already, in order. */
  readonly roster: readonly SignedCard[];
  readonly joined: HeardOf<"joined">;
  forward(to: PeerId, envelope: Uint8Array, kind?: ForwardClass): void;
}

export interface Entry {
  readonly persona: Persona;
  readonly connection: ServerConnection;
  readonly room: string;
  readonly card?: SignedCard | undefined;
  readonly token?: string | undefined;
}

/** Goes all the way into a room. @throws {Unmet} */
export async function enterRoom({ persona, connection, room, card, token }: Entry): Promise<Member> {
  const { nonce } = await connection.next("challenge");
  connection.say({ ...(await persona.join(nonce, room, card)), ...(token === undefined ? {} : { token }) });
  return { persona, connection, room, ...(await awaitJoined(connection)), forward };

  function forward(to: PeerId, envelope: Uint8Array, kind: ForwardClass = "signal"): void {
    connection.send(encodeForwardPacket(kind, to, envelope));
  }
}

/** The roster, however many packets it takes. @throws {Unmet} */
export async function awaitJoined(connection: ServerConnection): Promise<Pick<Member, "roster" | "joined">> {
  const roster: SignedCard[] = [];
  for (;;) {
    const heard = await connection.nextOf("`joined`", ["peers", "joined", "error"]);
    if (heard.t === "error") throw new Unmet("`joined`", `the error \`${heard.code}\`: ${heard.message}`);
    roster.push(...heard.peers);
    if (heard.t === "joined") return { roster, joined: heard };
  }
}

/** @throws {Unmet} where the card can't be read */
export function idOf(signed: SignedCard): PeerId {
  const card = readCard(signed);
  if (!card.ok) throw new Unmet("a card", `one that can't be read: ${card.reason}`);
  return card.value.id;
}
