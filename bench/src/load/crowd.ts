// A process that fills one room over several nodes, and notes when everyone there has heard of a change.
import { encodeControl, webSocketProtocol } from "@skein/protocol";
import { answerCalls } from "../child.ts";
import { clientFrame, opcode } from "./frames.ts";
import { createPerson, joinFrame, type Person, read } from "./skein.ts";
import { LoadSocket } from "./socket.ts";

/** What the crowd's process can be asked for. */
export interface Crowd extends Record<string, (...args: never[]) => unknown> {
  /** Fills the room, members taking the nodes by turns; resolves when each has heard of all others. */
  fill(urls: readonly string[], members: number): Promise<void>;
  /** One more joins at this node, then leaves again. Gives how long it took until all had heard of each. Milliseconds. */
  change(url: string): Promise<{ readonly joinMs: number; readonly leaveMs: number }>;
}

const room = "crowd";
const openAtOnce = 16;
const leaveFrame = clientFrame(opcode.binary, encodeControl({ t: "leave" }));
/** Where a control message's type stands: its kind, a map's head, the key `t`, the text's head. */
const typeAt = 5;

let present = 0;
let heard = { joined: 0, left: 0 };
let wanted: { readonly what: "joined" | "left"; readonly count: number; done(): void } | undefined;

/** Counts what is told of others. Read no further than that: there are a million of these. */
function count(type: string): void {
  if (type.startsWith("peer-joined")) heard.joined++;
  else if (type.startsWith("peer-left")) heard.left++;
  if (wanted !== undefined && heard[wanted.what] >= wanted.count) wanted.done();
}

const typeOf = (payload: Buffer) => payload.toString("latin1", typeAt, typeAt + 11);

function until(what: "joined" | "left", count: number): Promise<void> {
  return new Promise((resolve) => {
    wanted = { what, count, done: resolve };
    if (heard[what] >= count) resolve();
  });
}

async function join(url: string, person: Person): Promise<{ readonly socket: LoadSocket; readonly listed: number }> {
  const socket = await LoadSocket.open(url, [webSocketProtocol]);
  let listed = 0;
  return new Promise((resolve, reject) => {
    const enter = async (payload: Buffer): Promise<void> => {
      const message = read(payload);
      if (message?.t === "challenge") socket.write(await joinFrame(person, room, message.nonce));
      if (message?.t === "error") reject(new Error(message.message));
      if (message?.t === "peers" || message?.t === "joined") listed += message.peers.length;
      if (message?.t === "joined") resolve({ socket, listed });
    };
    const receive = (payload: Buffer): void => {
      const type = typeOf(payload);
      if (type.startsWith("peer-")) count(type);
      else void enter(payload).catch(reject);
    };
    socket.listen({ receive, lost: (reason) => reject(new Error(reason)) });
  });
}

answerCalls({
  async fill(urls, members) {
    const people = await Promise.all(Array.from({ length: members }, createPerson));
    let [next, listed] = [0, 0];
    const joinSome = async () => {
      for (let number = next++; number < members; number = next++) {
        const entered = await join(urls[number % urls.length] as string, people[number] as Person);
        listed += entered.listed;
      }
    };
    await Promise.all(Array.from({ length: openAtOnce }, joinSome));
    present = members;
    // Whom one wasn't told of on entering, it hears of later.
    await until("joined", members * (members - 1) - listed);
  },
  async change(url) {
    const person = await createPerson(undefined, present);
    heard = { joined: 0, left: 0 };
    let startedMs = performance.now();
    const { socket, listed } = await join(url, person);
    await until("joined", 2 * present - listed);
    const joinMs = performance.now() - startedMs;
    startedMs = performance.now();
    socket.write(leaveFrame);
    await until("left", present);
    return { joinMs, leaveMs: performance.now() - startedMs };
  },
} satisfies Crowd);
