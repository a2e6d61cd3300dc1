import { createClient } from "@redis/client";
import { type BackplaneAddress, checkPrefix, readAddress, unreachable } from "../backplane/address.js";
import type { Backplane, BackplaneListener } from "../backplane/backplane.js";

export interface RedisBackplaneOptions {
  /** `redis://user:password@host:6379`, or `rediss:` for TLS. */
  readonly url: string;
  /** Nodes of one server have the same; others on this Redis have another. Default `skein`. */
  readonly prefix?: string | undefined;
}

/** How long it may take at the start. */
const connectMs = 5_000;
/** A connection that is silent for so long is dead: a node's own beats come over both. */
const socketMs = 15_000;
const pingMs = 5_000;
const retryMostMs = 1_000;

/**
 * A backplane through Redis, or what speaks like it: channels of PUBLISH and SUBSCRIBE, nothing is stored.
 * @throws {SkeinError} `bad-argument` where it can't be reached. Once it was, it is waited for.
 * @example
 * const server = await createServer({ backplane: { backplane: await connectRedis({ url: "redis://127.0.0.1:6379" }) } });
 */
export async function connectRedis({ url, prefix = "skein" }: RedisBackplaneOptions): Promise<Backplane> {
  const address = readAddress(url, ["redis", "rediss"], 6379);
  const channels = `${checkPrefix(prefix)}:`;
  const [publisher, subscriber] = [openClient(address), openClient(address)];
  try {
    await Promise.all([publisher.connected, subscriber.connected]);
  } catch (cause) {
    for (const { client } of [publisher, subscriber]) if (client.isOpen) client.destroy();
    throw unreachable(address, cause);
  }
  return new RedisBackplane(publisher.client, subscriber.client, channels);
}

type Client = ReturnType<typeof createPlainClient>;

function createPlainClient(
  address: BackplaneAddress,
  reconnectStrategy: (retries: number, cause: Error) => number | Error,
) {
  return createClient({
    url: address.url.href,
    // What can't be said now is of no use later: the nodes ask each other anew.
    disableOfflineQueue: true,
    pingInterval: pingMs,
    // A timer for each message would cost more than the message. Who doesn't answer is found out by the socket's own.
    commandOptions: { timeout: 0 },
    socket: { connectTimeout: connectMs, socketTimeout: socketMs, reconnectStrategy },
  });
}

/** A client that doesn't try again at first, and always does later. */
function openClient(address: BackplaneAddress): { readonly client: Client; readonly connected: Promise<unknown> } {
  let wasThere = false;
  const client = createPlainClient(address, (retries, cause) =>
    wasThere ? Math.min(retryMostMs, 50 * 2 ** Math.min(retries, 8)) * (0.5 + Math.random() / 2) : cause,
  );
  // Without a listener an error would end the process; what it means is asked of `isReady`.
  client.on("error", () => {});
  const connected = client.connect().then(() => {
    wasThere = true;
  });
  return { client, connected };
}

class RedisBackplane implements Backplane {
  readonly kind = "redis";
  readonly #publisher: Client;
  readonly #subscriber: Client;
  readonly #prefix: string;
  /** What is wanted, and of it what the client knows of: that it subscribes to again by itself. */
  readonly #wanted = new Set<string>();
  readonly #known = new Set<string>();
  #listener: BackplaneListener | undefined;
  #phase: "away" | "there" | "closed" = "away";
  #bufferedBytes = 0;
  readonly #hear = (message: Buffer): void => this.#listener?.message(message);

  constructor(publisher: Client, subscriber: Client, prefix: string) {
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    this.#prefix = prefix;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  start(listener: BackplaneListener): void {
    this.#listener = listener;
    for (const client of [this.#publisher, this.#subscriber]) {
      client.on("ready", () => void this.#look());
      for (const event of ["error", "reconnecting", "end"]) client.on(event, () => void this.#look());
    }
    void this.#look();
  }

  publish(subject: string, bytes: Uint8Array): void {
    if (this.#phase !== "there") return;
    this.#bufferedBytes += bytes.length;
    const taken = () => {
      this.#bufferedBytes -= bytes.length;
    };
    // The library takes other arrays of bytes for something else.
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#publisher.publish(this.#prefix + subject, buffer).then(taken, taken);
  }

  subscribe(subject: string): void {
    this.#wanted.add(subject);
    if (this.#phase === "there") void this.#follow(subject);
  }

  unsubscribe(subject: string): void {
    this.#wanted.delete(subject);
    if (this.#phase === "there") void this.#follow(subject);
  }

  async close(): Promise<void> {
    this.#phase = "closed";
    this.#listener = undefined;
    await Promise.all([this.#publisher, this.#subscriber].map(closeClient));
  }

  /** Finds out whether both connections are there, and tells where that has changed. */
  async #look(): Promise<void> {
    if (this.#phase === "closed") return;
    const areReady = this.#publisher.isReady && this.#subscriber.isReady;
    if (!areReady && this.#phase === "there") {
      this.#phase = "away";
      this.#listener?.down();
    }
    if (!areReady || this.#phase !== "away") return;
    await Promise.allSettled([...this.#wanted, ...this.#known].map((subject) => this.#follow(subject)));
    if (!this.#publisher.isReady || !this.#subscriber.isReady || this.#phase !== "away") return;
    this.#phase = "there";
    this.#listener?.up();
  }

  /** Has the client do what is wanted of this subject. */
  #follow(subject: string): Promise<void> | undefined {
    const isWanted = this.#wanted.has(subject);
    if (isWanted === this.#known.has(subject)) return undefined;
    const channel = this.#prefix + subject;
    if (isWanted) this.#known.add(subject);
    else this.#known.delete(subject);
    const done = isWanted
      ? this.#subscriber.subscribe(channel, this.#hear, true)
      : this.#subscriber.unsubscribe(channel, this.#hear, true);
    return done.catch(() => {
      // The connection is lost: it is done when it is back.
      if (isWanted) this.#known.delete(subject);
      else this.#known.add(subject);
    });
  }
}

async function closeClient(client: Client): Promise<void> {
  try {
    if (client.isReady) await client.close();
    else client.destroy();
  } catch {
    // It was lost while it closed.
  }
}
