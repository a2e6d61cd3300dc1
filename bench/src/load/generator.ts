// A process that holds many connections to one server and has them send to each other.
import { answerCalls } from "../child.ts";
import { type Dialect, type Member, roomSize } from "./dialect.ts";
import { createPeerJsDialect } from "./peerjs.ts";
import { createSkeinDialect } from "./skein.ts";
import { createSocketIoDialect } from "./socketio.ts";
import { createYWebrtcDialect } from "./y-webrtc.ts";

export interface LoadOptions {
  readonly dialect: "skein" | "peerjs" | "y-webrtc" | "socketio";
  readonly url: string | readonly string[];
  /** Of several nodes, the members of a room take one after another, or all of a room the same. Default: `turns`. */
  readonly spread?: "turns" | "rooms";
  /** A multiple of the size of a room. */
  readonly connections: number;
}

/** What the generator's process can be asked for. */
export interface Generator extends Record<string, (...args: never[]) => unknown> {
  /** Opens all connections, and waits until all may send. */
  open(options: LoadOptions): Promise<void>;
  /** Begins to send: each connection has at most this many forwards on their way. */
  start(inFlight: number): void;
  /** Forwards that arrived since the connections were opened, and when that is counted. */
  arrived(): { readonly forwards: number; readonly atMs: number };
  /** How long forwards took whose senders had one on its way, since this was asked the last time. Milliseconds. */
  latencies(): readonly number[];
  /** Sends no more, and waits until all that was sent has arrived. */
  stop(): Promise<void>;
  /** Fails where anything came that shouldn't, or a connection was lost. */
  check(): void;
  close(): void;
}

const dialects = {
  skein: createSkeinDialect,
  peerjs: createPeerJsDialect,
  "y-webrtc": createYWebrtcDialect,
  socketio: createSocketIoDialect,
} as const;

/** How many open at the same time. */
const openAtOnce = 32;

let members: Sender[] = [];
let dialect: Dialect | undefined;
let trouble: string | undefined;
let forwards = 0;
let latencies: number[] = [];
let sending = false;

/** One connection, which sends to its neighbour in the room whenever the neighbour has got something of it. */
class Sender {
  readonly #member: Member;
  /** As many frames as may be on their way, in a row: to send some is to send the beginning of it. */
  #frames = Buffer.alloc(0);
  #frameBytes = 0;
  #inFlight = 0;
  #sentMs = 0;

  constructor(member: Member) {
    this.#member = member;
  }

  get idle(): boolean {
    return this.#inFlight === 0;
  }

  get member(): Member {
    return this.#member;
  }

  prepare(frame: Buffer, most: number): void {
    this.#frames = Buffer.concat(Array.from({ length: most }, () => frame));
    this.#frameBytes = frame.length;
  }

  send(count: number): void {
    if (this.#inFlight === 0) this.#sentMs = performance.now();
    this.#inFlight += count;
    this.#member.socket.write(this.#frames.subarray(0, count * this.#frameBytes));
  }

  /** What it sent has arrived. */
  handleArrived(count: number): void {
    this.#inFlight -= count;
    if (this.#inFlight === 0) latencies.push(performance.now() - this.#sentMs);
    if (sending) this.send(count);
    else if (this.#inFlight === 0) stopped();
  }
}

let stopped = (): void => {};

async function open({ dialect: name, url, spread, connections }: LoadOptions): Promise<void> {
  if (connections % roomSize !== 0) throw new RangeError(`Rooms have ${roomSize} members, all of them.`);
  const urls = typeof url === "string" ? [url] : url;
  const place = (number: number) => (spread === "rooms" ? Math.floor(number / roomSize) : number);
  const spoken = await dialects[name]();
  dialect = spoken;
  const opened: Member[] = [];
  let next = 0;
  const openSome = async () => {
    while (next < connections) {
      const number = next++;
      opened[number] = await spoken.join(urls[place(number) % urls.length] as string, number);
    }
  };
  await Promise.all(Array.from({ length: openAtOnce }, openSome));
  members = opened.map((member) => new Sender(member));
  for (const [number, sender] of members.entries()) listen(sender, beforeInRoom(number), spoken);
}

/** What a member gets comes from the one before it. */
function listen(sender: Sender, before: Sender, spoken: Dialect): void {
  let got = 0;
  // All that came in one chunk is answered in one go.
  const answer = () => {
    const count = got;
    got = 0;
    before.handleArrived(count);
  };
  sender.member.socket.listen({
    receive: (payload) => {
      switch (spoken.classify(payload)) {
        case "forward":
          forwards++;
          if (got++ === 0) process.nextTick(answer);
          return;
        case "other":
          trouble ??= `the server sent something unexpected: ${payload.toString("latin1", 0, 200)}`;
          return;
        case "harmless":
      }
    },
    lost: (reason) => {
      trouble ??= `a connection was lost: ${reason}`;
    },
  });
}

function beforeInRoom(number: number): Sender {
  return neighbour(number, roomSize - 1);
}

function neighbour(number: number, distance: number): Sender {
  const room = number - (number % roomSize);
  const found = members[room + ((number + distance) % roomSize)];
  if (found === undefined) throw new RangeError(`No member has the number ${number}.`);
  return found;
}

function start(inFlight: number): void {
  const spoken = dialect;
  if (spoken === undefined) throw new Error("Open the connections first.");
  sending = true;
  for (const [number, sender] of members.entries()) {
    if (spoken.heartbeat !== undefined) sender.member.socket.write(spoken.heartbeat);
    sender.prepare(spoken.forwardTo(sender.member, neighbour(number, 1).member), inFlight);
  }
  for (const sender of members) sender.send(inFlight);
}

function stop(): Promise<void> {
  sending = false;
  return new Promise((resolve) => {
    stopped = () => {
      if (members.every(({ idle }) => idle)) resolve();
    };
    stopped();
  });
}

function check(): void {
  if (trouble !== undefined) throw new Error(`The load failed: ${trouble}.`);
}

function close(): void {
  for (const { member } of members) member.socket.close();
  members = [];
}

answerCalls({
  open,
  start,
  stop,
  check,
  close,
  latencies() {
    const taken = latencies;
    latencies = [];
    return taken;
  },
  arrived: () => ({ forwards, atMs: performance.now() }),
} satisfies Generator);
