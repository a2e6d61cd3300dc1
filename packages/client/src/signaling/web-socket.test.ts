import {
  type Card,
  createIdentity,
  decodePacket,
  limits,
  type PeerId,
  peerKeyOf,
  type ServerMessage,
  type SignedCard,
  signCard,
  verifyJoin,
} from "@skein/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ManualWatch } from "../network/manual-watch.test-support.js";
import { countingRandom, TestClock, turn, until } from "../testing.test-support.js";
import { FakeSockets } from "./fake-socket.test-support.js";
import type { SignalingEvents, SignalingJoin } from "./signaling.js";
import { type WebSocketSignalingOptions, webSocketSignaling } from "./web-socket.js";

const url = "ws://127.0.0.1:7000/skein";
const identity = createIdentity({ random: countingRandom(1) });
const other = createIdentity({ random: countingRandom(2) });
const challenge: ServerMessage = {
  t: "challenge",
  nonce: new Uint8Array(32).fill(7),
  server: "test",
  versions: [1],
  limits: { packetBytes: 1, graceMs: 10_000 },
};
const joined = (peers: SignedCard[] = []): ServerMessage => ({
  t: "joined",
  room: "lab",
  peers,
  ice: [{ urls: ["stun:x"] }],
});
const fatal = (code: string, retryAfter?: number): ServerMessage => ({
  t: "error",
  code,
  message: `because of ${code}`,
  fatal: true,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

function cardOf(id: PeerId, n: number): Card {
  return { id, box: new Uint8Array(32).fill(3), started: 0, caps: [], protocols: {}, n };
}
const card = await signCard(identity, cardOf(identity.id, 0));
const newerCard = await signCard(identity, cardOf(identity.id, 1));
const otherCard = await signCard(other, cardOf(other.id, 0));

/** Starts a join; the test plays the server. */
function start(options: Partial<SignalingJoin> = {}, servers: Omit<WebSocketSignalingOptions, "webSocket"> = { url }) {
  const clock = new TestClock();
  const sockets = new FakeSockets();
  const told: unknown[][] = [];
  const tell =
    (name: string) =>
    (...args: unknown[]) =>
      void told.push([name, ...args]);
  const events = Object.fromEntries(
    [
      "roster",
      "iceServers",
      "card",
      "away",
      "left",
      "envelope",
      "undeliverable",
      "disconnected",
      "complaint",
      "ended",
      "rejected",
    ].map((name) => [name, tell(name)]),
  ) as unknown as SignalingEvents;
  const network = new ManualWatch();
  const join: SignalingJoin = { room: "lab", identity, card: () => card, clock, network, roll: () => 1, ...options };
  const session = webSocketSignaling({ ...servers, webSocket: sockets.WebSocket }).join(join, events);
  session.catch(() => {});
  const names = () => told.map(([name]) => name);
  return { clock, network, sockets, told, names, session };
}

/** Answers the client's join on its newest socket. */
async function letIn({ sockets }: Pick<ReturnType<typeof start>, "sockets">, peers: SignedCard[] = []) {
  const socket = sockets.last;
  socket.open();
  socket.say(challenge);
  await until(() => socket.messages.length > 0);
  socket.say(joined(peers));
}

async function startedAndIn(options: Partial<SignalingJoin> = {}) {
  const started = start(options);
  await letIn(started);
  return { ...started, session: await started.session };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("an address", () => {
  it.each(["", "example.org", "https://example.org/", "ws:", "//x", "file:///x"])("%j is refused at once", (text) => {
    expect(() => webSocketSignaling({ url: text })).toThrow(expect.objectContaining({ code: "bad-argument" }));
  });

  it("says what to do where the platform has no WebSocket, as Node had none before 22", () => {
    vi.stubGlobal("WebSocket", undefined);
    const refusal = expect.objectContaining({ code: "bad-argument", message: expect.stringContaining("Node 22") });
    expect(() => webSocketSignaling({ url })).toThrow(refusal);
    expect(() => webSocketSignaling({ url, webSocket: new FakeSockets().WebSocket })).not.toThrow();
  });
});

describe("an order", () => {
  it("that is none is refused at once, by the names of those that there are", () => {
    const order = "random" as "any";
    expect(() => webSocketSignaling({ url: "ws://127.0.0.1:1", order })).toThrow(
      expect.objectContaining({ code: "bad-argument", message: expect.stringContaining("listed, by-room") }),
    );
  });
});

describe("joining", () => {
  it("answers one challenge for each connection: no server has it sign, or ask for tokens, without end", async () => {
    let tokens = 0;
    const { sockets, names } = start({ token: () => `t${++tokens}` });
    const socket = sockets.last;
    socket.open();
    for (let i = 0; i < 50; i++) socket.say(challenge);
    await until(() => socket.messages.length > 0);
    await turn();
    expect([tokens, socket.messages.length]).toEqual([1, 1]);
    expect(names()).toEqual(Array(49).fill("rejected"));
  });

  it("keeps no more cards than a room may have, in however many parts they come", async () => {
    const started = start();
    const { sockets, told } = started;
    sockets.last.open();
    sockets.last.say(challenge);
    await until(() => sockets.last.messages.length > 0);
    for (let i = 0; i < 30; i++) sockets.last.say({ t: "peers", peers: Array(100).fill(otherCard) });
    sockets.last.say(joined([otherCard]));
    await started.session;
    const [, cards] = told.find(([name]) => name === "roster") as [string, SignedCard[]];
    expect(cards).toHaveLength(limits.roomPeers);
    // None of them holds the packet that it came in.
    expect(cards.reduce((sum, { b, s }) => sum + b.buffer.byteLength + s.buffer.byteLength, 0)).toBe(
      limits.roomPeers * (otherCard.b.length + 64),
    );
    expect(told.filter(([name]) => name === "rejected").length).toBeGreaterThan(0);
  });

  it("answers the challenge with a proof for this nonce, room and card", async () => {
    const { sockets, session, told, clock } = start();
    const socket = sockets.last;
    expect(socket).toMatchObject({ url, protocols: ["skein.1"], binaryType: "arraybuffer" });
    socket.open();
    expect(socket.sent).toEqual([]);
    socket.say(challenge);
    await until(() => socket.messages.length > 0);
    const [message] = socket.messages;
    expect(message).toMatchObject({ t: "join", room: "lab", card });
    expect(message).not.toHaveProperty("token");
    if (message?.t !== "join") throw new Error("no join");
    expect(await verifyJoin(identity.id, new Uint8Array(32).fill(7), "lab", card, message.proof)).toBe(true);
    socket.say(joined([otherCard]));
    expect((await session).address).toBe(url);
    expect(told).toEqual([["roster", [otherCard], [{ urls: ["stun:x"] }]]]);
    expect(clock.armed).toBe(1);
  });

  it("sends the token, whether it is there at once or later", async () => {
    for (const token of [() => "t1", async () => "t1"]) {
      const started = start({ token });
      await letIn(started);
      expect(started.sockets.last.messages[0]).toMatchObject({ t: "join", token: "t1" });
    }
  });

  it("gathers a roster that comes in parts", async () => {
    const { sockets, told, session } = start();
    sockets.last.open();
    sockets.last.say({ t: "peers", peers: [otherCard] });
    sockets.last.say({ t: "peers", peers: [card, otherCard] });
    sockets.last.say(joined([newerCard]));
    await session;
    expect(told[0]?.[1]).toEqual([otherCard, card, otherCard, newerCard]);
  });

  it.each<[string, (started: ReturnType<typeof start>) => void]>([
    ["nobody listens", ({ sockets }) => sockets.last.fail()],
    ["the connection closes", ({ sockets }) => sockets.last.end(1000)],
    ["nothing comes", ({ clock }) => clock.advance(10_000)],
    [
      "a server that is none goes on talking",
      ({ clock, sockets }) => {
        sockets.last.open();
        for (let second = 0; second < 10; second++) {
          sockets.last.deliver("hello");
          clock.advance(1_000);
        }
      },
    ],
  ])("fails with server-unreachable and the address where %s, and isn't tried again", async (_name, play) => {
    const started = start();
    play(started);
    await expect(started.session).rejects.toMatchObject({
      code: "server-unreachable",
      message: expect.stringContaining(url),
    });
    started.clock.advance(120_000);
    expect(started.sockets.all).toHaveLength(1);
    expect(started.sockets.last.readyState).toBeGreaterThanOrEqual(2);
    expect(started.clock.armed).toBe(0);
    expect(started.names()).not.toContain("disconnected");
  });

  it("fails as a SkeinError where the platform refuses to make a socket at all", async () => {
    const clock = new TestClock();
    const refusing = class {
      constructor() {
        throw new DOMException("An insecure connection from a secure page", "SecurityError");
      }
    } as unknown as new (
      url: string,
      protocols: string[],
    ) => WebSocket;
    const network = new ManualWatch();
    const join: SignalingJoin = { room: "lab", identity, card: () => card, clock, network, roll: () => 1 };
    const session = webSocketSignaling({ url, webSocket: refusing }).join(join, {} as SignalingEvents);
    await expect(session).rejects.toMatchObject({
      code: "server-unreachable",
      message: expect.stringContaining("An insecure connection"),
    });
    expect(clock.armed).toBe(0);
  });

  it.each(["not-authorised", "room-full", "rate-limited"])("fails with %s where the server says so", async (code) => {
    const { sockets, session, clock } = start();
    sockets.last.open();
    sockets.last.say(fatal(code, 3_000));
    await expect(session).rejects.toMatchObject({ code, message: `because of ${code}`, retryAfterMs: 3_000 });
    expect(clock.armed).toBe(0);
    expect(sockets.last.readyState).toBeGreaterThanOrEqual(2);
  });

  it("fails with not-authorised where the server's reason isn't known here", async () => {
    const { sockets, session } = start();
    sockets.last.open();
    sockets.last.say(fatal("from-the-future"));
    await expect(session).rejects.toMatchObject({ code: "not-authorised" });
  });

  it("fails where the server speaks no version that we do", async () => {
    const { sockets, session } = start();
    sockets.last.open();
    sockets.last.say({ ...challenge, versions: [2, 3] });
    await expect(session).rejects.toMatchObject({
      code: "unsupported-version",
      message: expect.stringContaining("2, 3"),
    });
  });

  it("fails with what the token's source threw", async () => {
    const { sockets, session, clock } = start({ token: () => Promise.reject(new Error("logged out")) });
    sockets.last.open();
    sockets.last.say(challenge);
    await expect(session).rejects.toMatchObject({ code: "not-authorised", message: "logged out" });
    expect(clock.armed).toBe(0);
  });

  it("fails at once with a token that no server takes", async () => {
    const { sockets, session, clock } = start({ token: () => "x".repeat(limits.tokenLength + 1) });
    sockets.last.open();
    sockets.last.say(challenge);
    await expect(session).rejects.toMatchObject({ code: "too-large" });
    expect(sockets.last.messages).toEqual([]);
    expect(clock.armed).toBe(0);
  });

  it("fails with what the server complains of before we are in, rather than wait for more", async () => {
    const { sockets, session, clock } = start();
    sockets.last.open();
    sockets.last.say(challenge);
    sockets.last.say({ t: "error", code: "bad-message", message: "the join can't be read", fatal: false });
    await expect(session).rejects.toMatchObject({ code: "bad-message", message: "the join can't be read" });
    expect(clock.armed).toBe(0);
  });

  it("aborted before it began opens nothing", async () => {
    const { sockets, session, clock } = start({ signal: AbortSignal.abort(new Error("why")) });
    await expect(session).rejects.toMatchObject({ code: "aborted", cause: new Error("why") });
    expect(sockets.all).toEqual([]);
    expect(clock.armed).toBe(0);
  });

  it("aborted under way closes what it opened", async () => {
    const controller = new AbortController();
    const { sockets, session, clock } = start({ signal: controller.signal });
    sockets.last.open();
    sockets.last.say(challenge);
    controller.abort();
    await expect(session).rejects.toMatchObject({ code: "aborted" });
    expect(sockets.last.readyState).toBeGreaterThanOrEqual(2);
    expect(clock.armed).toBe(0);
  });
});

describe("a member", () => {
  it("isn't thrown out by the signal that would have ended its join", async () => {
    const controller = new AbortController();
    const { sockets, names } = await startedAndIn({ signal: controller.signal });
    controller.abort();
    await turn();
    expect(names()).toEqual(["roster"]);
    expect(sockets.last.readyState).toBe(1);
  });

  it("hears of others, and carries envelopes both ways", async () => {
    const { sockets, told, session } = await startedAndIn();
    const key = peerKeyOf(other.id);
    sockets.last.say({ t: "peer-joined", card: otherCard });
    sockets.last.say({ t: "peer-updated", card: otherCard });
    sockets.last.say({ t: "ice", ice: [{ urls: ["stun:y"] }] });
    sockets.last.say({ t: "peer-away", id: key });
    sockets.last.say({ t: "peer-left", id: key, reason: "lost" });
    sockets.last.say({ t: "undeliverable", to: key, reason: "gone" });
    sockets.last.say({ t: "undeliverable", to: key, reason: "busy", class: "relay" });
    sockets.last.deliver(Uint8Array.of(2, ...key, 9, 9));
    expect(told.slice(1)).toEqual([
      ["card", otherCard],
      ["card", otherCard],
      ["iceServers", [{ urls: ["stun:y"] }]],
      ["away", other.id],
      ["left", other.id, "lost"],
      ["undeliverable", other.id, "gone", undefined],
      ["undeliverable", other.id, "busy", "relay"],
      ["envelope", other.id, "signal", Uint8Array.of(9, 9)],
    ]);
    expect(session.forward(other.id, "signal", Uint8Array.of(5))).toBe(true);
    expect(decodePacket(sockets.last.sent.at(-1) as Uint8Array)).toEqual({
      ok: true,
      value: { kind: "forward", class: "signal", peer: other.id, envelope: Uint8Array.of(5) },
    });
    session.announce(newerCard);
    expect(sockets.last.messages.at(-1)).toEqual({ t: "announce", card: newerCard });
  });

  it("counts what it can't read, and stays", async () => {
    const { sockets, told } = await startedAndIn();
    sockets.last.deliver("text");
    sockets.last.deliver(new Uint8Array(0));
    sockets.last.deliver(Uint8Array.of(9));
    sockets.last.deliver(Uint8Array.of(1, 0xc1));
    sockets.last.deliver(Uint8Array.of(2, 1, 2));
    const codes = told.slice(1).map(([name, rejection]) => [name, (rejection as { code: string }).code]);
    expect(codes).toEqual([
      ["rejected", "malformed"],
      ["rejected", "malformed"],
      ["rejected", "unknown-type"],
      ["rejected", "malformed"],
      ["rejected", "malformed"],
    ]);
    expect(sockets.last.readyState).toBe(1);
  });

  it("passes a complaint on, and stays", async () => {
    const { sockets, told } = await startedAndIn();
    sockets.last.say({ t: "error", code: "rate-limited", message: "slower", fatal: false, retryAfter: 100 });
    expect(told.at(-1)).toEqual(["complaint", expect.objectContaining({ code: "rate-limited", retryAfterMs: 100 })]);
    expect(sockets.last.readyState).toBe(1);
  });

  it("whose identity joined elsewhere is out for good", async () => {
    const { sockets, told, clock } = await startedAndIn();
    sockets.last.say(fatal("replaced"));
    expect(told.at(-1)).toEqual(["ended", expect.objectContaining({ code: "replaced" })]);
    clock.advance(120_000);
    expect(sockets.all).toHaveLength(1);
    expect(clock.armed).toBe(0);
  });

  it("that loses its server says so once, comes back with its newest card, and gets the roster anew", async () => {
    let newest = card;
    const started = await startedAndIn({ card: () => newest });
    const { sockets, told, names, clock, session } = started;
    sockets.last.say({ t: "peers", peers: [card] });
    sockets.last.end(1006);
    expect(told.at(-1)).toEqual(["disconnected", "the server closed the connection (1006)"]);
    expect(session.forward(other.id, "signal", Uint8Array.of(5))).toBe(false);
    session.announce(newerCard);
    newest = newerCard;
    clock.advance(499);
    expect(sockets.all).toHaveLength(1);
    clock.advance(1);
    expect(sockets.all).toHaveLength(2);
    sockets.last.fail();
    clock.advance(1_000);
    expect(sockets.all).toHaveLength(3);
    await letIn(started, [otherCard]);
    expect(sockets.last.messages).toMatchObject([{ t: "join", card: newerCard }]);
    expect(names()).toEqual(["roster", "disconnected", "roster"]);
    expect(told.at(-1)?.[1]).toEqual([otherCard]);
    expect(session.forward(other.id, "signal", Uint8Array.of(5))).toBe(true);
  });

  it("waits for as long as a busy server wants", async () => {
    const { sockets, names, clock } = await startedAndIn();
    sockets.last.say(fatal("rate-limited", 60_000));
    expect(names()).toEqual(["roster", "disconnected"]);
    clock.advance(59_999);
    expect(sockets.all).toHaveLength(1);
    clock.advance(1);
    expect(sockets.all).toHaveLength(2);
  });

  it("is quiet for as long as a server wants that has had enough, then says what waited in its order", async () => {
    const { sockets, clock, session } = await startedAndIn();
    const { last } = sockets;
    last.say({ t: "error", code: "rate-limited", message: "slower", fatal: false, retryAfter: 300 });
    const before = last.sent.length;
    expect(session.forward(other.id, "signal", Uint8Array.of(1))).toBe(true);
    session.announce(newerCard);
    expect(session.forward(other.id, "signal", Uint8Array.of(2))).toBe(true);
    // The server holds relayed traffic back by itself.
    session.forward(other.id, "relay", Uint8Array.of(9));
    expect(last.sent.slice(before).map(([kind]) => kind)).toEqual([3]);
    clock.advance(299);
    expect(last.sent).toHaveLength(before + 1);
    clock.advance(1);
    expect(last.sent.slice(before + 1, before + 4).map((packet) => [packet[0], packet.at(-1)])).toEqual([
      [2, 1],
      [1, expect.anything()],
      [2, 2],
    ]);
    session.forward(other.id, "signal", Uint8Array.of(3));
    expect(last.sent.at(-1)?.at(-1)).toBe(3);
  });

  it("announces its card once more where the server may have dropped it", async () => {
    const { sockets, clock, session } = await startedAndIn({ card: () => newerCard });
    session.announce(newerCard);
    const announced = () => sockets.last.messages.filter(({ t }) => t === "announce").length;
    expect(announced()).toBe(1);
    sockets.last.say({ t: "error", code: "rate-limited", message: "slower", fatal: false, retryAfter: 300 });
    clock.advance(300);
    expect(announced()).toBe(2);
    sockets.last.say({ t: "error", code: "rate-limited", message: "slower", fatal: false, retryAfter: 300 });
    clock.advance(300);
    expect(announced()).toBe(2);
  });

  it("gives a new token when its old one is about to expire", async () => {
    let tokens = 0;
    const { sockets } = await startedAndIn({ token: () => `t${++tokens}` });
    sockets.last.say({ t: "expiring", after: 60_000 });
    await until(() => sockets.last.messages.some(({ t }) => t === "token"));
    expect(sockets.last.messages.at(-1)).toEqual({ t: "token", token: "t2" });
  });

  it("stays, and says why, where no new token is to be had", async () => {
    let fails = false;
    const { sockets, told } = await startedAndIn({
      token: () => (fails ? Promise.reject(new Error("offline")) : "t1"),
    });
    fails = true;
    sockets.last.say({ t: "expiring", after: 60_000 });
    await until(() => told.length > 1);
    expect(told.at(-1)).toEqual(["complaint", expect.objectContaining({ message: "offline" })]);
    expect(sockets.last.readyState).toBe(1);
  });

  it("whose token is over is out, with the reason", async () => {
    const { sockets, told } = await startedAndIn();
    sockets.last.say(fatal("expired"));
    expect(told.at(-1)).toEqual(["ended", expect.objectContaining({ code: "expired" })]);
  });

  it("leaves a server that stops when its turn has come, keeps its place, and is back at once", async () => {
    const started = await startedAndIn();
    const { sockets, names, clock } = started;
    sockets.last.say({ t: "draining", after: 3_000 });
    const [first] = sockets.all;
    clock.advance(2_999);
    expect(sockets.all).toHaveLength(1);
    clock.advance(1);
    expect(sockets.all).toHaveLength(2);
    expect(first?.messages.map(({ t }) => t)).not.toContain("leave");
    expect(first?.readyState).toBeGreaterThanOrEqual(2);
    await letIn(started);
    expect(names()).toEqual(["roster", "disconnected", "roster"]);
  });

  it("tries again after a token that couldn't be had while it came back", async () => {
    let fails = false;
    const started = await startedAndIn({ token: () => (fails ? Promise.reject(new Error("offline")) : "t1") });
    const { sockets, names, clock } = started;
    fails = true;
    sockets.last.end(1006);
    clock.advance(500);
    sockets.last.open();
    sockets.last.say(challenge);
    await turn();
    await turn();
    expect(names()).not.toContain("ended");
    fails = false;
    await until(() => {
      clock.advance(1_000);
      return sockets.all.length === 3;
    });
    await letIn(started);
    expect(names().filter((name) => name === "roster")).toHaveLength(2);
  });

  it("tries again where the platform refuses to make a socket while it came back", async () => {
    const { sockets, names, clock } = await startedAndIn();
    let refused = 0;
    sockets.made = () => {
      refused++;
      throw new DOMException("no more sockets");
    };
    sockets.last.end(1006);
    clock.advance(500);
    clock.advance(1_000);
    expect(refused).toBe(2);
    expect(names()).toEqual(["roster", "disconnected"]);
  });

  it("asks a silent server, and drops it where nothing comes back", async () => {
    const { sockets, told, clock } = await startedAndIn();
    clock.advance(20_000);
    expect(sockets.last.messages.at(-1)).toEqual({ t: "ping" });
    sockets.last.say({ t: "pong" });
    clock.advance(20_000);
    expect(sockets.last.messages.filter(({ t }) => t === "ping")).toHaveLength(2);
    const [socket] = sockets.all;
    clock.advance(10_000);
    expect(told.at(-1)).toEqual(["disconnected", "the server stopped answering"]);
    expect(socket?.readyState).toBeGreaterThanOrEqual(2);
    clock.advance(500);
    expect(sockets.all).toHaveLength(2);
    // The old socket's last words count for nothing.
    socket?.deliver("text");
    socket?.end(1006);
    expect(told.at(-1)?.[0]).toBe("disconnected");
  });

  it("answers no challenge of a socket that it gave up meanwhile", async () => {
    let release: (token: string) => void = () => {};
    const waiting = new Promise<string>((resolve) => {
      release = resolve;
    });
    let slow = false;
    const { sockets, clock } = await startedAndIn({ token: () => (slow ? waiting : "t") });
    slow = true;
    sockets.last.end(1006);
    clock.advance(500);
    const second = sockets.last;
    second.open();
    second.say(challenge);
    second.end(1006);
    clock.advance(1_000);
    const third = sockets.last;
    expect(third).not.toBe(second);
    third.open();
    release("t");
    await turn();
    await turn();
    expect([...second.sent, ...third.sent]).toEqual([]);
  });

  it("asks its server at once when the network changes, or comes back where that is away", async () => {
    const { network, sockets, session } = await startedAndIn();
    const before = sockets.last.messages.length;
    network.change();
    expect(sockets.last.messages.slice(before)).toEqual([{ t: "ping" }]);
    sockets.last.end(1006);
    network.change();
    expect(sockets.all).toHaveLength(2);
    await session.leave();
    network.change();
    expect(sockets.all).toHaveLength(2);
    expect(network.watched).toBe(0);
  });

  it("that leaves says so, and waits until its words have gone out", async () => {
    const { sockets, session, clock, names } = await startedAndIn();
    let isClosed = false;
    sockets.last.closing = () => {};
    const left = session.leave().then(() => {
      isClosed = true;
    });
    expect(sockets.last.messages.at(-1)).toEqual({ t: "leave" });
    expect(sockets.last.readyState).toBe(2);
    await turn();
    expect(isClosed).toBe(false);
    sockets.last.end(1000);
    await left;
    expect(names()).toEqual(["roster"]);
    expect(clock.armed).toBe(0);
  });

  it("that leaves doesn't wait for ever for a server that is gone", async () => {
    const { sockets, session, clock } = await startedAndIn();
    sockets.last.closing = () => {};
    const left = session.leave();
    await turn();
    clock.advance(1_000);
    await left;
    expect(clock.armed).toBe(0);
  });

  it("that leaves while it is away doesn't come back", async () => {
    const { sockets, session, clock, names } = await startedAndIn();
    sockets.last.end(1006);
    await session.leave();
    await session.leave();
    clock.advance(120_000);
    expect(sockets.all).toHaveLength(1);
    expect(names()).toEqual(["roster", "disconnected"]);
  });
});

describe("several servers", () => {
  const urls = ["ws://a.example/skein", "ws://b.example/skein", "ws://c.example/skein"];
  const dialled = ({ sockets }: Pick<ReturnType<typeof start>, "sockets">) =>
    sockets.all.map((one) => one.url.slice(5, 6)).join("");

  async function inAt(
    order: NonNullable<WebSocketSignalingOptions["order"]>,
    options: Partial<SignalingJoin> = {},
    url: readonly string[] = urls,
  ) {
    const started = start({ roll: () => 0, ...options }, { url, order });
    await letIn(started);
    return { ...started, session: await started.session };
  }

  it("are tried one after another, at once, until one lets us in", async () => {
    const started = start({}, { url: urls });
    started.sockets.last.fail();
    started.clock.advance(0);
    started.sockets.last.end(1006);
    started.clock.advance(0);
    expect(dialled(started)).toBe("abc");
    await letIn(started);
    expect((await started.session).address).toBe(urls[2]);
    expect(started.names()).toEqual(["roster"]);
  });

  it("fail a join once each had its chance, in a sentence that names them all", async () => {
    const started = start({}, { url: urls });
    for (let i = 0; i < 3; i++) {
      started.sockets.last.fail();
      started.clock.advance(0);
    }
    await expect(started.session).rejects.toMatchObject({
      code: "server-unreachable",
      message: expect.stringContaining(urls.join(", ")),
    });
    started.clock.advance(120_000);
    expect(dialled(started)).toBe("abc");
    expect(started.clock.armed).toBe(0);
  });

  it("give way to the next where one doesn't answer in time", async () => {
    const started = start({}, { url: urls });
    started.clock.advance(10_000);
    started.clock.advance(0);
    expect(dialled(started)).toBe("ab");
    expect(started.sockets.all[0]?.readyState).toBeGreaterThanOrEqual(2);
  });

  it("don't share what one of them refuses: that is for the caller", async () => {
    const started = start({}, { url: urls });
    started.sockets.last.open();
    started.sockets.last.say(fatal("not-authorised"));
    await expect(started.session).rejects.toMatchObject({ code: "not-authorised" });
    expect(dialled(started)).toBe("a");
  });

  it("in the order of the list: who loses one begins again with the first, since others do", async () => {
    const started = await inAt("listed");
    for (const expected of ["aa", "aab"]) {
      if (expected === "aa") started.sockets.last.end(1006);
      else started.sockets.last.fail();
      started.clock.advance(1_000);
      expect(dialled(started)).toBe(expected);
    }
    await letIn(started);
    expect(started.session.address).toBe(urls[1]);
    started.sockets.last.end(1006);
    started.clock.advance(1_000);
    expect(dialled(started)).toBe("aaba");
  });

  it("pass on whoever is sent away by one that stops, and tell of it as of any other", async () => {
    const started = await inAt("any", { roll: () => 0.5 });
    expect(dialled(started)).toBe("b");
    started.sockets.last.say({ t: "draining", after: 2_000 });
    started.clock.advance(1_999);
    expect(dialled(started)).toBe("b");
    started.clock.advance(1);
    expect(dialled(started)).toBe("bc");
    await letIn(started);
    expect(started.names()).toEqual(["roster", "disconnected", "roster"]);
    expect(started.session.address).toBe(urls[2]);
  });

  it("in the order of the list: a server that stops is looked for where it was, since another takes its place", async () => {
    const started = await inAt("listed");
    started.sockets.last.say({ t: "draining", after: 2_000 });
    started.clock.advance(2_000);
    expect(dialled(started)).toBe("aa");
  });

  it.each([[urls], [[...urls].reverse()]])(
    "in the room's own order, whatever the list's: who loses one begins again with the first (%j)",
    async (list) => {
      const started = await inAt("by-room", { room: "lab" }, list);
      for (const expected of ["bb", "bba"]) {
        if (expected === "bb") started.sockets.last.end(1006);
        else started.sockets.last.fail();
        started.clock.advance(1_000);
        expect(dialled(started)).toBe(expected);
      }
      await letIn(started);
      expect(started.session.address).toBe(urls[0]);
      started.sockets.last.end(1006);
      started.clock.advance(1_000);
      expect(dialled(started)).toBe("bbab");
      expect(dialled(await inAt("by-room", { room: "lab2" }, list))).toBe("c");
    },
  );

  it.each<[string, (started: Pick<ReturnType<typeof start>, "clock" | "sockets">) => void]>([
    ["when its turn has come", ({ clock }) => clock.advance(2_000)],
    ["when it ends before that", ({ sockets }) => sockets.last.end(1006)],
  ])("in the room's own order, whoever is sent away by one that stops goes to the next, %s", async (_, go) => {
    const started = await inAt("by-room", { room: "lab" });
    started.sockets.last.say({ t: "draining", after: 2_000 });
    go(started);
    started.clock.advance(500);
    expect(dialled(started)).toBe("ba");
    await letIn(started);
    // What was said by another server is forgotten: this one is lost, not stopped.
    started.sockets.last.end(1006);
    started.clock.advance(500);
    expect(dialled(started)).toBe("bab");
  });

  it("that are dialled all at once: the first that answers is it, and the others are let go", async () => {
    const started = start({}, { url: urls, order: "nearest" });
    expect(dialled(started)).toBe("abc");
    const [a, b, c] = started.sockets.all;
    a?.fail();
    for (const socket of [b, c]) socket?.open();
    c?.say(challenge);
    expect(b?.readyState).toBeGreaterThanOrEqual(2);
    // What the others still say counts for nothing.
    b?.say(challenge);
    await until(() => c?.messages.length === 1);
    c?.say(joined());
    expect((await started.session).address).toBe(urls[2]);
    expect(b?.messages).toEqual([]);
    c?.end(1006);
    started.clock.advance(500);
    expect(dialled(started)).toBe("abcab");
  });

  it("come back in the same order of waits as one does", async () => {
    const started = await inAt("listed", { roll: () => 1 });
    started.sockets.last.end(1006);
    for (const waitMs of [500, 1_000, 2_000, 4_000, 8_000, 15_000]) {
      const before = started.sockets.all.length;
      started.clock.advance(waitMs - 1);
      expect(started.sockets.all).toHaveLength(before);
      started.clock.advance(1);
      expect(started.sockets.all).toHaveLength(before + 1);
      started.sockets.last.fail();
    }
    expect(dialled(started)).toBe("aabcabc");
  });

  it("are let go of, all of them, by who leaves or gives up meanwhile", async () => {
    const controller = new AbortController();
    const started = start({ signal: controller.signal }, { url: urls, order: "nearest" });
    controller.abort();
    await expect(started.session).rejects.toMatchObject({ code: "aborted" });
    expect(started.sockets.all.every(({ readyState }) => readyState >= 2)).toBe(true);
    expect(started.clock.armed).toBe(0);
  });

  it.each([[[]], [Array.from({ length: 17 }, (_, i) => `ws://${i}.example/`)], [["ws://a.example/", "nonsense"]]])(
    "are refused where they can't be used: %j",
    (list) => {
      expect(() => webSocketSignaling({ url: list })).toThrow(expect.objectContaining({ code: "bad-argument" }));
    },
  );
});
