import {
  concatBytes,
  encode,
  encodeAcknowledgement,
  encodeClose,
  encodeHello,
  encodePayload,
  encodePing,
} from "@skein/protocol";
import { mustBe, section, Unmet } from "../kit/check.js";
import { dataRecord, defaultLane } from "./link-end.js";
import type { Linked, PeerWorld } from "./peer-world.js";

/** @throws {Unmet} unless the peer refuses a frame, and a new path begins a new link */
function violation(send: (linked: Linked) => void | Promise<void>): (world: PeerWorld) => Promise<void> {
  return async (world) => {
    const linked = await world.link();
    await linked.end.settle();
    await send(linked);
    await linked.end.hearRefusal();
    await beginsAnew(world, linked);
  };
}

/** @throws {Unmet} unless the peer comes to speak of a new link, by its first HELLO or in answer to ours */
async function beginsAnew(world: PeerWorld, { visit, wire, hello }: Linked): Promise<void> {
  const end = world.end();
  end.attach(await world.open(visit, wire));
  end.send(encodeHello(end.hello()));
  const { hello: anew } = await end.hear("hello", ({ hello: { link } }) => `${link}` !== `${hello.link}`);
  mustBe(anew.next === 0, "a link numbered from 0", `next: ${anew.next}`);
  await end.settle();
}

/** The next number, and something to put there. */
function nextData({ end }: Linked, lane = defaultLane, sequence = end.sent): Uint8Array {
  return dataRecord(sequence, lane, true, Uint8Array.of(6, 1));
}

/** Same path, and a record in the form that no encoder of ours gives. */
function record(type: number, body: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(type, body.length), body);
}

export const frameChecks = section<PeerWorld>("links.md: Frames and records", {
  "records of unknown types are passed over, and the others of their frame count": async (world) => {
    const { end } = await world.link();
    const unknown = record(99, Uint8Array.of(1, 2, 3));
    const ping = encodePing(77);
    end.send(concatBytes(unknown, ping, unknown));
    await end.hear("pong", ({ token }) => token === 77);
    await end.settle();
  },
  "an empty frame does nothing": async (world) => {
    const { end, wire } = await world.link();
    if (wire.kind === "direct") end.send(new Uint8Array(0));
    await end.settle();
  },
  "what stands behind an acknowledgement's credits is passed over": async (world) => {
    const { end } = await world.link();
    const body = encodeAcknowledgement({ next: end.expected, credit: [2 ** 41, 2 ** 41, 2 ** 41] }).subarray(2);
    end.send(record(3, concatBytes(body, Uint8Array.of(1, 2, 3))));
    await end.settle();
  },
  "a frame that ends within a record is a violation, and none of its records count": async (world) => {
    const linked = await world.link();
    await linked.end.settle();
    linked.end.send(concatBytes(encodePing(78), Uint8Array.of(4, 5, 1)));
    await linked.end.hearRefusal();
    mustBe(!linked.end.pongs.includes(78), "none of the frame's records taken", "a `pong`");
    await beginsAnew(world, linked);
  },
  "a ping with more than its token is a violation": violation(({ end }) => end.send(Uint8Array.of(4, 2, 1, 1))),
  "data with unknown flags is a violation": violation(({ end }) => end.send(Uint8Array.of(2, 3, 8, end.sent, 1))),
  "a number that isn't in its shortest form is a violation": violation(({ end }) =>
    end.send(Uint8Array.of(4, 2, 0x81, 0)),
  ),
  "the peer's own frames can be read, are within 64 KiB, and hold no empty piece": async (world) => {
    const { end } = await world.link();
    await end.settle("x".repeat(200_000));
    mustBe(end.faults.length === 0, "frames as they must be", end.faults[0] ?? "");
  },
});

