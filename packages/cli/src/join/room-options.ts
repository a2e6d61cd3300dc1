import type { JoinOptions } from "@skein/client";
import { identityFrom, lineFrom, tokenFrom } from "./keys.js";

/** What every command that joins a room takes. */
export interface RoomOptions {
  readonly server: string;
  readonly name?: string;
  readonly identity?: string;
  readonly secretFile?: string;
  readonly tokenFile?: string;
}

/** A command's options as `joinRoom` takes them; reads the files that they name. */
export function joinOptionsOf(room: string, options: RoomOptions): JoinOptions {
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
