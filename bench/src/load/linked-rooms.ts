// A process that holds rooms of four, each of whose members is linked to the three others by the client as it ships.
import { defineProtocol, type JoinOptions, joinRoom, message, type Room } from "@skein/client";
import { inProcessEngine } from "@skein/testing";
import { answerCalls } from "../child.ts";

export interface Kept {
  /** From the server's end until the last was in its room again. */
  readonly backMs: number;
  /** What any of them was told of another since the server's end: that a peer or a link had gone, come or changed its path. */
  readonly notices: number;
  /** Members that don't have just the three others of their room, linked, when the server would have given up places. */
  readonly wrong: number;
  /** Links over which a message didn't come in the end, one way or the other. */
  readonly dead: number;
}

/** What the links are over: data channels of node-datachannel, or of an engine that keeps them within the process. */
export type Channels = "native" | "in process";

/** What the process can be asked for. */
export interface LinkedRoomsMethods extends Record<string, (...args: never[]) => unknown> {
  /** Fills so many rooms, and waits until all in them are linked. */
  open(url: string, rooms: number, prefix: string, channels: Channels): Promise<void>;
  /** The server's end comes now: begins to count. */
  lose(): void;
  /** Waits until all are back, and on until a server would have given up the places of those that aren't. */
  kept(): Promise<Kept>;
}

const roomSize = 4;
/** How many rooms are filled at the same time. */
const openAtOnce = 2;
/** After which a server gives up the place of who isn't back; and a second more, until everyone has been told. */
const graceMs = 11_000;
/** How long a message over a link may take, on a machine with other things to do. */
const messageMs = 10_000;

const protocol = defineProtocol("skein.kept", "1.0.0", { hello: message((value) => value as number) });
const news = ["peer-joined", "peer-left", "peer-connected", "peer-disconnected", "path-changed"] as const;

const members: Room[] = [];
let notices = 0;
let heard = 0;
let lostMs = 0;
let backMs = 0;
let everyoneBack: Promise<void> = Promise.resolve();

async function open(url: string, rooms: number, prefix: string, channels: Channels): Promise<void> {
  const engine = channels === "native" ? {} : { engine: inProcessEngine() };
  let next = 0;
  const fillSome = async () => {
    while (next < rooms) await fill({ server: url, room: `${prefix}-${next++}`, protocols: [protocol], ...engine });
  };
  await Promise.all(Array.from({ length: openAtOnce }, fillSome));
}

async function fill(options: JoinOptions): Promise<void> {
  const joined = await Promise.all(Array.from({ length: roomSize }, () => joinRoom(options)));
  await Promise.all(joined.map(linked));
  for (const member of joined) {
    member.handle(protocol.hello, () => void heard++);
    for (const name of news) member.on(name, () => void notices++);
    members.push(member);
  }
}

/** Resolves when a member is linked to all others of its room. */
function linked(room: Room): Promise<void> {
  if (seesAll(room)) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = room.on("peer-connected", () => {
      if (!seesAll(room)) return;
      stop();
      resolve();
    });
  });
}

function seesAll({ peers }: Room): boolean {
  return peers.size === roomSize - 1 && [...peers.values()].every(({ state }) => state === "connected");
}

function lose(): void {
  lostMs = performance.now();
  notices = 0;
  const back = members.map((member) => new Promise<void>((resolve) => void member.on("server-connected", resolve)));
  everyoneBack = Promise.all(back).then(() => {
    backMs = performance.now() - lostMs;
  });
}

async function kept(): Promise<Kept> {
  await everyoneBack;
  await pause(graceMs);
  const wrong = members.filter((member) => !seesAll(member)).length;
  const told = notices;
  return { backMs, notices: told, wrong, dead: await deadLinks() };
}

/** Everyone says something to everyone in its room. */
async function deadLinks(): Promise<number> {
  heard = 0;
  let due = 0;
  for (const member of members) {
    for (const peer of member.peers.values()) {
      due++;
      void member.send(peer, protocol.hello, due).catch(() => {});
    }
  }
  const untilMs = performance.now() + messageMs;
  while (heard < due && performance.now() < untilMs) await pause(50);
  return due - heard;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

answerCalls({ open, lose, kept } satisfies LinkedRoomsMethods);
