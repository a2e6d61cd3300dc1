import { createHash, createHmac, randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** STUN and TURN, as far as a test needs them (RFC 8489 §14, RFC 8656 §18). */
const method = { allocate: 0x003, refresh: 0x004, createPermission: 0x008 } as const;
const attribute = {
  username: 0x0006,
  integrity: 0x0008,
  errorCode: 0x0009,
  lifetime: 0x000d,
  peer: 0x0012,
  realm: 0x0014,
  nonce: 0x0015,
  relayed: 0x0016,
  transport: 0x0019,
} as const;
const cookie = Buffer.from([0x21, 0x12, 0xa4, 0x42]);
const answerMostMs = 5_000;

interface Answer {
  /** Undefined: success. */
  readonly error: number | undefined;
  readonly attributes: ReadonlyMap<number, Buffer>;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** One client of a TURN server over UDP, on a socket of its own. What it is answered it tells as an error code, or undefined for yes. */
export class TurnClient {
  readonly #socket: Socket = createSocket("udp4");
  readonly #server: Endpoint;
  readonly #username: string;
  readonly #credential: string;
  #realm: Buffer = Buffer.alloc(0);
  #nonce: Buffer = Buffer.alloc(0);
  relayed: Endpoint | undefined;

  constructor(server: Endpoint, username: string, credential: string) {
    this.#server = server;
    this.#username = username;
    this.#credential = credential;
  }

  /** Asks for an address to relay from. */
  async allocate(): Promise<number | undefined> {
    const wanted: [number, Buffer][] = [[attribute.transport, Buffer.from([17, 0, 0, 0])]];
    // Without a credential at first: the answer says the realm and the nonce.
    const first = await this.#ask(method.allocate, wanted, false);
    this.#realm = first.attributes.get(attribute.realm) ?? this.#realm;
    this.#nonce = first.attributes.get(attribute.nonce) ?? this.#nonce;
    const answer = await this.#ask(method.allocate, wanted, true);
    const relayed = answer.attributes.get(attribute.relayed);
    if (relayed !== undefined) this.relayed = readEndpoint(relayed);
    return answer.error;
  }

  /** Keeps what it has for longer. */
  async refresh(): Promise<number | undefined> {
    return (await this.#ask(method.refresh, [[attribute.lifetime, Buffer.from([0, 0, 2, 88])]], true)).error;
  }

  /** Asks whether it may send to this peer, and hear from it. */
  async permit(peer: Endpoint): Promise<number | undefined> {
    return (await this.#ask(method.createPermission, [[attribute.peer, writeEndpoint(peer)]], true)).error;
  }

  close(): void {
    this.#socket.close();
  }

  async #ask(kind: number, attributes: readonly [number, Buffer][], isSigned: boolean): Promise<Answer> {
    const id = randomBytes(12);
    const own: [number, Buffer][] = isSigned
      ? [
          [attribute.username, Buffer.from(this.#username)],
          [attribute.realm, this.#realm],
          [attribute.nonce, this.#nonce],
        ]
      : [];
    const body = Buffer.concat([...attributes, ...own].map(([type, value]) => writeAttribute(type, value)));
    const request = isSigned ? this.#sign(kind, id, body) : Buffer.concat([head(kind, id, body.length), body]);
    const signal = AbortSignal.timeout(answerMostMs);
    this.#socket.send(request, this.#server.port, this.#server.host);
    for (;;) {
      const [answer] = (await once(this.#socket, "message", { signal })) as [Buffer];
      if (answer.subarray(8, 20).equals(id)) return readAnswer(answer);
    }
  }

  #sign(kind: number, id: Buffer, body: Buffer): Buffer {
    const key = createHash("md5").update(`${this.#username}:${this.#realm}:${this.#credential}`).digest();
    // The length counts the attribute that follows, which holds the code over all before it (RFC 8489 §14.5).
    const signed = Buffer.concat([head(kind, id, body.length + 24), body]);
    return Buffer.concat([
      signed,
      writeAttribute(attribute.integrity, createHmac("sha1", key).update(signed).digest()),
    ]);
  }
}

function head(kind: number, id: Buffer, length: number): Buffer {
  return Buffer.concat([Buffer.from([kind >> 8, kind & 0xff, length >> 8, length & 0xff]), cookie, id]);
}

function writeAttribute(type: number, value: Buffer): Buffer {
  const header = Buffer.from([type >> 8, type & 0xff, value.length >> 8, value.length & 0xff]);
  return Buffer.concat([header, value, Buffer.alloc(-value.length & 3)]);
}

function readAnswer(packet: Buffer): Answer {
  const attributes = new Map<number, Buffer>();
  for (let at = 20; at + 4 <= packet.length; ) {
    const length = packet.readUInt16BE(at + 2);
    attributes.set(packet.readUInt16BE(at), packet.subarray(at + 4, at + 4 + length));
    at += 4 + length + (-length & 3);
  }
  const error = attributes.get(attribute.errorCode);
  return { error: error === undefined ? undefined : (error[2] ?? 0) * 100 + (error[3] ?? 0), attributes };
}

/** XOR-PEER-ADDRESS and its like, of IPv4 (RFC 8489 §14.2). */
function writeEndpoint({ host, port }: Endpoint): Buffer {
  const address = host.split(".").map((part, i) => Number(part) ^ (cookie[i] ?? 0));
  const mixed = port ^ 0x2112;
  return Buffer.from([0, 1, mixed >> 8, mixed & 0xff, ...address]);
}

function readEndpoint(value: Buffer): Endpoint {
  const host = [...value.subarray(4, 8)].map((byte, i) => byte ^ (cookie[i] ?? 0)).join(".");
  return { host, port: value.readUInt16BE(2) ^ 0x2112 };
}
