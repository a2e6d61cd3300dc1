import type { ForwardClass, PeerId, SignedCard } from "@skein/protocol";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createServer, type ServerOptions, type SkeinServer } from "../index.js";
import { enter, type HeardOf, idOf, type Member } from "../testing-client.test-support.js";
import { type Backplane, type BackplaneListener, subjects } from "./backplane.js";

/** What a backplane brings along to be held to the contract. */
export interface BackplaneUnderTest {
  /** One node's end. */
  connect(): Promise<Backplane>;
  /** It is gone, with all that was under way. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const graceMs = 400;
/** So long that a machine which is busy with other things isn't taken for a node that died. */
const timing = { beatMs: 50, silentMs: 10_000 };

/** A node's end that can be cut off so that nobody is told, as when a process is killed. */
class Severable implements Backplane {
  readonly #inner: Backplane;
  #isCut = false;

  constructor(inner: Backplane) {
    this.#inner = inner;
  }

  get kind(): string {
    return this.#inner.kind;
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes;
  }

  start(listener: BackplaneListener): void {
    this.#inner.start({
      up: () => listener.up(),
      down: () => listener.down(),
      message: (bytes) => {
        if (!this.#isCut) listener.message(bytes);
      },
    });
  }

  publish(subject: string, bytes: Uint8Array): void {
    if (!this.#isCut) this.#inner.publish(subject, bytes);
  }

  subscribe(subject: string): void {
    this.#inner.subscribe(subject);
  }

  unsubscribe(subject: string): void {
    this.#inner.unsubscribe(subject);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  cut(): void {
    this.#isCut = true;
  }
}

type NodeOptions = ServerOptions & { readonly silentMs?: number };

interface Node {
  readonly server: SkeinServer;
  readonly url: string;
  /** As if its process had been killed: its clients lose it, the others hear no more of it. */
  kill(): Promise<void>;
}

const there = (node: Node) => node.server.stats().backplane?.isThere === true;
const nodesOf = (node: Node) => node.server.stats().backplane?.nodes;

function until(what: () => boolean): Promise<unknown> {
  return vi.waitUntil(what, { timeout: 20_000, interval: 5 });
}

/** What is told of others: the messages of presence, in short. */
function presence({ client }: Member): string[] {
  return client.heard.flatMap((message) => {
    switch (message.t) {
      case "peer-joined":
        return [`joined ${idOf(message.card)}`];
      case "peer-updated":
        return [`updated ${idOf(message.card)}`];
      case "peer-away":
        return [`away ${idFrom(message.id)}`];
      case "peer-left":
        return [`left ${idFrom(message.id)} ${message.reason}`];
      default:
        return [];
    }
  });
}

function idFrom(key: Uint8Array): PeerId {
  return Buffer.from(key).toString("base64url") as PeerId;
}

/** Holds a backplane to what servers that share their rooms need of it. */
export function testBackplane(name: string, create: () => Promise<BackplaneUnderTest>): void {
  describe(`servers that share their rooms through ${name}`, () => {
    let backplane: BackplaneUnderTest;
    let nodes: Node[] = [];

    beforeAll(async () => {
      backplane = await create();
    });

    afterEach(async () => {
      await Promise.all(nodes.splice(0).map(({ server }) => server.close()));
    });

    afterAll(() => backplane.close());

    async function start({ silentMs, ...options }: NodeOptions = {}): Promise<Node> {
      const end = new Severable(await backplane.connect());
      const server = await createServer({
        port: 0,
        graceMs,
        ...options,
        backplane: { backplane: end, ...timing, ...(silentMs && { silentMs }) },
      });
      const node: Node = {
        server,
        url: server.url,
        kill: async () => {
          end.cut();
          nodes = nodes.filter((other) => other !== node);
          await server.close();
        },
      };
      nodes.push(node);
      await until(() => there(node));
      return node;
    }

    async function startTogether(count: number, options?: NodeOptions): Promise<Node[]> {
      const started = await Promise.all(Array.from({ length: count }, () => start(options)));
      for (const node of started) await until(() => nodesOf(node) === count - 1);
      return started;
    }

    /** Two nodes with a peer each, which know of each other. */
    async function meet(options?: NodeOptions) {
      const [one, two] = (await startTogether(2, options)) as [Node, Node];
      const first = await enter(one.url);
      const second = await enter(two.url);
      await first.client.next("peer-joined");
      if (second.roster.length === 0) await second.client.next("peer-joined");
      return { one, two, first, second };
    }

    /** Somebody whose coming says that what went before has arrived. */
    async function mark(node: Node, ...members: readonly Member[]): Promise<PeerId> {
      const marker = await enter(node.url);
      for (const { client } of members) {
        while (idOf((await client.next("peer-joined")).card) !== marker.persona.id);
      }
      return marker.persona.id;
    }

    test("show each other's peers, each once, with all that becomes of them", async () => {
      const { two, first, second } = await meet();
      const { id } = second.persona;
      second.client.say({ t: "announce", card: await second.persona.card({ n: 1, name: "Ada" }) });
      await first.client.next("peer-updated");
      second.client.socket.terminate();
      await first.client.next("peer-away");
      await first.client.next("peer-left");
      const third = await enter(two.url);
      await first.client.next("peer-joined");
      third.client.say({ t: "leave" });
      await first.client.next("peer-left");
      expect(presence(first)).toEqual([
        `joined ${id}`,
        `updated ${id}`,
        `away ${id}`,
        `left ${id} lost`,
        `joined ${third.persona.id}`,
        `left ${third.persona.id} left`,
      ]);
    });

    test("list them to whoever comes later", async () => {
      const { one, first, second } = await meet();
      const third = await enter(one.url);
      expect(new Set(third.roster)).toEqual(new Set([first.persona.id, second.persona.id]));
    });

    test("tell all of a room, on every node, and nobody else", async () => {
      const [one, two, three] = (await startTogether(3)) as [Node, Node, Node];
      const members = [await enter(one.url), await enter(two.url), await enter(three.url), await enter(three.url)];
      const stranger = await enter(two.url, { room: "elsewhere" });
      await Promise.all(members.map((member) => until(() => seen(member).size === 3)));
      const [speaker, ...others] = members as [Member, ...Member[]];
      for (let n = 1; n <= 5; n++) speaker.client.say({ t: "announce", card: await speaker.persona.card({ n }) });
      for (const { client } of others) for (let n = 1; n <= 5; n++) await client.next("peer-updated");
      await stranger.client.settle();
      expect([stranger.roster, presence(stranger)]).toEqual([[], []]);
    });

    test.each<ForwardClass>(["signal", "relay"])(
      "pass envelopes on as they came, in their order, both ways: %s",
      async (kind) => {
        const { first, second } = await meet();
        const count = 2_000;
        for (let i = 0; i < count; i++) {
          first.forward(second.persona.id, Uint8Array.of(1, i >> 8, i & 0xff), kind);
          second.forward(first.persona.id, Uint8Array.of(2, i >> 8, i & 0xff), kind);
        }
        for (const [from, to, mark] of [
          [first, second, 1],
          [second, first, 2],
        ] as const) {
          for (let i = 0; i < count; i++) {
            const heard: HeardOf<"forward"> = await to.client.next("forward");
            expect([heard.class, heard.from]).toEqual([kind, from.persona.id]);
            expect([...heard.envelope]).toEqual([mark, i >> 8, i & 0xff]);
          }
        }
      },
    );

    test("say where an envelope went nowhere", async () => {
      const { first, second } = await meet();
      second.client.socket.terminate();
      await first.client.next("peer-away");
      first.forward(second.persona.id, Uint8Array.of(1), "relay");
      expect(await first.client.next("undeliverable")).toMatchObject({ reason: "gone", class: "relay" });
    });

    test("say so where the other node couldn't pass it on, and lose nothing of what it could", async () => {
      const everything = { perSecond: Number.POSITIVE_INFINITY, burst: Number.POSITIVE_INFINITY };
      const { first, second } = await meet({ limits: { bufferedBytes: 128 * 1024, relayBytes: everything } });
      second.client.socket.pause();
      const envelope = Buffer.alloc(60_000);
      let [sent, refused] = [0, 0];
      const refusals = () => first.client.heard.flatMap((heard) => (heard.t === "undeliverable" ? heard : []));
      while (refused === 0) {
        for (let batch = 0; batch < 20; batch++) {
          envelope.writeUInt32BE(sent++);
          first.forward(second.persona.id, envelope, "relay");
        }
        await first.client.settle();
        refused = refusals().length;
      }
      for (const { to, ...told } of refusals()) {
        expect([idFrom(to), told]).toEqual([second.persona.id, { t: "undeliverable", reason: "busy", class: "relay" }]);
      }
      // Of those that were under way by then, each was refused or has passed.
      second.client.socket.resume();
      await until(() => second.client.heard.filter(({ t }) => t === "forward").length + refusals().length === sent);
      const passed = second.client.heard.flatMap((heard) => (heard.t === "forward" ? heard : []));
      expect(passed.map(({ envelope: got }) => Buffer.from(got).readUInt32BE())).toEqual(passed.map((_, at) => at));
    });

    test("let a peer move from one to another, and nobody else notices", async () => {
      const { one, two, first, second } = await meet();
      const moved = await enter(one.url, { persona: second.persona });
      expect(await second.client.next("error")).toMatchObject({ code: "replaced", fatal: true });
      expect(moved.roster).toEqual([first.persona.id]);
      const back = await enter(two.url, { persona: second.persona });
      expect(await moved.client.next("error")).toMatchObject({ code: "replaced" });
      first.forward(second.persona.id, Uint8Array.of(7));
      expect([...(await back.client.next("forward")).envelope]).toEqual([7]);
      const marker = await mark(one, first, back);
      expect(presence(first)).toEqual([`joined ${second.persona.id}`, `joined ${marker}`]);
    });

    test("take an identity with another box for another join", async () => {
      const { one, first, second } = await meet();
      const { id } = second.persona;
      await enter(one.url, { persona: second.persona.again() });
      expect(await second.client.next("error")).toMatchObject({ code: "replaced" });
      const marker = await mark(one, first);
      expect(presence(first)).toEqual([`joined ${id}`, `left ${id} replaced`, `joined ${id}`, `joined ${marker}`]);
    });

    test("give up the peers of a node that dies when their grace is over", async () => {
      const { two, first, second } = await meet({ silentMs: 600 });
      await two.kill();
      expect(await first.client.next("peer-left")).toMatchObject({ reason: "lost" });
      const { id } = second.persona;
      expect(presence(first)).toEqual([`joined ${id}`, `away ${id}`, `left ${id} lost`]);
    });

    test("don't, of a peer that has come back on another node meanwhile", async () => {
      const { one, two, first, second } = await meet({ silentMs: 2_000 });
      await two.kill();
      const back = await enter(one.url, { persona: second.persona });
      await until(() => nodesOf(one) === 0);
      first.forward(second.persona.id, Uint8Array.of(7));
      await back.client.next("forward");
      expect(presence(first)).toEqual([`joined ${second.persona.id}`]);
    });

    test("hand over what a node has that stops: its peers go elsewhere unnoticed", async () => {
      const { one, two, first, second } = await meet();
      const drained = two.server.drain(0);
      await second.client.next("draining");
      const moved = await enter(one.url, { persona: second.persona });
      second.client.socket.terminate();
      await drained;
      await two.server.close();
      await until(() => nodesOf(one) === 0);
      await moved.client.settle();
      expect(presence(first)).toEqual([`joined ${second.persona.id}`]);
    });

    test("go on, each with its own, while the backplane is away, and agree again when it is back", async () => {
      const { one, two, first, second } = await meet();
      await backplane.stop();
      await until(() => !there(one) && !there(two));
      expect(await (await fetch(readyz(one))).json()).toEqual({ ok: true, backplane: "away" });
      const local = await enter(one.url);
      await first.client.next("peer-joined");
      first.forward(local.persona.id, Uint8Array.of(1));
      await local.client.next("forward");
      first.forward(second.persona.id, Uint8Array.of(2));
      const undeliverable = await first.client.next("undeliverable");
      expect(undeliverable.reason).toBe("gone");
      expect(idFrom(undeliverable.to)).toBe(second.persona.id);
      const late = await enter(two.url);
      await backplane.start();
      await until(() => there(one) && there(two));
      await until(() => [first, second, local, late].every((member) => seen(member).size === 3));
      first.forward(second.persona.id, Uint8Array.of(3));
      expect([...(await second.client.next("forward")).envelope]).toEqual([3]);
      expect(await (await fetch(readyz(one))).json()).toEqual({ ok: true, backplane: "there" });
      expect(presence(first)).toEqual([second, local, late].map(({ persona }) => `joined ${persona.id}`));
    });

    test("agree on who is there after they disagreed for a while", async () => {
      const { one, two, first, second } = await meet();
      const mover = await enter(one.url);
      await second.client.next("peer-joined");
      const renewed = await enter(one.url);
      await second.client.next("peer-joined");
      await backplane.stop();
      await until(() => !there(one) && !there(two));
      // One of them left, one moved, one joined anew, one came. Neither node hears of what happens at the other.
      const moved = await enter(two.url, { persona: mover.persona });
      const again = await enter(two.url, { persona: renewed.persona.again() });
      const leaver = await enter(two.url);
      leaver.client.say({ t: "leave" });
      await leaver.client.closed;
      await backplane.start();
      for (const { client } of [mover, renewed]) expect(await client.next("error")).toMatchObject({ code: "replaced" });
      await until(() => there(one) && there(two));
      const marker = await mark(one, first, second, moved, again);
      const expected = [first, second, moved, again].map(({ persona }) => persona.id);
      for (const member of [first, second, moved, again]) {
        const others = expected.filter((id) => id !== member.persona.id);
        await until(() => sameIds(seen(member), [...others, marker]));
      }
      const history = presence(first);
      expect(history.filter((line) => line.includes(moved.persona.id))).toEqual([`joined ${moved.persona.id}`]);
      expect(history.filter((line) => line.includes(leaver.persona.id))).toEqual([]);
    });

    test("send a peer away wherever it is, and all keep it out", async () => {
      const { one, two, second } = await meet();
      const { persona } = second;
      expect(one.server.rooms.remove({ peer: persona.id, forMs: 60_000 })).toBe(0);
      expect(await second.client.next("error")).toMatchObject({ code: "not-authorised", retryAfter: 60_000 });
      for (const { url } of [one, two]) {
        await expect(enter(url, { persona })).rejects.toThrow("closed while waiting for joined");
      }
    });

    test("pass over what none of them said", async () => {
      const { one, first, second } = await meet();
      const stranger = await backplane.connect();
      await new Promise<void>((up) => stranger.start({ up, down: () => {}, message: () => {} }));
      const before = one.server.stats().backplane?.rejected ?? 0;
      for (const bytes of [
        [],
        [1],
        [2, 1],
        Array(60).fill(1),
        [1, 9, ...Array(40).fill(0)],
        [1, 2, ...Array(80).fill(9)],
      ]) {
        stranger.publish(subjects.all, Uint8Array.from(bytes));
      }
      await until(() => one.server.stats().backplane?.rejected === before + 6);
      first.forward(second.persona.id, Uint8Array.of(1));
      await second.client.next("forward");
      await stranger.close();
    });
  });
}

function readyz({ url }: Node): string {
  return url.replace(/^ws(.*)\/skein$/, "http$1/readyz");
}

/** Who is in the room, going by what a client was told. */
function seen({ client, roster }: Member): ReadonlySet<PeerId> {
  const ids = new Set(roster);
  for (const message of client.heard) {
    if (message.t === "peer-joined") ids.add(idOf(message.card as SignedCard));
    if (message.t === "peer-left") ids.delete(idFrom(message.id));
  }
  return ids;
}

function sameIds(ids: ReadonlySet<PeerId>, expected: readonly PeerId[]): boolean {
  return ids.size === expected.length && expected.every((id) => ids.has(id));
}
