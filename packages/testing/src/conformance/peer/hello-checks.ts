import { encode, encodeHello } from "@skein/protocol";
import { mustBe, section } from "../kit/check.js";
import { defaultLane, type LinkEnd } from "./link-end.js";
import type { Linked, PeerWorld } from "./peer-world.js";

function greeting(end: LinkEnd, more: object): Uint8Array {
  const body = Uint8Array.from(encode({ ...end.hello(), ...more }));
  const length = body.length < 128 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7];
  return Uint8Array.from([1, ...length, ...body]);
}

/** Records that the peer sent and that weren't acknowledged. */
async function withUnacknowledged(world: PeerWorld): Promise<Linked> {
  const linked = await world.link({}, (end) => {
    end.acknowledges = false;
  });
  const { end } = linked;
  for (let i = 0; i < 3; i++) end.message("echo", `kept ${i}`);
  for (let i = 0; i < 3; i++) await end.hearMessage("echoed", `kept ${i}`);
  return linked;
}

export const helloChecks = section<PeerWorld>("links.md: HELLO", {
  "HELLO comes first, with a link, what is expected next, and windows": async (world) => {
    const { hello } = await world.link();
    mustBe(hello.next === 0, "`next` of 0 on a new link", `${hello.next}`);
    mustBe(
      hello.credit.every((bytes) => bytes > 0),
      "credit for each lane",
      `${hello.credit}`,
    );
  },
  "HELLO lists the app protocols that the peer speaks": async (world) => {
    const { hello } = await world.link();
    const versions = hello.protocols["skein.conformance"] ?? [];
    mustBe(versions.includes("1.0.0"), "`skein.conformance` 1.0.0 among its protocols", `[${versions}]`);
  },
  "each link has a number of its own": async (world) => {
    const [first, second] = [await world.link(), await world.link()];
    mustBe(`${first.hello.link}` !== `${second.hello.link}`, "another link for another visitor", "the same");
  },
  "unknown keys in HELLO are ignored": async (world) => {
    const visit = await world.visit();
    const end = world.end();
    end.attach(await world.open(visit));
    end.send(greeting(end, { later: { deep: [1, 2] }, x: new Uint8Array(3) }));
    await end.hearHello();
    await end.settle();
  },
  "unknown features in HELLO are ignored": async (world) => {
    const { end } = await world.link({ features: ["streams", "lossy", "a-later-one"] });
    await end.settle();
  },
  "a HELLO for another end of the peer's is passed over": async (world) => {
    const visit = await world.visit();
    const end = world.end();
    end.attach(await world.open(visit));
    end.send(greeting(end, { link: new Uint8Array(8).fill(9), of: new Uint8Array(8).fill(8) }));
    end.send(encodeHello(end.hello()));
    await end.hearHello();
    await end.settle();
  },
  "a HELLO of another link than the one before begins anew: the peer says HELLO again, with `of`, from 0": async (
    world,
  ) => {
    const { end: before, wire, hello } = await world.link();
    await before.settle();
    const end = world.end();
    end.attach(wire);
    const ours = end.hello();
    end.send(encodeHello(ours));
    const anew = await end.hearHello();
    mustBe(`${anew.link}` !== `${hello.link}`, "a new link", "the one before");
    mustBe(`${anew.of}` === `${ours.link}`, "`of` of the new link", anew.of === undefined ? "none" : "another");
    mustBe(anew.next === 0, "`next` of 0", `${anew.next}`);
    await end.settle();
  },
  "a HELLO of another link that means the one before begins nothing: the peer says HELLO again, without `of`": async (
    world,
  ) => {
    const { end: before, wire, hello } = await world.link();
    await before.settle();
    const end = world.end();
    end.attach(wire);
    end.send(greeting(end, { of: hello.link }));
    const anew = await end.hearHello();
    mustBe(`${anew.link}` !== `${hello.link}`, "a new link", "the one before");
    mustBe(anew.of === undefined, "no `of`", "one");
    end.send(encodeHello(end.hello()));
    await end.settle();
  },
  "a fifth HELLO on one path is a violation": async (world) => {
    const { end } = await world.link();
    for (let i = 0; i < 4; i++) end.send(encodeHello(end.hello()));
    await end.hearRefusal();
  },
});

export const resumptionChecks = section<PeerWorld>("links.md: Links and paths", {
  "on a new path the peer says which link goes on, with whom, and what it has": async (world) => {
    const { end, visit, wire, hello } = await world.link();
    await end.settle();
    const again = await end.greet(await world.open(visit, wire));
    mustBe(`${again.link}` === `${hello.link}`, "the same link", "another");
    mustBe(`${again.of}` === `${end.link}`, "`of` our end", again.of === undefined ? "none" : "another");
    mustBe(again.next === end.sent, `\`next\` of ${end.sent}`, `${again.next}`);
  },
  "what was lost with a path is taken from the next, and what came before isn't delivered again": async (world) => {
    const { end, visit, wire } = await world.link();
    end.message("echo", "before");
    await end.hearMessage("echoed", "before");
    // It is numbered, and lost with its path.
    end.wire = undefined;
    end.message("echo", "lost");
    const again = await end.greet(await world.open(visit, wire));
    mustBe(again.next < end.sent, `\`next\` below ${end.sent}`, `${again.next}`);
    end.resend(0);
    await end.hearMessage("echoed", "lost");
    await end.settle();
    mustBe(end.said.rest.length === 0, "each message once", `${end.said.rest.length} more`);
  },
  "what wasn't acknowledged is sent again on the next path, as it was, and nothing else": async (world) => {
    const { end, visit, wire } = await withUnacknowledged(world);
    const before = end.data.splice(0);
    const half = Math.floor(before.length / 2);
    end.acknowledges = true;
    end.expected = half;
    await end.greet(await world.open(visit, wire));
    await end.records.take("the last record, again", ({ type }) => type === "data" && end.expected === before.length);
    const again = end.data.slice(0, before.length - half);
    for (const [i, record] of again.entries()) {
      const first = before[half + i];
      const isSame =
        record.sequence === first?.sequence &&
        record.lane === first.lane &&
        record.last === first.last &&
        `${record.payload}` === `${first.payload}`;
      mustBe(isSame, `record ${half + i} as it was`, `record ${record.sequence}, or other bytes`);
    }
  },
  "what was acknowledged isn't sent again": async (world) => {
    const { end, visit, wire } = await world.link();
    for (let i = 0; i < 3; i++) await end.settle(`${i}`);
    end.acknowledge();
    await end.ping();
    end.data.length = 0;
    const from = end.expected;
    await end.greet(await world.open(visit, wire));
    await end.settle("on the next path");
    const old = end.data.find(({ sequence }) => sequence < from);
    mustBe(old === undefined, `records from ${from} on`, `record ${old?.sequence}`);
  },
  "no data goes on a path before the other side's HELLO": async (world) => {
    const { end, visit, wire } = await withUnacknowledged(world);
    const next = await world.open(visit, wire);
    end.attach(next);
    end.data.length = 0;
    await end.ping();
    await end.ping();
    mustBe(end.data.length === 0, "no data before HELLO", `record ${end.data[0]?.sequence}`);
    end.expected = 0;
    end.send(encodeHello(end.hello()));
    await end.records.take("the records that wait", ({ type }) => type === "data");
  },
  "types stay bound on the next path": async (world) => {
    const { end, visit, wire } = await world.link();
    end.message("echo", "bound", defaultLane);
    await end.hearMessage("echoed", "bound");
    await end.greet(await world.open(visit, wire));
    end.message("echo", "still bound", defaultLane);
    await end.hearMessage("echoed", "still bound");
  },
});
