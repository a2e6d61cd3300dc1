import { connect, type NatsConnection, type Subscription } from "@nats-io/transport-node";
import { type BackplaneAddress, checkPrefix, readAddress, unreachable } from "../backplane/address.js";
import type { Backplane, BackplaneListener } from "../backplane/backplane.js";

export interface NatsBackplaneOptions {
  /** `nats://user:password@host:4222`, `nats://token@host:4222`, or `tls:` for TLS. Several, with commas between, are a cluster's. */
  readonly url: string;
  /** Nodes of one server have the same; others on this NATS have another. Default `skein`. */
  readonly prefix?: string | undefined;
}

/** How long it may take at the start. */
const connectMs = 5_000;
const pingMs = 5_000;
const retryMs = 250;
/** So much is written before it is asked whether it was taken: a question for each message would cost as much as the message. */
const askBytes = 64 * 1024;

/**
 * A backplane through NATS: subjects of its core, nothing is stored.
 * @throws {SkeinError} `bad-argument` where it can't be reached. Once it was, it is waited for.
 * @example
 * const server = await createServer({ backplane: { backplane: await connectNats({ url: "nats://127.0.0.1:4222" }) } });
 */
export async function connectNats({ url, prefix = "skein" }: NatsBackplaneOptions): Promise<Backplane> {
  const addresses = url.split(",").map((one) => readAddress(one.trim(), ["nats", "tls"], 4222));
  const [first] = addresses as [BackplaneAddress];
  const subjects = `${checkPrefix(prefix)}.`;
  const connection = await connect({
    servers: addresses.map(({ url: { host } }) => host),
    ...credentialsOf(first.url),
    ...(first.url.protocol === "tls:" ? { tls: {} } : {}),
    name: "skein",
    timeout: connectMs,
    pingInterval: pingMs,
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    reconnectTimeWait: retryMs,
    reconnectJitter: retryMs,
  }).catch((cause: unknown) => {
    throw unreachable(first, cause);
  });
  return new NatsBackplane(connection, subjects);
}

function credentialsOf({ username, password }: URL): { user?: string; pass?: string; token?: string } {
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  if (user === "") return {};
  return pass === "" ? { token: user } : { user, pass };
}

class NatsBackplane implements Backplane {
  readonly kind = "nats";
  readonly #connection: NatsConnection;
  readonly #prefix: string;
  readonly #subscriptions = new Map<string, Subscription>();
  #listener: BackplaneListener | undefined;
  #phase: "away" | "there" | "closed" = "away";
  /** What was written since the last question whether all was taken, and what that question covers. */
  #writtenBytes = 0;
  #askedBytes = 0;

  constructor(connection: NatsConnection, prefix: string) {
    this.#connection = connection;
    this.#prefix = prefix;
  }

  get bufferedBytes(): number {
    return this.#writtenBytes + this.#askedBytes;
  }

  start(listener: BackplaneListener): void {
    this.#listener = listener;
    void this.#follow();
    queueMicrotask(() => this.#arrive());
  }

  publish(subject: string, bytes: Uint8Array): void {
    // The library would keep it for later, when it is of no use: the nodes ask each other anew.
    if (this.#phase !== "there") return;
    this.#connection.publish(this.#prefix + subject, bytes);
    this.#writtenBytes += bytes.length;
    if (this.#askedBytes === 0 && this.#writtenBytes >= askBytes) void this.#ask();
  }

  subscribe(subject: string): void {
    if (this.#phase === "closed" || this.#subscriptions.has(subject)) return;
    const callback = (error: Error | null, message: { readonly data: Uint8Array }) => {
      if (error === null) this.#listener?.message(message.data);
    };
    this.#subscriptions.set(subject, this.#connection.subscribe(this.#prefix + subject, { callback }));
  }

  unsubscribe(subject: string): void {
    this.#subscriptions.get(subject)?.unsubscribe();
    this.#subscriptions.delete(subject);
  }

  async close(): Promise<void> {
    const wasThere = this.#phase === "there";
    this.#phase = "closed";
    this.#listener = undefined;
    // Closing writes nothing that still waits.
    if (wasThere) await Promise.race([this.#connection.flush(), this.#connection.closed()]).catch(() => {});
    await this.#connection.close();
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === "disconnect") this.#depart();
      else if (type === "reconnect") this.#arrive();
    }
  }

  #arrive(): void {
    if (this.#phase !== "away") return;
    this.#phase = "there";
    this.#listener?.up();
  }

  #depart(): void {
    if (this.#phase !== "there") return;
    this.#phase = "away";
    this.#writtenBytes = 0;
    this.#listener?.down();
  }

  /** One question at a time: its answer says that all before it was taken. */
  async #ask(): Promise<void> {
    do {
      this.#askedBytes = this.#writtenBytes;
      this.#writtenBytes = 0;
      await this.#connection.flush().catch(() => {});
    } while (this.#writtenBytes >= askBytes && this.#phase === "there");
    this.#askedBytes = 0;
  }
}
