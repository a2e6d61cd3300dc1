import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { joinRoom, type Room } from "@skein/client";
import { createFileStore } from "@skein/coordination/node";
import { createIdentity, type Identity } from "@skein/protocol";
import type { Part } from "../commands/options.js";
import { Crew, type CrewListener, crewProtocols } from "../crew/crew.js";
import { scanFolder } from "../files/scan.js";
import { Share } from "../files/share.js";
import { joinOptionsOf, type RoomOptions } from "../join/room-options.js";
import { aborted, listenForStop } from "../process/stop.js";
import { failure } from "../stdio/envelope.js";
import { createEventWriter } from "../stdio/event-writer.js";
import { announceAgent, crewEvents, runAgentOperations } from "./json-agent.js";
import { agentLines } from "./tell-agent.js";

export interface AgentCommandOptions extends Omit<RoomOptions, "identity"> {
  readonly room: string;
  readonly share: string;
  readonly part: Part;
  readonly json?: boolean;
}

/** Runs an agent that holds files, until it is told to stop. */
export async function runAgent(options: AgentCommandOptions): Promise<void> {
  using stop = listenForStop();
  const over = new AbortController();
  const output = createEventWriter(process.stdout, () => over.abort());
  try {
    const shares = await sharesOf(options);
    const identity = createIdentity();
    const room = await joinRoom({
      ...joinOptionsOf(options.room, options),
      identity,
      protocols: crewProtocols,
      capabilities: ["files"],
      signal: stop.signal,
    });
    const ended = new Promise<undefined | Error>((resolve) => {
      room.on("closed", (error) => {
        over.abort();
        resolve(error);
      });
    });
    const signal = AbortSignal.any([stop.signal, over.signal]);
    if (options.json) announceAgent(room, { shares, part: options.part, output });
    const listener = options.json ? crewEvents(room, output) : agentLines(room, shares);
    await withCrew({ room, identity, shares, listener }, async (crew) => {
      if (options.json) await runAgentOperations({ room, crew, output, signal });
      else await aborted(signal);
    });
    await room.leave();
    const error = await ended;
    if (error !== undefined) throw error;
    if (options.json) output.write({ event: "left" });
  } catch (error) {
    if (options.json) output.write(failure(undefined, error));
    throw error;
  }
}

/** One for each part, so that each is searched by itself. */
async function sharesOf({ share: folder, part }: AgentCommandOptions): Promise<Share[]> {
  return Promise.all(
    part.indexes.map(async (index) => new Share(await scanFolder({ folder, part: { indexes: [index], of: part.of } }))),
  );
}

/** A crew for as long as something runs. What it fetches and offers lies in a folder of its own meanwhile. */
export async function withCrew(
  options: {
    readonly room: Room;
    readonly identity: Identity;
    readonly shares: readonly Share[];
    readonly listener: CrewListener;
  },
  run: (crew: Crew) => Promise<void>,
): Promise<void> {
  const { room, identity, shares, listener } = options;
  const folder = await mkdtemp(join(tmpdir(), "skein-crew-"));
  try {
    const store = await createFileStore(folder);
    const standsForOffice = shares.length > 0;
    const crew = await Crew.begin(room, { identity, holdings: () => shares, standsForOffice, store, listener });
    try {
      await run(crew);
    } finally {
      await crew.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
