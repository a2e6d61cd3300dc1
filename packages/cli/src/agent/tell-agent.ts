import type { Peer, Room } from "@skein/client";
import type { PeerId } from "@skein/protocol";
import type { CrewListener } from "../crew/crew.js";
import { namesOf } from "../crew/names.js";
import type { Share } from "../files/share.js";
import { clean, createInk } from "../terminal/ink.js";
import { bytesText, countText, millisecondsText } from "../terminal/units.js";
import { voteText } from "./vote-text.js";

/** Tells people what an agent does: a line for each thing that happens. */
export function agentLines(room: Room, shares: readonly Share[]): CrewListener {
  const ink = createInk(process.stdout);
  const say = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  const nameOf = (peer: Peer): string => ink("bold", clean(peer.card.name ?? peer.id.slice(0, 8)));
  const plainName = namesOf(room);
  const named = (id: PeerId): string => ink("bold", clean(plainName(id)));
  const own = ink("bold", clean(room.card.name ?? room.id.slice(0, 8)));
  const count = shares.reduce((sum, { files }) => sum + files.length, 0);
  const bytes = shares.reduce((sum, share) => sum + share.bytes, 0);

  say(
    `${own} is in ${ink("bold", clean(room.name))} with ${countText(count, "file")}, ${bytesText(bytes)}. Ctrl-C leaves.`,
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
  return {
    led: (leader) => say(leader === undefined ? "nobody leads" : `${named(leader.id)} leads, in term ${leader.term}`),
    voted: (vote) => say(voteText(vote, named)),
    served: ({ op, to, file }) => {
      if (op === "find") say(ink("dim", `searched for ${named(to)}`));
      else if (file !== undefined) say(ink("dim", `gave a piece of ${clean(file)} to ${named(to)}`));
    },
  };
}
