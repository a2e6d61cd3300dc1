import { type JoinOptions, joinRoom, type Room } from "@skein/client";
import type { Protocols } from "../commands/options.js";
import { listenForStop } from "../process/stop.js";
import { chatProtocol, runChat } from "./chat.js";
import { runJsonRoom } from "./json-room.js";
import { identityFrom, lineFrom, tokenFrom } from "./keys.js";

export interface JoinCommandOptions {
  readonly server: string;
  readonly name?: string;
  readonly identity?: string;
  readonly secretFile?: string;
  readonly tokenFile?: string;
  readonly protocol?: Protocols;
  readonly json?: boolean;
}

/** Joins a room for a person or a program, until either has enough of it. */
export async function join(roomName: string, options: JoinCommandOptions): Promise<void> {
  using stop = listenForStop();
  const own = options.protocol ?? [];
  const protocols = options.json ? own : [chatProtocol, ...own];
  const enter = (): Promise<Room> => joinRoom({ ...joinOptions(roomName, options), protocols, signal: stop.signal });
  if (options.json) await runJsonRoom({ enter, protocols, signal: stop.signal });
  else await runChat({ enter, signal: stop.signal });
}

function joinOptions(room: string, options: JoinCommandOptions): JoinOptions {
  const { server, name, identity, secretFile, tokenFile } = options;
  const warn = (sentence: string): void => {
    process.stderr.write(`skein: ${sentence}\n`);
  };
  return {
    server,
    room,
    ...(name === undefined ? {} : { name }),
    ...(identity === undefined ? {} : { identity: identityFrom(identity, warn) }),
    ...(secretFile === undefined ? {} : { secret: lineFrom(secretFile) }),
    ...(tokenFile === undefined ? {} : { token: tokenFrom(tokenFile) }),
  };
}
