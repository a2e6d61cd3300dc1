// A process that does to a server what it shouldn't, and one that asks how those fare who behave.

import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { encode, encodeControl, encodeForwardPacket, parsePeerId, webSocketProtocol } from "@skein/protocol";
import { answerCalls } from "../child.ts";
import type { Abuse, AbuseMethods } from "./abuse-kinds.ts";
import type { Member } from "./dialect.ts";
import { clientFrame, opcode } from "./frames.ts";
import { createSkeinDialect } from "./skein.ts";
import { LoadSocket } from "./socket.ts";

/** How many do it at the same time. */
const abusers = 20;

let running = false;
const sockets = new Set<Socket | LoadSocket>();

async function start(kind: Abuse, url: string): Promise<void> {
  running = true;
  LoadSocket.forwardedFor = "192.0.2.66";
  const abuse = await prepare(kind, url);
  for (let number = 0; number < abusers; number++) void repeat(() => abuse(number));
}

/** What fails is what it was to bring about. */
async function repeat(abuse: () => Promise<void>): Promise<void> {
  while (running) {
    await abuse().catch(() => {});
    // Whoever is turned away at once comes back in the next turn of the loop.
    await pause(5);
  }
}

function stop(): void {
  running = false;
  for (const socket of sockets) {
    if (socket instanceof LoadSocket) socket.close();
    else socket.destroy();
  }
  sockets.clear();
}

async function prepare(kind: Abuse, url: string): Promise<(number: number) => Promise<void>> {
  const skein = await createSkeinDialect();
  const joined = (number: number) => skein.join(url, 10_000 + number);
  switch (kind) {
    case "joins":
      return async () => void (await sendAfterOpening(url, forgedJoin(undefined)));
    case "tokens":
      return async () => void (await sendAfterOpening(url, forgedJoin("x".repeat(8_000))));
    case "forwards":
      return async (number) => flood(await joined(number), "relay", 64);
    case "signals":
      return async (number) => flood(await joined(number), "signal", 300);
    case "oversize":
      return async (number) => oversize(await joined(number));
    case "drip":
      return () => drip(url, "GET /skein HTTP/1.1\r\nX: ");
    case "half-open":
      return () => drip(url, "");
    case "scan": {
      let room = 0;
      return async (number) => (await skein.join(url, 20_000 + number + 10 * room++)).socket.close();
    }
    case "bombs":
      return async (number) => bombs(await joined(number));
  }
}

/** A join that is read to its end, and then found to be nobody's. */
function forgedJoin(token: string | undefined): Buffer {
  const card = { b: randomBytes(300), s: randomBytes(64) };
  const join = {
    t: "join",
    room: "lab",
    card,
    proof: randomBytes(64),
    ...(token === undefined ? {} : { token }),
  } as const;
  return clientFrame(opcode.binary, encodeControl(join));
}

async function sendAfterOpening(url: string, frame: Buffer): Promise<void> {
  const socket = await LoadSocket.open(url, [webSocketProtocol]);
  sockets.add(socket);
  const closed = new Promise<void>((resolve) => socket.listen({ receive: () => {}, lost: () => resolve() }));
  socket.write(frame);
  await closed;
  sockets.delete(socket);
}

/** To itself, as fast as the socket takes it. */
async function flood(member: Member, kind: "relay" | "signal", bytes: number): Promise<void> {
  const packet = encodeForwardPacket(kind, parsePeerId(member.id), randomBytes(bytes));
  await pour(member, Buffer.concat(Array.from({ length: 100 }, () => clientFrame(opcode.binary, packet))));
}

async function oversize(member: Member): Promise<void> {
  // A frame that says that it has a GiB, and begins to send it.
  const header = Buffer.alloc(14);
  header.set([0x82, 0xff]);
  header.writeBigUInt64BE(1n << 30n, 2);
  await pour(member, Buffer.concat([header, randomBytes(64 * 1024)]));
}

/** MessagePack that would grow when it is read: lists in lists, and more entries than there are bytes. */
async function bombs(member: Member): Promise<void> {
  const nested = encode({ t: "announce" }).slice(0, -1);
  const deep = Buffer.concat([Buffer.of(1), nested, Buffer.alloc(100_000, 0x91)]).subarray(0, 60_000);
  const wide = Buffer.of(1, 0xdd, 0xff, 0xff, 0xff, 0xff);
  await pour(member, Buffer.concat([clientFrame(opcode.binary, deep), clientFrame(opcode.binary, wide)]));
}

/** Again and again, until the server has had enough. */
async function pour({ socket }: Member, frames: Buffer): Promise<void> {
  sockets.add(socket);
  const end = { reached: false };
  socket.listen({
    receive: () => {},
    lost: () => {
      end.reached = true;
    },
  });
  while (running && !end.reached) {
    await socket.drained();
    socket.write(frames);
    await pause(1);
  }
  sockets.delete(socket);
  socket.close();
}

/** A request that goes on for ever, a byte at a time; or one that never begins. */
function drip(url: string, beginning: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  sockets.add(socket);
  socket.on("error", () => {});
  if (beginning !== "") socket.write(beginning);
  const dripping = setInterval(() => socket.write(beginning === "" ? "" : "a"), 50);
  return new Promise((resolve) => {
    socket.resume();
    socket.once("close", () => {
      clearInterval(dripping);
      sockets.delete(socket);
      resolve();
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

answerCalls({ start, stop } satisfies AbuseMethods);
