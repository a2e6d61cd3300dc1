import { joinRoom, type Room } from "@skein/client";
import type { Part } from "../commands/options.js";
import { files } from "../files/protocol.js";
import { RoomFiles } from "../files/room-files.js";
import { scanFolder } from "../files/scan.js";
import { Share } from "../files/share.js";
import { joinOptionsOf, type RoomOptions } from "../join/room-options.js";
import { aborted, listenForStop } from "../process/stop.js";
import { failure } from "../stdio/envelope.js";
import { createEventWriter } from "../stdio/event-writer.js";
import { runAgentOperations } from "./json-agent.js";
import { tellAgent } from "./tell-agent.js";

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
    const share = new Share(await scanFolder({ folder: options.share, part: options.part }));
    const room = await enter(options, stop.signal);
    const ended = new Promise<undefined | Error>((resolve) => {
      room.on("closed", (error) => {
        over.abort();
        resolve(error);
      });
    });
    const signal = AbortSignal.any([stop.signal, over.signal]);
    const roomFiles = new RoomFiles(room, share);
    if (options.json) {
      await runAgentOperations({ room, share, roomFiles, part: options.part, output, signal });
    } else {
      tellAgent(room, share, roomFiles);
      await aborted(signal);
    }
    await room.leave();
    const error = await ended;
    if (error !== undefined) throw error;
    if (options.json) output.write({ event: "left" });
  } catch (error) {
    if (options.json) output.write(failure(undefined, error));
    throw error;
  }
}

function enter(options: AgentCommandOptions, signal: AbortSignal): Promise<Room> {
  return joinRoom({ ...joinOptionsOf(options.room, options), protocols: [files], capabilities: ["files"], signal });
}
