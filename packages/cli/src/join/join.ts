import { joinRoom, type Room } from "@skein/client";
import { createIdentity } from "@skein/protocol";
import type { Protocols } from "../commands/options.js";
import { listenForStop } from "../process/stop.js";
import { agreeingProtocols } from "./agreeing.js";
import { chatProtocol, runChat } from "./chat.js";
import { runJsonRoom } from "./json-room.js";
import { joinOptionsOf, type RoomOptions } from "./room-options.js";

export interface JoinCommandOptions extends RoomOptions {
  readonly protocol?: Protocols;
  readonly json?: boolean;
  /** With `json`: takes part in the room's election, votes and locks. */
  readonly agree?: boolean;
}

/** Joins a room for a person or a program, until either has enough of it. */
export async function join(roomName: string, options: JoinCommandOptions): Promise<void> {
  using stop = listenForStop();
  const own = options.protocol ?? [];
  const agreeing = options.agree || !options.json ? agreeingProtocols : [];
  const protocols = [...(options.json ? [] : [chatProtocol]), ...agreeing, ...own];
  const { identity = createIdentity(), ...rest } = joinOptionsOf(roomName, options);
  const enter = (): Promise<Room> => joinRoom({ ...rest, identity, protocols, signal: stop.signal });
  const member = options.agree ? { identity } : {};
  if (options.json) await runJsonRoom({ enter, protocols: own, signal: stop.signal, ...member });
  else await runChat({ enter, identity, signal: stop.signal });
}
