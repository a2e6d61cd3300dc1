import { Command } from "commander";
import type { AdminTarget } from "../admin/admin.js";
import { parseDuration, parseRoom } from "./options.js";

/** `skein admin`. */
export function adminCommand(): Command {
  const admin = new Command("admin")
    .description(
      "Look into a server on this machine that was started with --admin-port and --admin-token, and send peers away.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ skein serve --admin-port 7701 --admin-token admin.token
  $ skein admin rooms --admin-token admin.token
  $ skein admin peers lab
  $ skein admin kick PEER --for 1h
  $ skein admin stats --json

The token's file may come from SKEIN_ADMIN_TOKEN, the address from SKEIN_ADMIN.`,
    );
  admin.addCommand(
    withTarget(new Command("rooms").description("List the rooms.")).action(async (target: AdminTarget) => {
      const { listRooms } = await import("../admin/admin.js");
      await listRooms(target);
    }),
  );
  admin.addCommand(
    withTarget(
      new Command("peers").description("List who is in a room.").argument("<room>", "its name", parseRoom),
    ).action(async (room: string, target: AdminTarget) => {
      const { listPeers } = await import("../admin/admin.js");
      await listPeers(room, target);
    }),
  );
  admin.addCommand(
    withTarget(new Command("kick").description("Send a peer away.").argument("<peer>", "its id"))
      .option("--room <name>", "out of this room alone (default: out of all)", parseRoom)
      .option("--for <time>", "and keep it out of all for so long, such as 10m or 12h", parseDuration)
      .action(async (peer: string, target: AdminTarget & { readonly room?: string; readonly for?: number }) => {
        const { kick } = await import("../admin/admin.js");
        await kick(peer, target);
      }),
  );
  admin.addCommand(
    withTarget(new Command("stats").description("Tell what the server holds and has passed on.")).action(
      async (target: AdminTarget) => {
        const { tellStats } = await import("../admin/admin.js");
        await tellStats(target);
      },
    ),
  );
  return admin;
}

function withTarget(command: Command): Command {
  return command
    .option("--admin <url>", "where the server listens for operators (default: http://127.0.0.1:7701)")
    .option("--admin-token <file>", "the file with their token")
    .option("--json", "write JSON");
}
