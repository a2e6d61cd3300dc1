import type { Peer, Room } from "@skein/client";
import { defineProtocol, type Identity, message } from "@skein/protocol";
import * as v from "valibot";
import { deferred } from "../process/deferred.js";
import { clean, createInk } from "../terminal/ink.js";
import { Prompt } from "../terminal/prompt.js";
import { tableLines } from "../terminal/table.js";
import { millisecondsText } from "../terminal/units.js";
import { Agreeing, agreeingHelp } from "./agreeing.js";

const longestText = 4000;

/** What people who join the same room say to each other. */
export const chatProtocol = defineProtocol("skein.chat", "1.0.0", {
  say: message(v.object({ text: v.pipe(v.string(), v.minLength(1), v.maxLength(longestText)) })),
});

const help = [
  ["TEXT", "say it to everyone in the room"],
  ["/peers", "who is here, and how they are linked"],
  ...agreeingHelp,
  ["/help", "this"],
  ["/quit", "leave; so does Ctrl-C or Ctrl-D"],
];

/** A small chat: each line typed goes to everyone in the room. */
export async function runChat(options: {
  readonly enter: () => Promise<Room>;
  readonly identity: Identity;
  readonly signal: AbortSignal;
}): Promise<void> {
  const room = await options.enter();
  const ink = createInk(process.stdout);
  const done = deferred<void>();
  const quit = (): void => done.resolve();
  options.signal.addEventListener("abort", quit, { once: true });

  const say = async (line: string): Promise<void> => {
    const text = line.trim().slice(0, longestText);
    if (text === "") return;
    if (text === "/quit") return quit();
    if (text === "/help")
      return prompt.print(tableLines(help.map(([key = "", what = ""]) => [`  ${ink("bold", key)}`, what])).join("\n"));
    if (text === "/peers") return prompt.print(peerLines(room).join("\n"));
    if (agreeing.run(text)) return;
    if (text.startsWith("/")) return prompt.print(`There is no ${clean(text)}: /help shows what there is.`);
    const heard = await room.broadcast(chatProtocol.say, { text });
    if (heard === 0) prompt.print(ink("dim", `Nobody heard it: ${whyUnheard(room)}.`));
  };
  using prompt = new Prompt({ prompt: ink("bold", "› "), line: say, interrupt: quit, end: quit });
  let leaving = false;
  const note = (text: string): void => {
    if (!leaving) prompt.print(ink("dim", `· ${text}`));
  };

  const agreeing = await Agreeing.begin({
    room,
    identity: options.identity,
    nameOf: (id) => {
      const peer = room.peers.get(id);
      return peer === undefined ? id.slice(0, 8) : nameOf(peer);
    },
    note,
  });
  room.handle(chatProtocol.say, ({ text }, from) =>
    prompt.print(`${ink(["bold", "cyan"], nameOf(from))}  ${clean(text)}`),
  );
  room.on("peer-connected", (peer) => note(`${nameOf(peer)} is here, linked in ${millisecondsText(peer.openMs ?? 0)}`));
  room.on("peer-disconnected", ({ peer }) => {
    // Whoever leaves is disconnected first: a moment later it is gone.
    queueMicrotask(() => {
      if (peer.state !== "gone") note(`the link to ${nameOf(peer)} is lost; another is on the way`);
    });
  });
  room.on("peer-left", ({ peer }) => note(`${nameOf(peer)} left`));
  let away = false;
  room.on("server-disconnected", () => {
    away = true;
    note("the server is away; links live on");
  });
  room.on("server-connected", () => {
    if (away) note("the server is back");
    away = false;
  });
  room.on("trouble", (error) => note(error.message));
  const strangers = new Set<string>();
  room.on("rejected", ({ code, from }) => {
    const peer = from === "server" ? undefined : room.peers.get(from);
    // What is sealed with another secret is told from what is forged by nothing.
    if (code !== "forged" || peer === undefined || peer.state === "connected" || strangers.has(peer.id)) return;
    strangers.add(peer.id);
    note(`${nameOf(peer)} is here too, but what it sends can't be opened: has it the same secret?`);
  });
  const ended = deferred<void>();
  room.on("closed", (error) => (error === undefined ? ended.resolve() : ended.reject(error)));

  note(
    `You are in ${clean(room.name)} as ${clean(room.card.name ?? room.id.slice(0, 8))}. /help shows what you can do.`,
  );
  prompt.show();
  try {
    await Promise.race([done.promise, ended.promise]);
  } finally {
    leaving = true;
    await agreeing.close();
    await room.leave();
  }
}

function nameOf(peer: Peer): string {
  return clean(peer.card.name ?? peer.id.slice(0, 8));
}

function peerLines(room: Room): string[] {
  const peers = [...room.peers.values()];
  if (peers.length === 0) return ["Nobody else is here yet. Join the same room from another terminal."];
  return tableLines(
    peers.map((peer) => [
      `  ${nameOf(peer)}`,
      peer.id.slice(0, 8),
      peer.path ?? peer.state,
      peer.rttMs === undefined ? "" : millisecondsText(peer.rttMs),
    ]),
  );
}

function whyUnheard(room: Room): string {
  const isLinked = [...room.peers.values()].some(({ state }) => state === "connected");
  return isLinked ? "whoever is linked takes part in no chat" : "nobody else is linked yet";
}
