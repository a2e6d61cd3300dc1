import type { Peer, Room } from "@skein/client";
import { SkeinError } from "@skein/protocol";
import type { Part } from "../commands/options.js";
import { fetchFile } from "../files/fetch-file.js";
import type { RoomFiles } from "../files/room-files.js";
import type { Share } from "../files/share.js";
import { targetPath } from "../files/target.js";
import { named, type OperationId, type OutputEvent } from "../stdio/envelope.js";
import type { EventWriter } from "../stdio/event-writer.js";
import { readOperations } from "../stdio/read-operations.js";
import { peerJson, writeRoomEvents } from "../stdio/room-events.js";
import { type AgentOperation, agentOperation } from "./operations.js";
import { RateMeter } from "./rate-meter.js";

/** What an agent for programs needs. */
export interface AgentParts {
  readonly room: Room;
  readonly share: Share;
  readonly roomFiles: RoomFiles;
  readonly part: Part;
  readonly output: EventWriter;
  readonly signal: AbortSignal;
}

const sampleMs = 250;
/** Between two lines about the progress of one fetch. */
const progressMs = 50;

/** An agent that speaks lines of JSON, until stdin ends and all is answered, `leave` comes, or the signal fires. */
export async function runAgentOperations(parts: AgentParts): Promise<void> {
  const { room, share, roomFiles, part, output, signal } = parts;
  const left = new AbortController();
  const until = AbortSignal.any([signal, left.signal]);
  const name = room.card.name === undefined ? {} : { name: room.card.name };
  const held = { files: share.files.length, bytes: share.bytes, part: `${part.index}/${part.of}` };
  output.write({ event: "joined", room: room.name, peer: room.id, ...name, share: held });
  writeRoomEvents(room, output);
  roomFiles.answer(({ op, peer, ...what }) => output.write({ event: "served", to: peer.id, op, ...what }));
  const rates = new Rates(room);
  const sampler = setInterval(() => rates.sample(performance.now()), sampleMs);
  try {
    const operator = new Operator(parts, rates, until, () => left.abort());
    await readOperations({
      input: process.stdin,
      output,
      schema: agentOperation,
      perform: (operation) => operator.perform(operation),
      // So that one line from a pipe gets its answer.
      finishes: true,
      signal: until,
    });
  } finally {
    clearInterval(sampler);
    left.abort();
  }
}

/** How fast each link is. */
class Rates {
  readonly #room: Room;
  readonly #meters = new WeakMap<Peer, RateMeter>();

  constructor(room: Room) {
    this.#room = room;
  }

  sample(nowMs: number): void {
    for (const peer of this.#room.peers.values()) {
      this.#meterOf(peer).add(peer.traffic.bytesSent + peer.traffic.bytesReceived, nowMs);
    }
  }

  of(peer: Peer): { bytesPerSecond: number; peakBytesPerSecond: number } {
    const { rate, peak } = this.#meterOf(peer);
    return { bytesPerSecond: rate, peakBytesPerSecond: peak };
  }

  #meterOf(peer: Peer): RateMeter {
    const known = this.#meters.get(peer);
    if (known !== undefined) return known;
    const meter = new RateMeter();
    this.#meters.set(peer, meter);
    return meter;
  }
}

/** Performs operations on the files of a room. */
class Operator {
  readonly #parts: AgentParts;
  readonly #rates: Rates;
  readonly #until: AbortSignal;
  readonly #leave: () => void;
  readonly #running = new Map<OperationId, AbortController>();

  constructor(parts: AgentParts, rates: Rates, until: AbortSignal, leave: () => void) {
    this.#parts = parts;
    this.#rates = rates;
    this.#until = until;
    this.#leave = leave;
  }

  async perform(operation: AgentOperation): Promise<OutputEvent | undefined> {
    const answer = named(operation.id);
    const { room, roomFiles } = this.#parts;
    switch (operation.op) {
      case "find":
        return this.#cancellable(operation.id, async (signal) => {
          const startMs = performance.now();
          const findings = await roomFiles.find(operation.words, operation.most, signal);
          return { event: "found", ...answer, ...findings, ms: Math.round((performance.now() - startMs) * 10) / 10 };
        });
      case "get":
        return this.#cancellable(operation.id, (signal) => this.#get(operation, signal));
      case "locate":
        return this.#cancellable(operation.id, async (signal) => {
          const { file, holder } = await roomFiles.locate(operation.file, signal);
          return { event: "located", ...answer, file, from: holder.id, name: holder.name };
        });
      case "list":
        return this.#cancellable(operation.id, async (signal) => ({
          event: "list",
          ...answer,
          files: await roomFiles.list(signal),
        }));
      case "peers": {
        const peers = [...room.peers.values()].map((peer) => ({ ...peerJson(peer), ...this.#rates.of(peer) }));
        return { event: "peers", ...answer, peers };
      }
      case "cancel":
        this.#running.get(operation.operation)?.abort();
        return { event: "cancelled", ...answer, operation: operation.operation };
      case "leave":
        this.#leave();
        return undefined;
    }
  }

  async #get(
    { id, file: wanted, to }: Extract<AgentOperation, { op: "get" }>,
    signal: AbortSignal,
  ): Promise<OutputEvent> {
    const { roomFiles, output } = this.#parts;
    const answer = named(id);
    const { file, holder } = await roomFiles.locate(wanted, signal);
    const path = targetPath(to, file);
    const source = await roomFiles.source(file, holder, signal);
    const startMs = performance.now();
    const from = { from: holder.id, name: holder.name };
    output.write({ event: "getting", ...answer, file, ...from, bytes: source.bytes });
    let toldMs = startMs;
    await fetchFile({
      source,
      path,
      signal,
      progress: (bytes) => {
        const nowMs = performance.now();
        if (nowMs - toldMs < progressMs) return;
        toldMs = nowMs;
        output.write({ event: "progress", ...answer, file, bytes, of: source.bytes });
      },
    });
    const ms = Math.round((performance.now() - startMs) * 10) / 10;
    const { bytes, sha256 } = source;
    return { event: "got", ...answer, file, path, ...from, bytes, sha256, verified: true, ms };
  }

  /** Runs an operation so that `cancel` and the end of the agent give it up. */
  async #cancellable(
    id: OperationId | undefined,
    run: (signal: AbortSignal) => Promise<OutputEvent>,
  ): Promise<OutputEvent> {
    const controller = new AbortController();
    if (id !== undefined) {
      if (this.#running.has(id))
        throw new SkeinError("bad-argument", "An operation of this id is still under way: choose another.");
      this.#running.set(id, controller);
    }
    try {
      return await run(AbortSignal.any([controller.signal, this.#until]));
    } finally {
      if (id !== undefined) this.#running.delete(id);
    }
  }
}
