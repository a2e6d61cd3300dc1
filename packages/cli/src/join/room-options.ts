import type { JoinOptions, ServerOrder } from "@skein/client";
import { type RelayFallbackOptions, relayFallback } from "@skein/relay-fallback";
import { defaultServer, defaultServerOrder } from "../commands/options.js";
import { identityFrom, lineFrom, tokenFrom } from "./keys.js";

/** What every command that joins a room takes. */
export interface RoomOptions {
  readonly server: readonly string[];
  readonly serverOrder: ServerOrder;
  readonly name?: string;
  readonly identity?: string;
  readonly secretFile?: string;
  readonly tokenFile?: string;
  readonly relay?: NonNullable<RelayFallbackOptions["policy"]>;
}

/** What the other side has to say to come to the same room. */
export function meetingText(room: string, { server, serverOrder, secretFile }: RoomOptions): string {
  const isDefault = server.length === 1 && server[0] === defaultServer;
  const where = isDefault ? "" : server.map((url) => ` --server ${url}`).join("");
  const order = server.length === 1 || serverOrder === defaultServerOrder ? "" : ` --server-order ${serverOrder}`;
  return `--room ${room}${where}${order}${secretFile === undefined ? "" : " --secret-file FILE"}`;
}

/** A command's options as `joinRoom` takes them; reads the files that they name. */
export function joinOptionsOf(room: string, options: RoomOptions): JoinOptions {
  const { server, serverOrder, name, identity, secretFile, tokenFile, relay = "fallback" } = options;
  const warn = (sentence: string): void => {
    process.stderr.write(`skein: ${sentence}\n`);
  };
  return {
    server,
    serverOrder,
    room,
    paths: [relayFallback({ policy: relay })],
    ...(name === undefined ? {} : { name }),
    ...(identity === undefined ? {} : { identity: identityFrom(identity, warn) }),
    ...(secretFile === undefined ? {} : { secret: lineFrom(secretFile) }),
    ...(tokenFile === undefined ? {} : { token: tokenFrom(tokenFile) }),
  };
}