export const laneChecks = section<PeerWorld>("links.md: Lanes and pieces", {
  "a message in many pieces is put together": async (world) => {
    const { end } = await world.link();
    end.message("echo", "a message that is cut into pieces of all lengths", defaultLane, [1, 2, 3, 5, 8]);
    await end.hearMessage("echoed", "a message that is cut into pieces of all lengths");
  },
  "messages of 300 KB arrive whole, both ways": async (world) => {
    const { end } = await world.link();
    const body = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
    end.message("echo", body);
    await end.hearMessage("echoed", body);
  },
  "messages of one lane are delivered in the order they were sent, each once": async (world) => {
    const { end } = await world.link();
    for (let i = 0; i < 50; i++) end.message("echo", i);
    for (let i = 0; i < 50; i++) await end.hearMessage("echoed", i);
  },
  "pieces of different lanes alternate": async (world) => {
    const { end } = await world.link();
    const word = (lane: number, text: string) =>
      encodePayload({ kind: "message", type: end.typeOf("echo", lane), body: Uint8Array.from(encode(text)) });
    const [one, two] = [word(1, "in lane 1"), word(2, "in lane 2")];
    for (let i = 0; i < Math.max(one.length, two.length); i++) {
      for (const [lane, whole] of [
        [1, one],
        [2, two],
      ] as const) {
        if (i < whole.length) end.sayPiece(lane, i === whole.length - 1, whole.subarray(i, i + 1));
      }
    }
    await end.hearMessage("echoed", "in lane 1");
    await end.hearMessage("echoed", "in lane 2");
  },
  "a number that was seen is dropped": async (world) => {
    const { end } = await world.link();
    end.message("echo", "once");
    await end.hearMessage("echoed", "once");
    for (let i = 0; i < 2; i++) end.resend(0);
    end.message("echo", "and no more");
    await end.hearMessage("echoed", "and no more");
    const again = end.said.rest.length;
    mustBe(again === 0, "each message once", `${again} more`);
  },
  "a number above the next is a violation": violation((linked) =>
    linked.end.send(nextData(linked, defaultLane, linked.end.sent + 1)),
  ),
  "a lane that there isn't is a violation": violation((linked) => linked.end.send(nextData(linked, 3))),
  "an empty piece is a violation": violation(({ end }) => end.send(dataRecord(end.sent, 1, false, new Uint8Array(0)))),
});

export const acknowledgementChecks = section<PeerWorld>("links.md: Acknowledgements", {
  "what came is acknowledged": async (world) => {
    const { end } = await world.link();
    for (let i = 0; i < 5; i++) end.say({ kind: "cancel", request: 9_999 });
    await end.acknowledged();
  },
  "a repeated number is acknowledged again": async (world) => {
    const { end } = await world.link();
    await end.settle();
    await end.acknowledged();
    end.resend(0);
    const { acknowledgement } = await end.hear("acknowledgement");
    mustBe(acknowledgement.next === end.sent, `an acknowledgement of ${end.sent}`, `${acknowledgement.next}`);
  },
  "no more is acknowledged than was sent": async (world) => {
    const { end } = await world.link();
    for (let i = 0; i < 5; i++) await end.settle(`${i}`);
    end.say({ kind: "cancel", request: 9_999 });
    await end.records.take("an acknowledgement", () => end.told.next >= end.sent);
    const wrong = end.allTold.find(({ next, sent }) => next > sent);
    mustBe(wrong === undefined, `${wrong?.sent} at most`, `${wrong?.next}`);
  },
  "an acknowledgement of what was never sent is a violation": violation(({ end }) => {
    end.acknowledge(end.expected + 1_000);
  }),
});

export const endChecks = section<PeerWorld>("links.md: Its end", {
  "`close` with a code ends the link, and a new path begins a new one": async (world) => {
    const linked = await world.link();
    await linked.end.settle();
    linked.end.send(encodeClose({ code: "closed", reason: "the conformance kit begins anew" }));
    await beginsAnew(world, linked);
  },
  "a channel that closes without `close` leaves the link as it is": async (world) => {
    const { end, visit, wire, hello } = await world.link();
    await end.settle();
    const again = await end.greet(await world.open(visit, wire));
    mustBe(`${again.link}` === `${hello.link}`, "the same link", "another");
    await end.settle();
  },
  "data before HELLO is a violation": async (world) => {
    const visit = await world.visit();
    const end = world.end();
    end.attach(await world.open(visit));
    end.send(dataRecord(0, 1, true, Uint8Array.of(6, 1)));
    await end.hearRefusal();
  },
  "an acknowledgement before HELLO is a violation": async (world) => {
    const visit = await world.visit();
    const end = world.end();
    end.attach(await world.open(visit));
    end.acknowledge(0);
    await end.hearRefusal();
  },
});

export const keepingAliveChecks = section<PeerWorld>("links.md: Keeping alive", {
  "`ping` is answered at once, with its token": async (world) => {
    const { end } = await world.link();
    for (const token of [0, 127, 128, 2 ** 53 - 1]) {
      end.send(encodePing(token));
      const pong = await end.hear("pong");
      if (pong.token !== token) throw new Unmet(`the token ${token}`, `${pong.token}`);
    }
  },
  "`ping` is answered before HELLO": async (world) => {
    const visit = await world.visit();
    const end = world.end();
    end.attach(await world.open(visit));
    await end.ping();
  },
  "(should) a channel that opens is asked at once": async (world) => {
    const { end } = await world.link();
    if (end.pings === 0) await end.hear("ping");
  },
});
