// An agent in a process of its own, that works together with others by @skein/coordination.
import { joinRoom, type Room } from "@skein/client";
import {
  type Artifacts,
  artifactsProtocol,
  createArtifacts,
  createPresence,
  createTasks,
  presenceProtocol,
  type Tasks,
  tasksProtocol,
} from "@skein/coordination";
import { answerCalls } from "../child.ts";
import { type Note, noteOf, numberOfNote, packedNote, textOf } from "../traffic/cargo.ts";
import { BlockLine } from "./block-line.ts";
import { inFlight, type Times } from "./in-flight.ts";
import { bareProtocol, noteSchema, noteTask } from "./protocol.ts";
import { SlowStore } from "./slow-store.ts";

/** What such an agent can be asked for. */
export interface TogetherMethods extends Record<string, (...args: never[]) => unknown> {
  /** Gives its id. */
  join(url: string): Promise<string>;
  /** Resolves when so many others are linked. */
  met(count: number): Promise<void>;
  /** From now on: gives back each note, asked for by a request or by a task. */
  serve(): void;
  /** Asks a peer for so many notes, some at a time. */
  requests(peer: string, total: number, most: number): Promise<Times>;
  /** The same, as tasks. */
  delegations(total: number, most: number): Promise<Times>;
  /** Keeps an artifact of so many bytes; gives its id. */
  put(bytes: number): Promise<string>;
  /** From now on its store gives no more than so many bytes in a second; Infinity for as many as it can. */
  limit(bytesPerSecond: number): void;
  /** Fetches an artifact, and removes it; gives the milliseconds that the first took. */
  fetch(id: string): Promise<number>;
  /** From now on: counts the blocks that come, and answers once it has all of so many bytes. */
  takeBlocks(totalBytes: number): void;
  /** Sends so many bytes in blocks to a peer that takes them; gives the milliseconds until it had all. */
  sendBlocks(peer: string, totalBytes: number): Promise<number>;
}

const store = new SlowStore();
const text = textOf(packedNote);
let room: Room | undefined;
let tasks: Tasks | undefined;
let artifacts: Artifacts | undefined;
let blocks: BlockLine | undefined;

function here<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error("It hasn't joined.");
  return part;
}

/** The other side sent back what it got. */
function sameNote(note: Note, number: number): void {
  if (numberOfNote(note, packedNote.textLength) !== number) throw new Error(`Note ${number} came back as another one.`);
}

answerCalls({
  async join(url) {
    const protocols = [presenceProtocol, tasksProtocol, artifactsProtocol, bareProtocol];
    room = await joinRoom({ server: url, room: "together", protocols });
    tasks = createTasks(room, { presence: createPresence(room) });
    artifacts = await createArtifacts(room, { store });
    blocks = new BlockLine(room);
    return room.id;
  },
  async met(count) {
    const joined = here(room);
    const linked = () => [...joined.peers.values()].filter(({ state }) => state === "connected").length;
    while (linked() < count) await new Promise<void>((resolve) => void joined.on("peer-connected", () => resolve()));
  },
  serve() {
    here(tasks).handle(noteTask, { input: noteSchema, output: noteSchema, concurrency: 256 }, (note) => note);
    here(room).handle(bareProtocol.note, (note) => note);
  },
  requests: (peer, total, most) =>
    inFlight(total, most, async (number) =>
      sameNote(await here(room).request(peer as Room["id"], bareProtocol.note, noteOf(number, text)), number),
    ),
  delegations: (total, most) =>
    inFlight(total, most, async (number) =>
      sameNote(await here(tasks).delegate({ name: noteTask, input: noteOf(number, text), output: noteSchema }), number),
    ),
  async put(bytes) {
    const piece = Uint8Array.from({ length: 65_521 }, (_, index) => (index * 7) & 255);
    const whole = new Uint8Array(bytes);
    for (let from = 0; from < bytes; from += piece.length) whole.set(piece.subarray(0, bytes - from), from);
    return (await here(artifacts).put(whole)).id;
  },
  limit: (bytesPerSecond) => store.limit(bytesPerSecond),
  async fetch(id) {
    const startedMs = performance.now();
    await here(artifacts).fetch(id);
    const elapsedMs = performance.now() - startedMs;
    await here(artifacts).remove(id);
    return elapsedMs;
  },
  takeBlocks: (totalBytes) => here(blocks).take(totalBytes),
  sendBlocks: (peer, totalBytes) => here(blocks).send(peer as Room["id"], totalBytes),
} satisfies TogetherMethods);
