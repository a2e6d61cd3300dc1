import type { Peer, Room } from "@skein/client";
import type { RoomFiles } from "../files/room-files.js";
import type { Share } from "../files/share.js";
import { clean, createInk } from "../terminal/ink.js";
import { bytesText, countText, millisecondsText } from "../terminal/units.js";

/** Tells people what an agent does: a line for each thing that happens. */
export function tellAgent(room: Room, share: Share, roomFiles: RoomFiles): void {
  const ink = createInk(process.stdout);
  const say = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  const nameOf = (peer: Peer): string => ink("bold", clean(peer.card.name ?? peer.id.slice(0, 8)));
  const own = ink("bold", clean(room.card.name ?? room.id.slice(0, 8)));

  say(
    `${own} is in ${ink("bold", clean(room.name))} with ${countText(share.files.length, "file")}, ${bytesText(share.bytes)}. Ctrl-C leaves.`,
  );
  room.on("peer-connected", (peer) => say(`linked to ${nameOf(peer)} in ${millisecondsText(peer.openMs ?? 0)}`));
  room.on("peer-disconnected", ({ peer }) => {
    // Whoever leaves is disconnected first: a moment later it is gone.
    queueMicrotask(() => {
      if (peer.state !== "gone") say(`the link to ${nameOf(peer)} is lost; another is on the way`);
    });
  });
  room.on("peer-left", ({ peer }) => say(`${nameOf(peer)} left`));
  room.on("server-disconnected", () => say("the server is away; links live on"));
  roomFiles.answer(({ op, peer, file }) => {
    if (op === "find") say(ink("dim", `answered a search of ${nameOf(peer)}`));
    else if (file !== undefined) say(ink("dim", `gave a piece of ${file} to ${nameOf(peer)}`));
  });
}
