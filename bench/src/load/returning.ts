// A process that holds many members with the client's own signalling, whose server goes and comes back.
import { webSocketSignaling } from "@skein/client";
import {
  createBoxKeyPair,
  createIdentity,
  type Identity,
  type PeerId,
  readCard,
  type SignedCard,
  signCard,
} from "@skein/protocol";
import WebSocket from "ws";
import { answerCalls } from "../child.ts";

type Signaling = ReturnType<typeof webSocketSignaling>;
type Join = Parameters<Signaling["join"]>[0];
type Events = Parameters<Signaling["join"]>[1];
type Session = Awaited<ReturnType<Signaling["join"]>>;

export interface Returned {
  /** From the server's end until the last was in its room again. */
  readonly allMs: number;
  /** Joins that were refused, and members that were ended. */
  readonly failed: number;
  /** Members that don't see just the others of their room when the server would have given up places, and news that one had gone. */
  readonly wrong: number;
}

/** What the process can be asked for. */
export interface ReturningMethods extends Record<string, (...args: never[]) => unknown> {
  /** All of them join, in rooms whose names begin so. */
  open(url: string, members: number, roomSize: number, prefix: string): Promise<void>;
  /** The server's end comes now: begins to count, and has each that is back say something to its neighbour once in so many milliseconds. */
  lose(talkMs: number): void;
  /** Waits until all are back. */
  returned(): Promise<Returned>;
  /** Has them be silent. How long each forward took between two that were back already. */
  silence(): readonly number[];
}

/** How many join at the same time when nothing is measured yet. */
const openAtOnce = 64;
/** In how many turns members speak. */
const turns = 20;
/** How often it is asked whether all see each other. */
const lookMs = 250;

const clock: Join["clock"] = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
const network: Join["network"] = { isOnline: true, watch: () => () => {} };

/** After which a server gives up the place of who isn't back. */
const graceMs = 10_000;

let members: Member[] = [];
let roomSize = 0;
let roomPrefix = "";
let talking: NodeJS.Timeout | undefined;
let partings = 0;
let failed = 0;
let lostMs = 0;
let allBackMs = 0;
let forwardMs: number[] = [];
let everyoneBack: Promise<void> = Promise.resolve();
let tellBack = (): void => {};

class Member {
  readonly #number: number;
  #session: Session | undefined;
  isBack = false;
  readonly #others = new Set<PeerId>();

  constructor(number: number) {
    this.#number = number;
  }

  async join(url: string, { identity, card }: Person): Promise<void> {
    const signaling = webSocketSignaling({ url, webSocket: WebSocket as unknown as typeof globalThis.WebSocket });
    const room = `${roomPrefix}-${Math.floor(this.#number / roomSize)}`;
    const join = { room, identity, card: () => card, clock, network, roll: Math.random };
    this.#session = await signaling.join(join, this.#events());
  }

  say(to: PeerId): void {
    const envelope = new Uint8Array(300);
    new DataView(envelope.buffer).setFloat64(0, performance.now());
    this.#session?.forward(to, "signal", envelope);
  }

  get seesAll(): boolean {
    return this.#others.size === roomSize - 1;
  }

  #see(signed: SignedCard): void {
    const card = readCard(signed);
    if (card.ok) this.#others.add(card.value.id);
  }

  #events(): Events {
    const nothing = () => {};
    return {
      roster: (cards) => {
        this.#others.clear();
        for (const card of cards) this.#see(card);
        this.#return();
      },
      iceServers: nothing,
      card: (card) => this.#see(card),
      left: (id) => {
        this.#others.delete(id);
        partings++;
      },
      envelope: (_from, _kind, envelope) => {
        const sentMs = new DataView(envelope.buffer, envelope.byteOffset).getFloat64(0);
        forwardMs.push(performance.now() - sentMs);
      },
      ended: () => void failed++,
      complaint: () => void failed++,
      away: nothing,
      undeliverable: nothing,
      disconnected: nothing,
      rejected: nothing,
    };
  }

  #return(): void {
    this.isBack = true;
    if (!members.every(({ isBack }) => isBack)) return;
    allBackMs = performance.now();
    tellBack();
  }
}

interface Person {
  readonly identity: Identity;
  readonly card: SignedCard;
}

/** The same in every room: to make thousands takes longer than to measure them. */
let people: readonly Person[] = [];

async function createPerson(): Promise<Person> {
  const identity = createIdentity();
  const box = createBoxKeyPair().publicKey;
  const card = { id: identity.id, box, started: Date.now(), caps: [], protocols: {}, n: 0 };
  return { identity, card: await signCard(identity, card) };
}

async function open(url: string, count: number, size: number, prefix: string): Promise<void> {
  roomSize = size;
  roomPrefix = prefix;
  people = await Promise.all(Array.from({ length: roomSize }, createPerson));
  members = Array.from({ length: count }, (_, number) => new Member(number));
  let next = 0;
  const openSome = async () => {
    while (next < count) {
      const number = next++;
      await members[number]?.join(url, personOf(number));
    }
  };
  await Promise.all(Array.from({ length: openAtOnce }, openSome));
}

function personOf(number: number): Person {
  const person = people[number % roomSize];
  if (person === undefined) throw new RangeError(`No member has the number ${number}.`);
  return person;
}

function lose(talkMs: number): void {
  lostMs = performance.now();
  forwardMs = [];
  failed = 0;
  partings = 0;
  everyoneBack = new Promise((resolve) => {
    tellBack = resolve;
  });
  for (const member of members) member.isBack = false;
  let turn = 0;
  talking = setInterval(() => talk(turn++ % turns), talkMs / turns);
}

function silence(): readonly number[] {
  clearInterval(talking);
  return forwardMs;
}

async function returned(): Promise<Returned> {
  await everyoneBack;
  const seenUntilMs = allBackMs + graceMs;
  while (!members.every(({ seesAll }) => seesAll) && performance.now() < seenUntilMs) await pause(lookMs);
  const wrong = members.filter(({ seesAll }) => !seesAll).length + partings;
  return { allMs: allBackMs - lostMs, failed, wrong };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Some of those that are back say something to the next in their room, where that is back too. Clients don't speak with one voice: all
 * of them have spoken after {@link turns}.
 */
function talk(turn: number): void {
  for (const [number, member] of members.entries()) {
    if (number % turns !== turn) continue;
    const next = number - (number % roomSize) + ((number + 1) % roomSize);
    if (member.isBack && members[next]?.isBack) member.say(personOf(next).identity.id);
  }
}

answerCalls({ open, lose, returned, silence } satisfies ReturningMethods);
