import type { Peer, Room } from "@skein/client";
import { type PeerId, SkeinError } from "@skein/protocol";
import type { Part } from "../commands/options.js";
import type { Crew, CrewListener } from "../crew/crew.js";
import type { FoundInSet } from "../crew/finder.js";
import { namesOf } from "../crew/names.js";
import { saveFile } from "../files/save-file.js";
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
  readonly crew: Crew;
  readonly output: EventWriter;
  readonly signal: AbortSignal;
}

const sampleMs = 250;
/** Between two lines about the progress of one fetch. */
const progressMs = 50;

/** What happens in a crew, as lines of JSON. */
export function crewEvents(room: Room, output: EventWriter): CrewListener {
  const nameOf = namesOf(room);
  return {
    handedOver: ({ name, from, to, reason }) =>
      output.write({
        event: "handed-over",
        task: name,
        from,
        to,
        names: [nameOf(from), nameOf(to)],
        reason: reason.code,
      }),
    dropped: ({ artifact, holder, reason }) =>
      output.write({ event: "holder-dropped", artifact, holder, name: nameOf(holder), reason }),
    led: (leader) =>
      output.write({
        event: "leader",
        leader: leader?.id ?? null,
        ...(leader === undefined ? {} : { name: nameOf(leader.id), term: leader.term }),
      }),
    voted: ({ keeper, end, ballots, electors }) =>
      output.write({
        event: "vote",
        keeper,
        name: nameOf(keeper),
        end,
        ballots: Object.fromEntries(ballots),
        electors,
      }),
    served: (event) => output.write({ event: "served", ...event }),
  };
}

/** Says that an agent has joined, and from then on what happens in the room. */
export function announceAgent(
  room: Room,
  { shares, part, output }: Pick<AgentParts, "output"> & { readonly shares: readonly Share[]; readonly part?: Part },
): void {
  const name = room.card.name === undefined ? {} : { name: room.card.name };
  const held = {
    files: shares.reduce((sum, { files }) => sum + files.length, 0),
    bytes: shares.reduce((sum, { bytes }) => sum + bytes, 0),
    ...(part === undefined ? {} : { part: `${part.indexes.join(",")}/${part.of}` }),
  };
  output.write({ event: "joined", room: room.name, peer: room.id, ...name, share: held });
  writeRoomEvents(room, output);
}

/** An agent that speaks lines of JSON, until stdin ends and all is answered, `leave` comes, or the signal fires. */
export async function runAgentOperations(parts: AgentParts): Promise<void> {
  const { room, output, signal } = parts;
  const left = new AbortController();
  const until = AbortSignal.any([signal, left.signal]);
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
  readonly #nameOf: (id: PeerId) => string;

  constructor(parts: AgentParts, rates: Rates, until: AbortSignal, leave: () => void) {
    this.#parts = parts;
    this.#nameOf = namesOf(parts.room);
    this.#rates = rates;
    this.#until = until;
    this.#leave = leave;
  }

  async perform(operation: AgentOperation): Promise<OutputEvent | undefined> {
    const answer = named(operation.id);
    const { room, crew } = this.#parts;
    switch (operation.op) {
      case "find":
        return this.#cancellable(operation.id, async (signal) => {
          const startMs = performance.now();
          const found = await crew.find(operation.words, { most: operation.most, signal });
          return { event: "found", ...answer, ...this.#findings(found), ms: sinceMs(startMs) };
        });
      case "get":
        return this.#cancellable(operation.id, (signal) => this.#get(operation, signal));
      case "locate":
        return this.#cancellable(operation.id, async (signal) => {
          const { file, bytes, sets } = await crew.locate(operation.file, signal);
          return { event: "located", ...answer, file, bytes, holders: this.#members(crew.holdersOf(sets)) };
        });
      case "list":
        return this.#cancellable(operation.id, async (signal) => ({
          event: "list",
          ...answer,
          files: await crew.list(signal),
        }));
      case "peers": {
        const peers = [...room.peers.values()].map((peer) => ({ ...peerJson(peer), ...this.#rates.of(peer) }));
        return { event: "peers", ...answer, leader: crew.leader?.id ?? null, keeper: crew.keeper ?? null, peers };
      }
      case "cancel":
        this.#running.get(operation.operation)?.abort();
        return { event: "cancelled", ...answer, operation: operation.operation };
      case "leave":
        this.#leave();
        return undefined;
    }
  }

  /** Hits with whose they are, and what didn't answer. */
  #findings(found: readonly FoundInSet[]) {
    const answered = found.filter(({ error }) => error === undefined);
    return {
      hits: found.flatMap(({ by, hits }) =>
        by === undefined ? [] : hits.map((hit) => ({ ...hit, peer: by, name: this.#nameOf(by) })),
      ),
      agents: new Set(answered.map(({ by }) => by)).size,
      files: answered.reduce((sum, { files = 0 }) => sum + files, 0),
      failed: found.flatMap(({ set, error }) => (error === undefined ? [] : [{ set, code: error.code }])),
    };
  }

  #members(ids: readonly PeerId[]) {
    return ids.map((id) => ({ id, name: this.#nameOf(id) }));
  }

  async #get(
    { id, file: wanted, to }: Extract<AgentOperation, { op: "get" }>,
    signal: AbortSignal,
  ): Promise<OutputEvent> {
    const { crew, output } = this.#parts;
    const answer = named(id);
    const startMs = performance.now();
    const located = await crew.locate(wanted, signal);
    const { file, bytes, sets } = located;
    const path = targetPath(to, file);
    output.write({ event: "getting", ...answer, file, bytes, holders: this.#members(crew.holdersOf(sets)) });
    let toldMs = startMs;
    const from = new Set<PeerId>();
    const artifact = await crew.get(located, {
      signal,
      onProgress: ({ bytes, totalBytes: of, holders }) => {
        for (const holder of holders) from.add(holder);
        const nowMs = performance.now();
        if (nowMs - toldMs < progressMs) return;
        toldMs = nowMs;
        output.write({ event: "progress", ...answer, file, bytes, of });
      },
    });
    const sha256 = await saveFile({ bytes: crew.read(artifact.id), path, signal });
    await crew.forget(artifact.id);
    const what = {
      file,
      path,
      from: this.#members([...from]),
      bytes: artifact.bytes,
      artifact: artifact.id,
      sha256,
      verified: true,
    };
    return { event: "got", ...answer, ...what, ms: sinceMs(startMs) };
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

/** To a tenth. */
function sinceMs(startMs: number): number {
  return Math.round((performance.now() - startMs) * 10) / 10;
}
