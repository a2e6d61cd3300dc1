import { createRoomServer, type RoomServer, type RoomServerOptions, type ServerStats } from "@skein/server";
import type { SeededRandom } from "../core/seeded-random.js";
import type { Timeline } from "../core/timeline.js";
import type { Host } from "../network/host.js";
import { Process } from "../world/process.js";
import { syncEd25519 } from "../world/sync-ed25519.js";
import { ServerSocket } from "./server-socket.js";

export const serverPort = 7700;

interface Running {
  readonly process: Process;
  readonly rooms: RoomServer;
  readonly stopListening: () => void;
}

/** What a simulated server has of its world. */
export interface SimServerWorld {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly host: Host;
  failed(error: unknown): void;
  happened(what: string): void;
}

/** The shipping server's rooms, on a host of a simulated network. It can stop, die, and start again. */
export class SimServer {
  readonly host: Host;
  readonly #world: SimServerWorld;
  readonly #options: RoomServerOptions;
  #running: Running | undefined;

  /** @internal Use `world.server`. */
  constructor(world: SimServerWorld, options: RoomServerOptions) {
    this.#world = world;
    this.host = world.host;
    this.#options = options;
    this.start();
  }

  /** What `joinRoom` takes as `server`. */
  get url(): string {
    return `ws://${this.host.address}:${serverPort}/skein`;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Undefined while it doesn't run. */
  get stats(): ServerStats | undefined {
    return this.#running?.rooms.stats();
  }

  /** What it holds for the client that reads least. */
  get bufferedBytesMost(): number {
    let most = 0;
    for (const { bufferedBytes } of this.host.streams) most = Math.max(most, bufferedBytes);
    return most;
  }

  /** A fresh process, which remembers nothing. */
  start(): void {
    if (this.#running !== undefined) return;
    const { timeline, random, failed, happened } = this.#world;
    const process = new Process(timeline, random.fork(), failed);
    const rooms = createRoomServer({
      ...this.#options,
      clock: process.clock,
      random: (length) => process.random.bytes(length),
      ed25519: syncEd25519,
    });
    const stopListening = this.host.listen(serverPort, (stream) => {
      const socket = new ServerSocket(process, stream);
      process.run(() => rooms.accept(socket, socket));
    });
    this.#running = { process, rooms, stopListening };
    happened("the server starts");
  }

  /** Takes nobody new, and has the clients go elsewhere over this time. The world must move for them to get there. */
  async drain(spreadMs: number): Promise<void> {
    this.#world.happened("the server drains");
    this.#running?.stopListening();
    await this.#running?.rooms.drain(spreadMs);
  }

  /** Says goodbye to all, and ends. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    this.#world.happened("the server stops");
    running.stopListening();
    await running.rooms.close();
    running.process.kill();
  }

  /** Ends without a word; its machine resets the connections. */
  crash(): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    this.#world.happened("the server crashes");
    running.process.kill();
    this.host.crash();
  }
}
