import { toBase64Url } from "@skein/protocol";
import { enterRoom, type Member } from "../kit/member.js";
import { Persona } from "../kit/persona.js";
import { type ClientWebSocketOptions, ServerConnection } from "../kit/server-connection.js";

/** The server that is held against the specification. */
export interface ServerUnderTest {
  /** Where its WebSocket is, such as `wss://example.org/skein`. */
  readonly url: string;
  /** How long to wait for what must come, in milliseconds. */
  readonly timeoutMs: number;
  /** For servers that ask for one. */
  readonly token?: string | undefined;
}

/** What one check has of a server: clients, in rooms that nobody else is in. */
export class ServerWorld {
  readonly under: ServerUnderTest;
  /** A fresh one. */
  readonly room = freshRoom();
  readonly #connections: ServerConnection[] = [];

  constructor(under: ServerUnderTest) {
    this.under = under;
  }

  connect(options: ClientWebSocketOptions = {}): ServerConnection {
    const connection = new ServerConnection(this.under.url, this.under.timeoutMs, options);
    this.#connections.push(connection);
    return connection;
  }

  /** A client in the room. */
  enter({ persona = new Persona(), room = this.room, ...more }: Partial<Member> & MemberCard = {}): Promise<Member> {
    return enterRoom({ persona, room, connection: this.connect(), token: this.under.token, ...more });
  }

  /** Several clients in the room, in this order; each has heard of all the others. */
  async enterAll<Count extends 2 | 3>(count: Count): Promise<Members<Count>> {
    const members: Member[] = [];
    for (let i = 0; i < count; i++) members.push(await this.enter());
    for (const [i, { connection }] of members.entries()) {
      for (let later = i + 1; later < count; later++) await connection.next("peer-joined");
    }
    return members as unknown as Members<Count>;
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.cut();
  }
}

type MemberCard = { readonly card?: Awaited<ReturnType<Persona["card"]>> };
type Members<Count extends 2 | 3> = Count extends 2 ? [Member, Member] : [Member, Member, Member];

export function freshRoom(): string {
  return `conformance-${toBase64Url(crypto.getRandomValues(new Uint8Array(9)))}`;
}
